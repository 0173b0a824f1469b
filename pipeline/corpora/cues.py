"""A subtitle file → cues with times, speaker and plain text. pysubs2 reads the formats; faults in time codes stop here.

SRT, VTT, SBV, ASS/SSA, MicroDVD, SAMI. pysubs2 passes over what it cannot read, so that a broken time code would hang
its cue's text on the cue before: files are checked line by line first, and named with the line.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pysubs2

from pipeline.corpora.text import decode, tidy
from pipeline.problems import Problem

FORMATS = {
    ".srt": "srt",
    ".sbv": "srt",
    ".vtt": "vtt",
    ".ass": "ass",
    ".ssa": "ssa",
    ".sub": "microdvd",
    ".smi": "sami",
    ".sami": "sami",
}

_CLOCK = r"(?:\d{1,2}:)?[0-5]?\d:[0-5]?\d[.,]\d{1,3}"
_TIMES = re.compile(rf"\s*({_CLOCK})\s*(?:-->|,)\s*({_CLOCK})(?:\s.*)?")
_ARROW = re.compile(r"--+>")
_DIGITS = re.compile(r"\s*\d+:\d+:\d+")
_DIGITS_TO = re.compile(r"\s*[\d:.,;]+\s*-")
_NUMBER = re.compile(r"\s*\d+\s*")
_DIALOGUE = re.compile(r"\s*Dialogue:\s*[^,]*,\s*\d+:[0-5]?\d:[0-5]?\d[.:]\d+\s*,\s*\d+:[0-5]?\d:[0-5]?\d[.:]\d+\s*,")
_MICRODVD = re.compile(r"\s*\{\s*\d+\s*\}\s*\{\s*\d*\s*\}")

_TAG = re.compile(r"<\s*/?\s*[a-zA-Z][^<>]*>|<\d[\d:.]*>")  # <i>, <font ...>, </c>, VTT's <00:01.000>
_VOICE = re.compile(r"<\s*v(?:\.[^\s>]*)?\s+([^<>]+)>")  # VTT: <v Ana>
_BRACKETED = re.compile(r"\[[^\[\]]*\]|\([^()]*\)|（[^（）]*）|【[^【】]*】|［[^［］]*］")
_MUSIC = re.compile(r"[♩♪♫♬]")
_DASH = re.compile(r"^\s*[-–—‐]\s*(?=\S)")
_CHEVRONS = re.compile(r"^\s*>{2,}\s*")
_NAME = re.compile(r"\s*(?:\[([^\[\]]{1,30})\]|([^:：\[\]]{1,30}))\s*(?::\s+|：\s*)(?=\S)")
_NAME_WORDS = 3


@dataclass(frozen=True)
class Cue:
    number: int  # from 1, as they stand in the file
    start: float  # s
    end: float  # s
    text: str  # one plain line; as the file has it where `fault` is set
    speaker: str | None = None
    fault: str = ""  # why its text is of no use: no words, or not speech


def read_cues(file: Path, language: str, encoding: str, fps: float | None) -> list[Cue]:
    """The cues of a file in the order of the file.

    Raises Problem for an empty file, a broken time code (with its line), or MicroDVD without a frame rate.
    """
    try:
        data = file.read_bytes()
    except OSError as error:
        raise Problem(f"{file}: {error.strerror}: check that it is there and readable") from None
    text = decode(data, language, encoding, file).lstrip("\ufeff")
    if not text.strip():
        raise Problem(f"{file} is empty: put the subtitles back, or remove the file")
    events = _events(file, text, fps)
    if not events:
        raise Problem(f"{file} holds no cue: check that it is {file.suffix[1:].upper()}")
    return [_cue(number, event) for number, event in enumerate(events, start=1)]


def cue_of(text: str, number: int, start: float, end: float) -> Cue:
    """A cue of text as a file holds it, markup and all."""
    return replace(_cue(number, pysubs2.SSAEvent(text=text)), start=start, end=end)


def unspoken(text: str) -> bool:
    """Whether a cue of this text would hold no speech."""
    return bool(cue_of(text, 1, 0.0, 1.0).fault)


def _events(file: Path, text: str, fps: float | None) -> list[Any]:
    rows = re.split(r"\r\n|\r|\n", text)
    form = FORMATS[file.suffix.lower()]
    if form == "microdvd" and not any(_MICRODVD.match(row) for row in rows):
        form = "srt"  # SubViewer shares the suffix
    if form in ("srt", "vtt"):
        content = "\n".join(_renumbered(file, rows, webvtt=form == "vtt"))
    else:
        _check_rows(file, rows, form)
        content = "\n".join(rows)
    try:
        return list(pysubs2.SSAFile.from_string(content, format_=form, fps=fps, keep_unknown_html_tags=True))
    except pysubs2.UnknownFPSError:
        raise Problem(
            f"{file}: MicroDVD counts frames, and the file does not tell how many a second: "
            "state `fps` in params.yaml (23.976, 25, ...)"
        ) from None
    except Exception as error:  # pysubs2 raises what its parsers raise
        raise Problem(f"{file}: not readable as {form} ({error}): mend or convert the file") from None


def _renumbered(file: Path, rows: list[str], webvtt: bool) -> Iterator[str]:
    """The file with its cues numbered afresh, so that pysubs2 tells numbers from text: `1984` may be what is said.

    VTT's comments, styles and cue names are left out; its cues end at an empty line. SRT's end at the next number.
    """
    times = [n for n, row in enumerate(rows) if _is_times(file, rows, n)]
    for number, (row, following) in enumerate(pairwise([*times, len(rows)]), start=1):
        body = rows[row + 1 : following]
        if webvtt:
            blank = next((n for n, line in enumerate(body) if not line.strip()), len(body))
            body = body[:blank]
        elif following < len(rows) and body and _NUMBER.fullmatch(body[-1]):
            body = body[:-1]  # the next cue's number
        found = _TIMES.fullmatch(rows[row])
        assert found is not None
        yield str(number)
        yield " --> ".join(_padded(clock) for clock in found.groups())
        yield from body
        yield ""
    yield "0"  # a last number to strip: otherwise a last line of digits would be taken for one


def _padded(clock: str) -> str:
    """00:00:01.500 from 0:01,5: both SRT's and VTT's reader take it."""
    whole, fraction = re.split("[.,]", clock)
    parts = ["0", *whole.split(":")][-3:]
    return f"{':'.join(part.zfill(2) for part in parts)}.{fraction.ljust(3, '0')}"


def _is_times(file: Path, rows: list[str], n: int) -> bool:
    """Whether a line holds a cue's times. Raises Problem if it should, and they are broken."""
    row = rows[n]
    if _TIMES.fullmatch(row):
        return True
    before = rows[n - 1] if n else ""
    numbered = bool(_NUMBER.fullmatch(before)) and (n < 2 or not rows[n - 2].strip())
    arrow = bool(_ARROW.search(row)) and (numbered or not before.strip() or bool(_DIGITS_TO.match(row)))
    if arrow or (numbered and _DIGITS.match(row)):
        raise Problem(
            f"{file}, line {n + 1}: broken time code {row.strip()[:60]!r}: write it as 00:01:02,500 --> 00:01:04,000"
        )
    return False


