"""Subtitle files of every format → cues."""

from pathlib import Path

import pytest

from pipeline.corpora.cues import Cue, read_cues
from pipeline.problems import Problem


def cues(folder: Path, name: str, text: str, fps: float | None = None) -> list[Cue]:
    (folder / name).write_text(text, encoding="utf-8")
    return read_cues(folder / name, "ms", "auto", fps)


ASS = """[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Fontsize
Style: Default,Arial,20

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Dialogue: 0,0:00:01.00,0:00:02.50,Default,Ana,0,0,0,,{\\i1}Selamat{\\i0} pagi,\\NBudi.
Comment: 0,0:00:03.00,0:00:04.00,Default,,0,0,0,,nota
"""


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.srt", "1\n00:00:01,000 --> 00:00:02,500\nSelamat pagi,\nBudi.\n"),
        ("a.srt", "00:00:01.0 --> 00:00:02.5 X1:100\r\n<font color=red>Selamat</font> pagi,\r\nBudi.\r\n\r\n"),
        (
            "a.vtt",
            "WEBVTT\n\nNOTE oh\n\nx\n00:01.000 --> 00:02.500 align:start\nSelamat <c.b>pagi</c>,\nBudi.\n\nNOTE x\n",
        ),
        ("a.sbv", "0:00:01.000,0:00:02.500\nSelamat pagi,\nBudi.\n\n"),
        ("a.ass", ASS),
        ("a.sub", "{1}{1}10\n{10}{25}{y:i}Selamat pagi,|Budi.\n"),
        ("a.sub", "00:00:01.00,00:00:02.50\nSelamat pagi,\nBudi.\n"),
    ],
)
def test_every_format(tmp_path: Path, name: str, text: str) -> None:
    first = cues(tmp_path, name, text)[0]
    assert (first.start, first.end, first.text, first.fault) == (1.0, 2.5, "Selamat pagi, Budi.", "")


def test_comments_and_actors_of_ass(tmp_path: Path) -> None:
    first, second = cues(tmp_path, "a.ass", ASS)
    assert first.speaker == "Ana" and second.fault == "comment or drawing"


def test_frames_need_a_rate(tmp_path: Path) -> None:
    text = "{10}{25}Ya.\n"
    assert cues(tmp_path, "a.sub", text, fps=10)[0].end == 2.5
    with pytest.raises(Problem, match=r"a.sub: MicroDVD counts frames.*state `fps`"):
        cues(tmp_path, "a.sub", text)


@pytest.mark.parametrize(
    ("shown", "text", "speaker", "fault"),
    [
        ("ANA: Pergi!", "Pergi!", "ANA", ""),
        ("PUAN ANA 2: Pergi!", "Pergi!", "PUAN ANA 2", ""),
        ("[Ana]: Pergi!", "Pergi!", "Ana", ""),
        (">> BUDI: Pergi!", "Pergi!", "BUDI", ""),
        (">>> Pergi!", "Pergi!", None, ""),
        ("<v Ana>Pergi!</v>", "Pergi!", "Ana", ""),
        ("Ingat: pergi!", "Ingat: pergi!", None, ""),
        ("Pukul 8:30 malam", "Pukul 8:30 malam", None, ""),
        ("- Pergi?\n- Tidak.", "Pergi? Tidak.", None, ""),
        ("ANA: Pergi?\n- Tidak.", "Pergi? Tidak.", None, ""),
        ("ANA: Pergi?\nBUDI: Tidak.", "Pergi? Tidak.", None, ""),
        ("[ketawa] Pergi &amp; balik", "Pergi & balik", None, ""),
        ("Dia -- ibu-bapa -- pergi", "Dia -- ibu-bapa -- pergi", None, ""),
        ("3 < 4 > 2", "3 < 4 > 2", None, ""),
        ("♪ la la ♪", "♪ la la ♪", None, "music"),
        ("[muzik]", "[muzik]", None, "sound cue"),
        ("（笑）", "（笑）", None, "sound cue"),
        ("(laughs)\n[door]", "(laughs) [door]", None, "sound cue"),
        ("- ...", "- ...", None, "no words"),
        ("", "", None, "no words"),
        ("2027", "2027", None, ""),
        ("Tahun\n2027", "Tahun 2027", None, ""),
    ],
)
@pytest.mark.parametrize("last", [False, True])
def test_what_is_said(tmp_path: Path, shown: str, text: str, speaker: str | None, fault: str, last: bool) -> None:
    content = f"1\n00:00:01,000 --> 00:00:02,000\n{shown}\n\n" + "2\n00:00:03,000 --> 00:00:04,000\nYa\n" * (not last)
    found = cues(tmp_path, "a.srt", content)[0]
    assert (found.text, found.speaker, found.fault) == (text, speaker, fault)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.srt", "1\n00:00:01,000 -> 00:00\nA\n\n2\n00:00:0x,000 --> 00:00:04,000\nB\n", "a.srt, line 2: broken time"),
        (
            "a.srt",
            "1\n00:00:01,000 --> 00:00:02,000\nA\n\n2\n00:00:0x,000 --> 00:00:04,000\nB\n",
            "a.srt, line 6: broken",
        ),
        ("a.srt", "1\n00:00:01,000 --> 00:75:02,000\nA\n", "a.srt, line 2: broken time code '00:00:01,000 --> 00:75"),
        ("a.srt", "1\n-->\nA\n", "a.srt, line 2: broken time code '-->': write it as"),
        ("a.vtt", "WEBVTT\n\n00:01.000 --> 02.500\nA\n", "a.vtt, line 3: broken time code"),
        ("a.ass", ASS.replace("0:00:02.50", "0:00"), "a.ass, line 10: broken time code in 'Dialogue"),
        ("a.sub", "{1}{1}25\n{100}Ya\n", "a.sub, line 2: '{100}Ya' has no frames"),
        ("a.srt", "", "a.srt is empty"),
        ("a.srt", "Selamat pagi\n", "a.srt holds no cue: check that it is SRT"),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, name: str, text: str, message: str) -> None:
    with pytest.raises(Problem, match=message.replace("{", r"\{")):
        cues(tmp_path, name, text)


def test_an_arrow_may_be_said(tmp_path: Path) -> None:
    text = "1\n00:00:01,000 --> 00:00:02,000\nTekan sini\nMenu --> Keluar\n"
    assert cues(tmp_path, "a.srt", text)[0].text == "Tekan sini Menu --> Keluar"
