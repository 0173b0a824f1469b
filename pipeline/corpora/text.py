"""Bytes of any encoding → text. Unicode byte-order marks always win; what then remains is UTF-8 or is worked out.

Long files (`lines`) are streamed and must be in a known encoding. Short files (`decode`: subtitles) may be in whatever
encoding people of their language use: the candidates of the language are ranked by charset-normalizer, in a fixed
order, so that the same bytes always give the same text.
"""

import codecs
import gzip
import unicodedata
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

from charset_normalizer import from_bytes

from pipeline.problems import Problem

AUTO = "auto"

# The longer mark first: UTF-32's little-endian mark begins with UTF-16's.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

# What a language was written in before UTF-8, the most usual first.
_CENTRAL, _CYRILLIC, _WESTERN = ("cp1250", "iso8859_2"), ("cp1251", "koi8_r", "cp866"), ("cp1252",)
_LEGACY = {
    **dict.fromkeys(("zh", "cmn", "yue", "nan", "hak", "wuu"), ("gb18030", "big5hkscs")),
    "ja": ("cp932", "euc_jp"),
    "ko": ("cp949",),
    **dict.fromkeys(("cs", "hr", "hu", "pl", "ro", "sk", "sl", "bs", "sq"), _CENTRAL),
    **dict.fromkeys(("ru", "uk", "be", "bg", "mk", "sr"), _CYRILLIC),
    "el": ("cp1253",),
    **dict.fromkeys(("tr", "az"), ("cp1254",)),
    "he": ("cp1255",),
    **dict.fromkeys(("ar", "fa", "ur"), ("cp1256",)),
    **dict.fromkeys(("et", "lt", "lv"), ("cp1257",)),
    "vi": ("cp1258",),
    "th": ("cp874",),
}

# Marks of direction, zero-width spaces and the like. The joiners U+200C and U+200D stay: scripts need them.
_INVISIBLE = dict.fromkeys(
    [0x00AD, 0x200B, 0x200E, 0x200F, 0x2060, 0xFEFF, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
)


def tidy(text: str) -> str:
    """One line in Unicode's composed form: no invisible marks, single spaces, none at the ends."""
    return " ".join(unicodedata.normalize("NFC", text.translate(_INVISIBLE)).split())


def decode(data: bytes, language: str, encoding: str, file: Path) -> str:
    """The text of a short file in `encoding`, or for `auto` in the likeliest encoding of its language.

    Raises Problem if no candidate reads every byte, or if `encoding` is unknown or wrong.
    """
    mark = _mark(data)
    if mark is not None:
        return _strictly(data, mark, file)
    if encoding != AUTO:
        return _strictly(data, encoding, file)
    if 0 in data:  # UTF-16 without its mark: ASCII's zero bytes stand on one side
        return _strictly(data, "utf-16-be" if data[::2].count(0) > data[1::2].count(0) else "utf-16-le", file)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        loose = data.decode("utf-8", errors="replace")
        spoilt = loose.count("\ufffd")
        if sum(ord(character) > 127 for character in loose) - spoilt > 3 * spoilt:
            return _strictly(data, "utf-8", file)  # UTF-8 with a broken byte: another encoding would garble the rest
    candidates = [c for c in _LEGACY.get(language.split("-")[0].lower(), _WESTERN) if _reads(data, c)]
    if not candidates:
        raise Problem(
            f"{file}: its encoding cannot be worked out: convert it to UTF-8, or state `encoding` in params.yaml"
        )
    if len(candidates) == 1:
        return data.decode(candidates[0])
    # None on a file too short to rank: the usual encoding of the language then.
    best = from_bytes(data, cp_isolation=candidates, enable_fallback=False).best()
    return data.decode(best.encoding if best is not None and best.encoding in candidates else candidates[0])


def lines(file: Path, encoding: str = "utf-8") -> Iterator[tuple[int, str]]:
    """The numbered lines (from 1) of a plain or .gz file, streamed; a byte-order mark overrides `encoding`.

    Lines end at LF or CR LF alone: a stray separator inside a sentence must not shift a parallel text.
    Raises Problem with the line that `encoding` cannot read, for a broken .gz, and for an empty file.
    """
    with open_bytes(file) as stream:
        number = 0
        try:
            head = stream.read(4)
            chosen = _mark(head) or encoding
            decoder = _decoder(chosen, file)
            rest = ""
            chunk = head
            while True:
                rest += decoder.decode(chunk, final=not chunk)
                *whole, rest = rest.split("\n")
                for line in whole:
                    number += 1
                    yield number, line.removesuffix("\r")
                if not chunk:
                    break
                chunk = stream.read(1 << 16)
            if rest:
                number += 1
                yield number, rest.removesuffix("\r")
        except UnicodeDecodeError as error:
            place = number + 1 + bytes(error.object[: error.start]).count(b"\n")
            raise Problem(
                f"{file}, line {place}: byte 0x{error.object[error.start]:02x} is not {chosen}: "
                f"convert the file to UTF-8, or state `encoding` in params.yaml"
            ) from None
        except (EOFError, gzip.BadGzipFile, zlib.error):
            raise Problem(f"{file}: broken .gz, after line {number}: fetch the file again") from None
    if number == 0:
        raise Problem(f"{file} is empty: put the file's content back, or remove it")


def open_bytes(file: Path) -> IO[bytes]:
    """A plain or .gz file's content. Raises Problem if it cannot be opened."""
    try:
        return cast(IO[bytes], gzip.open(file)) if file.suffix == ".gz" else file.open("rb")
    except OSError as error:
        raise Problem(f"{file}: {error.strerror or error}: check that it is there and readable") from None


def _mark(data: bytes) -> str | None:
    return next((encoding for mark, encoding in _MARKS if data.startswith(mark)), None)


def _decoder(encoding: str, file: Path) -> codecs.IncrementalDecoder:
    try:
        return codecs.getincrementaldecoder(encoding)()
    except LookupError:
        raise Problem(f"{file}: there is no encoding {encoding!r}: write utf-8, cp1252, gb18030 or the like") from None


def _strictly(data: bytes, encoding: str, file: Path) -> str:
    _decoder(encoding, file)
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = 1 + data.count(b"\n", 0, error.start)
        raise Problem(
            f"{file}, line {line}: byte 0x{data[error.start]:02x} is not {encoding}: "
            f"convert the file to UTF-8, or state its `encoding` in params.yaml"
        ) from None


def _reads(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