def _check_rows(file: Path, rows: list[str], form: str) -> None:
    for n, row in enumerate(rows, start=1):
        if form in ("ass", "ssa") and row.lstrip().startswith("Dialogue:") and not _DIALOGUE.match(row):
            raise Problem(
                f"{file}, line {n}: broken time code in {row.strip()[:60]!r}: "
                "write it as Dialogue: 0,0:01:02.50,0:01:04.00,..."
            )
        if form == "microdvd" and row.strip() and not _MICRODVD.match(row):
            raise Problem(f"{file}, line {n}: {row.strip()[:40]!r} has no frames: write it as {{100}}{{150}}text")


def _cue(number: int, event: Any) -> Cue:
    start, end = event.start / 1000, event.end / 1000
    raw = html.unescape(event.plaintext)
    shown = tidy(_TAG.sub(" ", raw)) or tidy(raw)
    if not event.is_text:
        return Cue(number, start, end, shown, fault="comment or drawing")
    if _MUSIC.search(shown):
        return Cue(number, start, end, shown, fault="music")
    speakers, said = _turns(raw, event.name)
    text = tidy(" ".join(said))
    if not any(character.isalnum() for character in text):
        fault = "sound cue" if _BRACKETED.search(shown) else "no words"
        return Cue(number, start, end, shown, fault=fault)
    return Cue(number, start, end, text, speaker=speakers[0] if len(set(speakers)) == 1 else None)


def _turns(raw: str, actor: str) -> tuple[list[str], list[str]]:
    """Who speaks, and what is said: without markup, sounds in brackets, dashes and names before the speech.

    More than one turn (`- Yes? - No.`) without names is two speakers whom nobody names.
    """
    speakers = [tidy(actor)] if actor.strip() else []
    said: list[str] = []
    unnamed = 0
    for line in raw.split("\n"):
        voice = _VOICE.search(line)
        line = _TAG.sub("", line)
        turn = _CHEVRONS.sub("", _DASH.sub("", line))
        name, turn = _named(turn)
        if name:
            speakers.append(name)
        elif voice:
            speakers.append(tidy(voice[1]))
        elif turn != line and said:
            unnamed += 1
        said.append(_BRACKETED.sub(" ", turn))
    return ([*speakers, ""] if unnamed and speakers else speakers), said


def _named(turn: str) -> tuple[str, str]:
    """`ANA MARIA: hello` or `[Ana]: hello` → the name and the speech. `Remember: hello` is speech."""
    found = _NAME.match(turn)
    if found is None:
        return "", turn
    name = tidy(found[1] or found[2])
    if not found[1] and (not name.isupper() or len(name.split()) > _NAME_WORDS):
        return "", turn
    return name, turn[found.end() :]
