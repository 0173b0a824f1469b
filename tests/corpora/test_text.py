"""Bytes → text."""

import codecs
import gzip
from pathlib import Path

import pytest

from pipeline.corpora.text import decode, lines, tidy
from pipeline.problems import Problem

FILE = Path("ep01.srt")


@pytest.mark.parametrize(
    ("text", "language", "encoding"),
    [
        ("Selamat pagi, Ana.", "ms", "utf-8"),
        ("¿Dónde está el señor?", "es", "utf-8-sig"),
        ("¿Dónde está el señor?", "es", "cp1252"),
        ("Ça va, l’élève?", "fr", "cp1252"),
        ("你好,我们明天见。", "zh", "gb2312"),
        ("你好,我们明天见。", "zh-CN", "gb18030"),
        ("你好,我們明天見,我不知道他在哪裡。", "zh", "big5"),
        ("你好", "zh", "utf-16"),
        ("Apa khabar?", "ms", "utf-16-le"),
        ("Apa khabar?", "ms", "utf-16-be"),
        ("Как дела, Анна?", "ru", "cp1251"),
        ("こんにちは、元気ですか", "ja", "cp932"),
        ("Dzień dobry, żółw", "pl", "cp1250"),
        ("dia", "ms", "utf-32"),
    ],
)
def test_the_encodings_people_use(text: str, language: str, encoding: str) -> None:
    assert decode(text.encode(encoding), language, "auto", FILE).lstrip("\ufeff") == text


def test_a_stated_encoding_is_obeyed_and_checked() -> None:
    assert decode("é".encode("cp850"), "fr", "cp850", FILE) == "é"
    with pytest.raises(Problem, match=r"ep01.srt, line 2: byte 0xe9 is not utf-8: convert"):
        decode("a\né".encode("cp1252"), "fr", "utf-8", FILE)
    with pytest.raises(Problem, match="no encoding 'utf8x'"):
        decode(b"a", "fr", "utf8x", FILE)


def test_utf8_with_a_broken_byte_is_not_taken_for_another_encoding() -> None:
    data = "l’élève préféré\nà côté\n".encode() + b"caf\xe9"
    with pytest.raises(Problem, match=r"ep01.srt, line 3: byte 0xe9 is not utf-8"):
        decode(data, "fr", "auto", FILE)


def test_lines_end_at_line_feeds_alone(tmp_path: Path) -> None:
    file = tmp_path / "text"
    file.write_bytes(codecs.BOM_UTF8 + "satu\r\ndua\u2028\x85tiga\n\nempat".encode())
    assert list(lines(file)) == [(1, "satu"), (2, "dua\u2028\x85tiga"), (3, ""), (4, "empat")]


def test_lines_of_long_and_compressed_files(tmp_path: Path) -> None:
    file = tmp_path / "text.gz"
    text = [f"ayat ke-{n} … é" for n in range(20_000)]
    file.write_bytes(gzip.compress("\n".join(text).encode()))
    assert [line for _, line in lines(file)] == text
    file.write_bytes(file.read_bytes()[:-40])
    with pytest.raises(Problem, match=r"text.gz: broken .gz, after line \d+: fetch the file again"):
        list(lines(file))


def test_lines_name_the_line_that_is_in_another_encoding(tmp_path: Path) -> None:
    file = tmp_path / "text"
    file.write_bytes(b"one\ntwo\nth\xe9\n")
    with pytest.raises(Problem, match="text, line 3: byte 0xe9 is not utf-8"):
        list(lines(file))
    assert [line for _, line in lines(file, "cp1252")] == ["one", "two", "thé"]


def test_an_empty_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "text").touch()
    with pytest.raises(Problem, match="text is empty"):
        list(lines(tmp_path / "text"))


def test_tidy() -> None:
    assert tidy("\u200e e\u0301\u00a0 b\n\u200bc\ufeff ") == "é b c"
    assert tidy("می‌روم") == "می‌روم"  # the joiner is part of the word
