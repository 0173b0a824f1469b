"""Commands over a trained system: lines in, lines out (translate, reply, answer, summarize, tag, parse); media in,
subtitles out (transcribe, translate-speech); text in, sound out (say).

One line in gives one line out, in order; on request, a picture of where the system looked. Lines are read in portions
and media in stretches, so that a pipe or a file of any length takes bounded memory.
What is heavy (torch, audio) is imported when a command runs, not for its help.
"""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO, TypeVar

import typer

from pipeline.problems import Problem

if TYPE_CHECKING:
    from pipeline.answering import Answer, Answering

PANEL = "With a trained system"
PORTION = 256  # lines read before they are answered; one where a person types them
NO_TAG = "XX"  # a part of speech that nobody asked for
STANDARD_INPUT = Path("-")

T = TypeVar("T")


class Layout(StrEnum):
    line = "line"
    conllu = "conllu"


class Written(StrEnum):
    srt = "srt"
    text = "text"


Media = Annotated[
    list[Path], typer.Argument(metavar="FILE", help="Sound or video: wav, flac, mp3, ogg, m4a, mp4, mkv, webm, ...")
]
Texts = Annotated[
    list[Path] | None,
    typer.Argument(metavar="FILE", help="UTF-8, a sentence a line. Standard input: -, or no file."),
]
System = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", help="A name under systems in params.yaml. Default: the first one of the command's task."
    ),
]
Count = Annotated[
    int,
    typer.Option(
        "--n-best", min=1, help="At most so many outputs a line, best first, each behind the line's number and a tab."
    ),
]
Scores = Annotated[bool, typer.Option("--scores", help="Write its score and a tab before each output.")]
Picture = Annotated[
    Path | None,
    typer.Option(
        "--attention",
        metavar="PATH",
        help="For one line: draw where the system looked for each token that it wrote, as an .svg or .html file.",
    ),
]
Subtitles = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", metavar="PATH", help="An .srt file, or a folder for them. Default: standard output."
    ),
]
Form = Annotated[Written, typer.Option("--format", help="Subtitles with times, or a line of text a file.")]


def register(app: typer.Typer) -> None:
    for command in (transcribe, translate_speech, translate, reply, answer, summarize, tag, parse, say):
        app.command(rich_help_panel=PANEL)(command)


def transcribe(
    files: Media,
    output: Subtitles = None,
    system: System = None,
    layout: Form = Written.srt,
    n_best: Count = 1,
    scores: Scores = False,
) -> None:
    """Write down what is said in sound or video of any length: subtitles (SRT) in the language that is spoken."""
    _write_down("asr", files, output, system, layout, n_best, scores)


def translate_speech(
    files: Media,
    output: Subtitles = None,
    system: System = None,
    layout: Form = Written.srt,
    n_best: Count = 1,
    scores: Scores = False,
) -> None:
    """Translate what is said in sound or video of any length: subtitles (SRT) in another language."""
    _write_down("st", files, output, system, layout, n_best, scores)


def translate(
    files: Texts = None, system: System = None, n_best: Count = 1, scores: Scores = False, attention: Picture = None
) -> None:
    """Translate text: a line in, a line out."""
    _write_texts("mt", str.strip, files, system, n_best, scores, attention)


def reply(
    files: Texts = None, system: System = None, n_best: Count = 1, scores: Scores = False, attention: Picture = None
) -> None:
    """Reply to what is said: a line in, a line out. Earlier turns stand before it, with tabs between."""
    from pipeline.corpora.dialogue import BETWEEN

    def read(line: str) -> str:
        return BETWEEN.join(turn.strip() for turn in line.split("\t") if turn.strip())

    _write_texts("chat", read, files, system, n_best, scores, attention)


def answer(
    files: Texts = None, system: System = None, n_best: Count = 1, scores: Scores = False, attention: Picture = None
) -> None:
    """Answer questions: a question in, a tab behind it and what it is asked about, a sentence or a cell each."""
    from pipeline.answering import Answering
    from pipeline.corpora.babi import spaced
    from pipeline.questions import joined
    from pipeline.tokens.words import Codec as Words

    trained = Answering.open("answer", "tokens", system, n_best)
    # A system of whole words has read them apart from the signs about them, as bAbI's reader sets them.
    form = spaced if isinstance(trained.trained.source, Words) else str.strip

    def read(line: str) -> str:
        question, *context = (form(cell) for cell in line.split("\t"))
        if question and not any(context):
            raise Problem("a question without its text: write the question, a tab, and what it is asked about")
        return joined(question, [cell for cell in context if cell]) if question else ""

    _answer(trained, files, read, _text, n_best, scores, attention)


