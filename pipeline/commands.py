"""Commands over a trained system: lines in, lines out (translate, reply, answer, summarize, label, tag, parse; the
last two know CoNLL-U and brackets as well); series in, their next values out (forecast); media in, subtitles out
(transcribe, translate-speech); text in, sound out (say).

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

from pipeline.layouts import NO_TAG, UPOS, XPOS, Layout, Sentence
from pipeline.problems import Problem

if TYPE_CHECKING:
    from pipeline.answering import Answer, Answering
    from pipeline.timeseries import Series

PANEL = "With a trained system"
PORTION = 256  # lines read before they are answered; one where a person types them
STANDARD_INPUT = Path("-")

T = TypeVar("T")


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
Given = Annotated[
    Layout | None,
    typer.Option(
        "--input",
        help="A sentence a line, CoNLL-U, or trees in brackets. Default: as the files' names end, else lines.",
    ),
]
Marginals = Annotated[
    bool, typer.Option("--marginals", help="Write how likely each label is, the likeliest first, where a system tells.")
]
Subtitles = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", metavar="PATH", help="An .srt file, or a folder for them. Default: standard output."
    ),
]
Form = Annotated[Written, typer.Option("--format", help="Subtitles with times, or a line of text a file.")]


def register(app: typer.Typer) -> None:
    for command in (
        transcribe,
        translate_speech,
        translate,
        reply,
        answer,
        summarize,
        label,
        tag,
        parse,
        forecast,
        say,
    ):
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

    _answer(trained, _texts(files, read), _text, n_best, scores, attention)


def summarize(
    files: Texts = None, system: System = None, n_best: Count = 1, scores: Scores = False, attention: Picture = None
) -> None:
    """Summarise texts: a text a line in, a summary a line out."""
    _write_texts("summary", str.strip, files, system, n_best, scores, attention)


def label(
    files: Texts = None, system: System = None, n_best: Count = 1, scores: Scores = False, marginals: Marginals = False
) -> None:
    """Label texts: a text a line in, its labels out, with a comma between them."""
    from pipeline.answering import Answering
    from pipeline.layouts import likely

    trained = Answering.open("labels", "tokens", system, n_best, marginals)

    def show(_: str, found: "Answer") -> str:
        names = [found.output] if isinstance(found.output, str) else found.output
        told = [likely(place) for place in trained.likely(found)] if marginals else []
        return "\t".join([", ".join(names), *told])

    _answer(trained, _texts(files, str.strip), show, n_best, scores)


def tag(
    files: Texts = None,
    system: System = None,
    n_best: Count = 1,
    scores: Scores = False,
    given: Given = None,
    layout: Annotated[
        Layout | None, typer.Option("--format", help="word_TAG word_TAG, CoNLL-U, or trees. Default: as the input.")
    ] = None,
    marginals: Marginals = False,
) -> None:
    """Give words their tags: `dia makan` → `dia_PRON makan_VERB`. Words and punctuation stand between spaces.

    CoNLL-U stays as it is but for the column of tags, trees but for their parts of speech.
    """
    from pipeline import layouts
    from pipeline.answering import Answering

    given = given or layouts.by_ending(files or [])
    layout = layout or given
    if layout is Layout.conllu and (n_best > 1 or scores):
        raise Problem("tag: --format conllu has no place for scores or further outputs: leave one of them out")
    if layout is Layout.brackets and marginals:
        raise Problem("tag: --format brackets has no place for --marginals: take --format line or conllu")
    trained = Answering.open("pos", "tokens", system, n_best, marginals)
    column = UPOS if trained.target_field == "upos" else XPOS

    def show(sentence: Sentence, found: "Answer") -> str:
        tags, notes = found.output, []
        if not isinstance(tags, list) or len(tags) != len(sentence.words):
            raise Problem(f"{trained.trained.name} does not give a tag a word: name a tagger by --system")
        if marginals:
            notes = [layouts.likely(place) for place in trained.likely(found)]
        if layout is Layout.line:
            return layouts.as_line(sentence, tags, notes)
        if layout is Layout.conllu:
            return layouts.as_conllu(sentence, column, tags, notes)
        return layouts.as_tree(sentence, tags)

    def blank(sentence: Sentence) -> str:
        return layouts.as_conllu(sentence, column, []) if layout is Layout.conllu else ""

    _answer(trained, _sentences(files, given), show, n_best, scores, asked=_words, blank=blank)


def parse(
    files: Texts = None,
    system: System = None,
    n_best: Count = 1,
    scores: Scores = False,
    attention: Picture = None,
    given: Given = None,
    layout: Annotated[
        Layout, typer.Option("--format", help="A tree a line, or CoNLL-U with the tree in a comment.")
    ] = Layout.brackets,
) -> None:
    """Give sentences their constituents: `dia makan` → `(S (NP (XX dia)) (VP (XX makan)))`.

    Words and punctuation stand between spaces. Parts of speech are those of the input, if it has any, and else XX.
    What is no tree is mended to the nearest one.
    """
    from pipeline import layouts
    from pipeline.answering import Answering
    from pipeline.tokens.brackets import Codec, attach, repair

    given = given or layouts.by_ending(files or [])
    if layout is Layout.line:
        raise Problem("parse: --format line: trees are written as brackets or conllu: take one of them")
    if layout is Layout.conllu and (n_best > 1 or scores):
        raise Problem("parse: --format conllu has no place for scores or further outputs: leave one of them out")
    trained = Answering.open("parse", "tokens", system, n_best)
    if not isinstance(trained.trained.target, Codec):
        raise Problem(f"{trained.trained.name} writes no trees: name a parser by --system")

    def show(sentence: Sentence, found: "Answer") -> str:
        words = sentence.words
        tree = attach(repair(found.output.split(), len(words)), words, sentence.tags or [NO_TAG] * len(words))
        return tree if layout is Layout.brackets else layouts.with_tree(sentence, tree)

    def blank(sentence: Sentence) -> str:
        return layouts.with_tree(sentence, "") if layout is Layout.conllu else ""

    _answer(trained, _sentences(files, given), show, n_best, scores, attention, asked=_words, blank=blank)


def forecast(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="FILE",
            help="CSV: a series a line (its name, its values), or a value a line under a header of three names "
            "(series, date, value). Standard input: -, or no file.",
        ),
    ] = None,
    system: System = None,
    period: Annotated[
        int | None, typer.Option(min=1, help="Steps of a season: 7 of days. Default: that of the system's corpus.")
    ] = None,
) -> None:
    """Forecast series: CSV in; out, a line a step with the value and the ends of its interval."""
    from pipeline import timeseries
    from pipeline.answering import SERIES, Answering
    from pipeline.outcomes import Forecast

    trained = Answering.open("forecast", SERIES, system, 1)
    season = period or trained.period
    begun = False
    for portion in _portions(_series(files), PORTION):
        values = [{"values": series.values, "period": season} for series in portion]
        answers = trained.answer(values, [f"{series.where}: {series.name}" for series in portion])
        for series, [answer] in zip(portion, answers, strict=True):
            found = answer.found
            if not isinstance(found, Forecast):
                raise Problem(f"{trained.trained.name} gives no forecasts: name another by --system")
            if not begun:
                sys.stdout.write(timeseries.header(series, found.level) + "\n")
                begun = True
            for line in timeseries.forecast(
                series, *(side.tolist() for side in (found.values, found.lower, found.upper))
            ):
                sys.stdout.write(line + "\n")
    sys.stdout.flush()


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

    given: dict[str, Any] = {} if speaker is None else {"speaker": speaker}
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

    _answer(Answering.open(task, "tokens", system, n_best), _texts(files, read), _text, n_best, scores, attention)


def _text(_: str, found: "Answer") -> str:
    return found.output if isinstance(found.output, str) else " ".join(found.output)


def _texts(files: list[Path] | None, read: Callable[[str], T]) -> Iterator[T]:
    """What the lines of all files say. Raises Problem with the number of the line where `read` does."""
    for number, line in enumerate(_lines(files or [STANDARD_INPUT]), start=1):
        try:
            yield read(line)
        except Problem as problem:
            raise Problem(f"line {number}: {problem}") from None


def _sentences(files: list[Path] | None, layout: Layout) -> Iterator[Sentence]:
    from pipeline.layouts import read

    for file in files or [STANDARD_INPUT]:
        yield from read(_lines([file]), layout, _called(file))


def _words(sentence: Sentence) -> list[str]:
    return sentence.words


def _series(files: list[Path] | None) -> Iterator["Series"]:
    from pipeline.timeseries import read

    for file in files or [STANDARD_INPUT]:
        yield from read(_lines([file]), _called(file))


def _called(file: Path) -> str:
    return "standard input" if file == STANDARD_INPUT else str(file)


def _answer(
    trained: "Answering",
    given: Iterator[T],
    show: Callable[[T, "Answer"], str],
    n_best: int,
    scores: bool,
    attention: Path | None = None,
    asked: Callable[[T], Any] = lambda value: value,
    blank: Callable[[T], str] = lambda value: "",
) -> None:
    """What is shown of the answers to each value; `asked` of it is what the system reads, `blank` what is shown of one
    that has nothing to answer."""
    if attention is not None and attention.suffix not in (".svg", ".html"):
        raise Problem(f"--attention {attention}: it is drawn as .svg or .html: end the name with one of them")
    number = drawn = 0
    for values in _portions(given, 1 if sys.stdin.isatty() else PORTION):
        questions = [asked(value) for value in values if value]
        drawn += len(questions)
        if attention is not None and drawn > 1:
            raise Problem(f"--attention {attention}: it is a picture of one line, and there are more: give one alone")
        answers = iter(trained.answer(questions))
        for value in values:
            number += 1
            found: list[Answer] = next(answers) if value else []
            shown = [(show(value, one), one.score) for one in found] or [(blank(value), 0.0)]
            _write(number, shown, n_best, scores)
            if found and attention is not None:
                _draw(trained, asked(value), found[0], shown[0][0], attention)
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
    """The outputs of one input, which is a line's or a file's."""
    for output, score in outputs:
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
                    raise Problem(f"{_called(file)}, line {number} is not UTF-8: convert it, with iconv say") from None


def _portions(values: Iterator[T], count: int) -> Iterator[list[T]]:
    while portion := list(islice(values, count)):
        yield portion