def summarize(
    files: Texts = None, system: System = None, n_best: Count = 1, scores: Scores = False, attention: Picture = None
) -> None:
    """Summarise texts: a text a line in, a summary a line out."""
    _write_texts("summary", str.strip, files, system, n_best, scores, attention)


def tag(
    files: Texts = None,
    system: System = None,
    n_best: Count = 1,
    scores: Scores = False,
    layout: Annotated[Layout, typer.Option("--format", help="word_TAG word_TAG, or CoNLL-U.")] = Layout.line,
) -> None:
    """Give words their tags: `dia makan` → `dia_PRON makan_VERB`. Words and punctuation stand between spaces."""
    from pipeline.answering import Answering

    if layout is Layout.conllu and (n_best > 1 or scores):
        raise Problem("tag: --format conllu has no place for scores or further outputs: leave one of them out")
    trained = Answering.open("pos", "tokens", system, n_best)
    column = 3 if trained.target_field == "upos" else 4  # of CoNLL-U's ten, from 0

    def show(words: list[str], tags: list[str]) -> str:
        return " ".join(f"{word}_{label}" for word, label in zip(words, tags, strict=True))

    def show_conllu(words: list[str], tags: list[str]) -> str:
        lines = [f"# text = {' '.join(words)}"]
        for number, (word, label) in enumerate(zip(words, tags, strict=True), start=1):
            cells = [str(number), word, *"_" * 8]
            cells[column] = label
            lines.append("\t".join(cells))
        return "\n".join([*lines, ""])  # a sentence ends with an empty line

    _answer(trained, files, str.split, show if layout is Layout.line else show_conllu, n_best, scores)


def parse(
    files: Texts = None, system: System = None, n_best: Count = 1, scores: Scores = False, attention: Picture = None
) -> None:
    """Give sentences their constituents: `dia makan` → `(S (NP (XX dia)) (VP (XX makan)))`.

    Words and punctuation stand between spaces. Parts of speech are XX. What is no tree is mended to the nearest one.
    """
    from pipeline.answering import Answering
    from pipeline.tokens.brackets import attach, repair

    def show(words: list[str], brackets: str) -> str:
        return attach(repair(brackets.split(), len(words)), words, [NO_TAG] * len(words))

    _answer(Answering.open("parse", "tokens", system, n_best), files, str.split, show, n_best, scores, attention)


def say(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What is to be said, as the corpus writes it.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Where to: a .wav or .flac file.")],
    system: System = None,
    speaker: Annotated[
        str | None, typer.Option(metavar="NAME", help="A speaker of the corpus. Default: the system's own.")
    ] = None,
) -> None:
    """Say a text: sound in a file."""
    from pipeline import audio
    from pipeline.answering import Answering

    given = {} if speaker is None else {"speaker": speaker}
    audio.write(output, *Answering.open("tts", "tokens", system, 1, **given).say(" ".join(text.split())))


def _write_down(
    task: str, files: list[Path], output: Path | None, system: str | None, layout: Written, n_best: int, scores: bool
) -> None:
    from pipeline.answering import Answering

    if layout is Written.srt and (n_best > 1 or scores):
        raise Problem("--format srt has no place for scores or further outputs: leave them out, or take --format text")
    if layout is Written.text and output is not None:
        raise Problem(f"--output {output}: it is for subtitles: leave it out, or take --format srt")
    places = _places(files, output) if layout is Written.srt else []
    trained = Answering.open(task, "features", system, n_best)
    if layout is Written.text:
        for number, file in enumerate(files, start=1):
            _write(number, ((answer.output, answer.score) for answer in trained.transcribe(file)), n_best, scores)
        return
    for file, place in zip(files, places, strict=True):
        with _opened(place) as stream:
            _write_captions(file, trained, stream)


def _places(files: list[Path], output: Path | None) -> list[Path | None]:
    """Where the subtitles of each file go; None is standard output."""
    if output is None or (len(files) == 1 and not output.is_dir()):
        if len(files) > 1:
            raise Problem(f"{len(files)} files: say by --output in which folder their subtitles go")
        if output is not None and output.resolve() == files[0].resolve():
            raise Problem(f"--output {output}: it is the media file itself: name another")
        return [output]
    if output.exists() and not output.is_dir():
        raise Problem(f"--output {output}: it is a file, and there are {len(files)} to write: name a folder")
    places = [output / f"{file.stem}.srt" for file in files]
    twice = next((place for place in places if places.count(place) > 1), None)
    if twice is not None:
        raise Problem(f"{twice} would be written twice: take files of one name one after another")
    return [*places]


@contextmanager
def _opened(place: Path | None, option: str = "--output") -> Iterator[TextIO]:
    """A file that appears when it is whole, or standard output."""
    from pipeline.paths import replacing_file

    if place is None:
        yield sys.stdout
        return
    try:
        with replacing_file(place) as partial, partial.open("w", encoding="utf-8") as stream:
            yield stream
    except OSError as error:
        raise Problem(f"{place}: {error.strerror}: name another place by {option}") from None


def _write_captions(file: Path, trained: "Answering", stream: TextIO) -> None:
    """SRT, cue by cue as they are found; what was found is told on standard error."""
    from pipeline.corpora.subtitles import clock

    written = silent = 0
    for caption in trained.captions(file):
        if not caption.text:
            silent += 1
            continue
        written += 1
        times = " --> ".join(clock(seconds).replace(".", ",") for seconds in (caption.start, caption.end))
        stream.write(f"{written}\n{times}\n{caption.text}\n\n")
        stream.flush()
    nothing = f", {silent} stretches of sound without a word" if silent else ""
    count = f"{written} subtitle{'s' * (written != 1)}"
    print(f"{file}: {count}{nothing}" if written + silent else f"{file}: silence", file=sys.stderr)


def _write_texts(
    task: str,
    read: Callable[[str], str],
    files: list[Path] | None,
    system: str | None,
    n_best: int,
    scores: bool,
    attention: Path | None,
) -> None:
    from pipeline.answering import Answering

    _answer(Answering.open(task, "tokens", system, n_best), files, read, _text, n_best, scores, attention)


def _text(_: str, output: Any) -> str:
    return output if isinstance(output, str) else " ".join(output)


def _answer(
    trained: "Answering",
    files: list[Path] | None,
    read: Callable[[str], T],
    show: Callable[[T, Any], str],
    n_best: int,
    scores: bool,
    attention: Path | None = None,
) -> None:
    if attention is not None and attention.suffix not in (".svg", ".html"):
        raise Problem(f"--attention {attention}: it is drawn as .svg or .html: end the name with one of them")
    number = drawn = 0
    for portion in _portions(_lines(files or [STANDARD_INPUT]), 1 if sys.stdin.isatty() else PORTION):
        values = []
        for place, line in enumerate(portion, start=number + 1):
            try:
                values.append(read(line))
            except Problem as problem:
                raise Problem(f"line {place}: {problem}") from None
        asked = [value for value in values if value]
        drawn += len(asked)
        if attention is not None and drawn > 1:
            raise Problem(f"--attention {attention}: it is a picture of one line, and there are more: give one alone")
        answers = iter(trained.answer(asked))
        for value in values:
            number += 1
            found: list[Answer] = next(answers) if value else []
            _write(number, ((show(value, one.output), one.score) for one in found), n_best, scores)
            if found and attention is not None:
                _draw(trained, value, found[0], show(value, found[0].output), attention)
    if attention is not None and not drawn:
        raise Problem(f"--attention {attention}: there is no line to draw: give one")


def _draw(trained: "Answering", value: Any, best: "Answer", shown: str, place: Path) -> None:
    from pipeline.report import heat, standalone

    text = value if isinstance(value, str) else " ".join(value)
    drawing = heat.between(*trained.attended(value, best), trained.trained.name)
    texts = {"input": text, "output": shown}
    title = f"Attention of {trained.trained.name}"
    with _opened(place, "--attention") as stream:
        stream.write(standalone.svg(drawing) if place.suffix == ".svg" else standalone.html(drawing, title, texts))


def _write(number: int, outputs: Iterable[tuple[str, float]], n_best: int, scores: bool) -> None:
    """The outputs of one input, which is a line's or a file's; of an empty one: an empty output."""
    for output, score in [*outputs] or [("", 0.0)]:
        cells = [*([str(number)] if n_best > 1 else []), *([f"{score:.4f}"] if scores else []), output]
        sys.stdout.write("\t".join(cells) + "\n")
    sys.stdout.flush()


def _lines(files: list[Path]) -> Iterator[str]:
    """The lines of all files. Raises Problem if one cannot be read, or is not UTF-8."""
    for file in files:
        try:
            stream = sys.stdin.buffer if file == STANDARD_INPUT else file.open("rb")
        except OSError as error:
            raise Problem(f"{file}: {error.strerror}: check the path") from None
        with stream:
            for number, line in enumerate(stream, start=1):
                try:
                    yield line.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
                except UnicodeDecodeError:
                    name = "standard input" if file == STANDARD_INPUT else file
                    raise Problem(f"{name}, line {number} is not UTF-8: convert it, with iconv say") from None


def _portions(lines: Iterator[str], count: int) -> Iterator[list[str]]:
    while portion := list(islice(lines, count)):
        yield portion
