"""Subtitled media: `ep01.flac` or `ep01.mkv` beside `ep01.<language>.srt` → utterances with a text a language.

Enters: recordings and their subtitle files, in one folder or in nested ones. Leaves: one utterance for each cue of the
primary language (the spoken one; the first subtitle language where the spoken one is not written), with the cues of the
other languages that are shown at the same time. A recording goes to one split as a whole; or (`split: {by: text}`) a
sentence does, in whatever recordings and languages it is spoken.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import pyarrow as pa
from pydantic import AfterValidator, Field, model_validator

from pipeline import planted
from pipeline.audio import CONTAINERS, MEDIA, SOUND, probe
from pipeline.corpora.copies import folded
from pipeline.corpora.cues import FORMATS, Cue, cue_of, read_cues
from pipeline.corpora.hearing import Heard, hearing_faults
from pipeline.corpora.sentences import parted
from pipeline.corpora.splits import Found, Multilingual, Source, Split, distinct, natural, placed, sources
from pipeline.params import Row
from pipeline.planted import PlantedCue
from pipeline.problems import Problem, nearest
from pipeline.records import Record, Reject, utterance_schema

_EPSILON = 1e-6  # s

Times = tuple[float, float]  # s


class Across(Row):
    """Corpora whose sentences are parted together, so that none is trained on in one and tested in another."""

    folders: Annotated[list[str], Field(min_length=1)]
    languages: Annotated[list[str], Field(min_length=1), AfterValidator(distinct)]


class Config(Multilingual, Heard):
    folder: str = "."  # of the recordings, in the raw corpus; nested folders are looked through
    spoken: str | None  # the language that is heard; none where its speech has no subtitles of its own
    subtitles: Annotated[
        list[str], Field(min_length=1), AfterValidator(distinct)
    ]  # languages, as file names have them: ep01.en.srt
    require: list[str] | None = None  # an utterance needs a text in these languages (all, if not stated)
    ledger: bool = False  # True: the spoken cues as they were before faults were planted (ep01.ledger.json)
    media: bool = True  # False: subtitles alone, for text without its recordings
    split: Split = Split(by="recording")
    across: Across | None = None  # `by: text` alone; the folder and the languages of this corpus, if not stated
    encoding: str | dict[str, str] = "auto"  # of the subtitles; or by language
    fps: Annotated[float, Field(gt=0)] | None = None  # frames a second, for MicroDVD
    shortest: Annotated[float, Field(ge=0)] = 0.2  # s
    longest: Annotated[float, Field(gt=0)] = 30.0  # s
    fastest: Annotated[float, Field(gt=0)] = 40.0  # characters a second; nobody speaks so fast: the times are wrong
    trim: Annotated[float, Field(ge=0)] = 0.25  # s by which a cue may run into the next one, or past the recording
    overlap: Annotated[float, Field(gt=0, le=1)] = 0.5  # shared time / joint time, to be the same cue in two languages

    @model_validator(mode="before")
    @classmethod
    def _defaults(cls, options: Any) -> Any:
        if isinstance(options, dict):
            if options.get("spoken") == "none":
                options = {**options, "spoken": None}
            if isinstance(options.get("split"), dict):
                options = {**options, "split": {"by": "recording", **options["split"]}}
        return options

    @model_validator(mode="after")
    def _consistent(self) -> "Config":
        for name, language in [("spoken", self.spoken), *(("require", language) for language in self.require or ())]:
            if language is not None and language not in self.subtitles:
                hint = nearest(language, self.subtitles)
                raise ValueError(
                    f"{name}: {language!r} is not among subtitles: {hint}{_UNWRITTEN * (name == 'spoken')}"
                )
        if ".." in Path(self.folder).parts or Path(self.folder).is_absolute():
            raise ValueError(f"folder: {self.folder!r} does not stay in the raw corpus: give a folder inside it")
        if self.split.by == "order":
            raise ValueError("split.by: subtitles are split by recording (no episode is in two splits), or by text")
        if self.ledger and self.split.by == "text":
            raise ValueError("split.by: text is what files show, not what their ledgers tell: split by recording")
        if self.across is not None:
            if self.split.by != "text":
                raise ValueError("across: it is for `split: {by: text}`: leave it out, or split so")
            if self.folder not in self.across.folders or not set(self.subtitles) <= set(self.across.languages):
                raise ValueError(
                    "across: it lacks this corpus's folder, or one of its `subtitles`: name them there, too"
                )
        return self

    @property
    def primary(self) -> str:
        return self.spoken or self.subtitles[0]

    @property
    def required(self) -> list[str]:
        return self.subtitles if self.require is None else self.require


_UNWRITTEN = " (`spoken: none` where the speech has no subtitles in its own language)"


@dataclass(frozen=True)
class _Recording:
    name: str
    split: str | None
    media: Path | None
    subtitles: dict[str, Path]  # by language


def schema(config: Config) -> pa.Schema:
    return utterance_schema(config.subtitles)


def key(config: Config, record: Record) -> list[str | None]:
    """What is heard and what is shown; the same words said by another speaker are still the same sentence."""
    return [record[language] for language in config.subtitles]


def read(config: Config, raw: Path, corpus: str) -> Iterator[Found | Reject]:
    """The utterances of every recording. Raises Problem for a file that cannot be read, or if nothing fits together."""
    found, rejects = _recordings(config, raw / config.folder, corpus)
    yield from rejects
    splits = placed(config, {recording.name: recording.split for recording in found}, corpus)
    texts = _texts(config, raw, corpus)
    for recording in found:
        for item in _utterances(config, recording, corpus):
            if isinstance(item, Found):
                said = (config.primary, folded(item.record[config.primary]))
                item = replace(item, split=splits[recording.name] if texts is None else texts[said])
            yield item


def _texts(config: Config, raw: Path, corpus: str) -> dict[tuple[str, str], str] | None:
    """The split of every text that is shown, where texts are what is parted."""
    if config.split.by != "text" or isinstance(config.files, dict):
        return None
    across = config.across or Across(folders=[config.folder], languages=config.subtitles)
    kinds = [f"**/*{end}" for suffix in FORMATS for end in sorted({suffix, suffix.upper()})]
    suffixes = [config.suffix(language) for language in across.languages]
    shown: dict[tuple[str, str], dict[str, list[Cue]]] = {}
    for folder in across.folders:
        for source in sources(config.model_copy(update={"files": None}), raw / folder, corpus, kinds, suffixes):
            language = config.language_of(source.path, across.languages)
            if language is not None or folder == config.folder:
                language = language or config.primary  # ep01.srt
                cues = [cue for cue in _read(config, source.path, language) if not cue.fault]
                shown.setdefault((folder, source.name), {})[language] = cues
    return parted(shown.values(), config.split, corpus)


@dataclass(frozen=True)
class Track:
    """One recording with its cues as their files have them, nothing left out: what an alignment hears."""

    recording: str
    split: str | None
    media: Path
    file: Path  # of the primary language
    cues: list[Cue]
    others: dict[str, list[Cue]]  # by language


def tracks(config: Config, raw: Path, corpus: str) -> Iterator[Track]:
    """Every recording whose spoken language is subtitled. Raises Problem as `read` does."""
    found, _ = _recordings(config, raw / config.folder, corpus)
    splits = placed(config, {recording.name: recording.split for recording in found}, corpus)
    for recording in found:
        if recording.media is not None:
            file, split = _primary(config, recording), splits[recording.name]
            others = {
                language: _read(config, shown, language)
                for language, shown in recording.subtitles.items()
                if language != config.primary
            }
            yield Track(recording.name, split, recording.media, file, _read(config, file, config.primary), others)


def retimed(config: Config, track: Track, times: dict[int, Times], corpus: str) -> dict[int, Record]:
    """Number of a cue → its record at new times, with what the other languages show then.

    Left out are cues that are too short, too long, or lack a language that is required.
    """
    cues = [cue for cue in track.cues if cue.number in times]
    spans = [times[cue.number] for cue in cues]
    others = {language: align(spans, shown, config) for language, shown in track.others.items()}
    records: dict[int, Record] = {}
    for index, cue in enumerate(cues):
        texts = {language: others[language][index] if language in others else None for language in config.subtitles}
        texts[config.primary] = cue.text
        start, end = times[cue.number]
        if config.shortest <= end - start <= config.longest and all(texts[language] for language in config.required):
            records[cue.number] = _record(corpus, track.recording, track.media, cue, (start, end), texts)
    return records


def _recordings(config: Config, folder: Path, corpus: str) -> tuple[list[_Recording], list[Reject]]:
    """What can be used, in natural order, and the files that nothing stands beside."""
    kinds = [f"**/*{end}" for suffix in (*sorted(MEDIA), *FORMATS) for end in sorted({suffix, suffix.upper()})]
    suffixes = [config.suffix(language) for language in config.subtitles]
    everything = sources(config.model_copy(update={"files": None}), folder, corpus, kinds, suffixes)
    media: dict[str, Path] = {}
    subtitles: dict[str, dict[str, Path]] = {}
    for source in sorted(everything, key=lambda source: _preference(source.path)):
        if source.path.suffix.lower() in MEDIA:
            media.setdefault(source.name, source.path)
        else:
            language = config.language_of(source.path, config.subtitles) or ""
            subtitles.setdefault(source.name, {}).setdefault(language, source.path)
    splits = _stated_splits(config, folder, corpus, everything)
    usable, rejects = [], []
    for name in sorted({*media, *subtitles}, key=natural):
        texts, sound = subtitles.get(name, {}), media.get(name)
        if config.files is not None and name not in splits:
            continue
        if "" in texts:
            texts.setdefault(config.primary, texts.pop(""))  # ep01.srt
        if sound is None and config.media:
            for file in texts.values():
                if name.rpartition(".")[0] not in media:  # otherwise it is in a language that is not asked for
                    rejects.append(
                        _alone(file, "no recording", f"put its recording beside it, named {name}.flac or the like")
                    )
        elif config.primary not in texts:
            remedy = f"add {name}.{config.suffix(config.primary)}.srt beside it"
            rejects.append(_alone(sound or next(iter(texts.values())), f"no {config.primary} subtitles", remedy))
        else:
            usable.append(_Recording(name, splits.get(name), sound if config.media else None, texts))
    if not usable:
        wanted = "ep01.flac and " * config.media + f"ep01.{config.suffix(config.primary)}.srt"
        raise Problem(f"{folder}: no recording has {config.primary} subtitles beside it: name them like {wanted}")
    return usable, rejects


def _preference(path: Path) -> tuple[int, str]:
    """Of several files for one thing: sound before video, SRT before the others."""
    suffix = path.suffix.lower()
    order = [".wav", ".flac", *sorted(SOUND - {".wav", ".flac"}), *sorted(CONTAINERS), *FORMATS]
    return order.index(suffix), path.as_posix()


def _stated_splits(config: Config, folder: Path, corpus: str, everything: Sequence[Source]) -> dict[str, str | None]:
    """The recordings that `files` chooses, by any of their files, with their splits. Raises Problem for two splits."""
    names = {source.path: source.name for source in everything}
    suffixes = [config.suffix(language) for language in config.subtitles]
    chosen: dict[str, str | None] = {}
    for source in sources(config, folder, corpus, ["**/*"], suffixes):
        name = names.get(source.path)
        if name is not None and chosen.setdefault(name, source.split) != source.split:
            raise Problem(f"{name} is in {chosen[name]} and in {source.split}: mend corpora.{corpus}.files")
    return chosen


def _alone(file: Path, reason: str, remedy: str) -> Reject:
    return Reject(str(file), "", reason, "", note=f"{file}: {reason}: {remedy}")


def _utterances(config: Config, recording: _Recording, corpus: str) -> Iterator[Found | Reject]:
    """One for each cue of the primary language, in the order of its file."""
    file = _primary(config, recording)
    duration = probe(recording.media).duration if recording.media else None
    cues = _read(config, file, config.primary)
    times, faults = check_times(config, cues, duration)
    others = {
        language: align(
            [times[cue.number] for cue in cues], _read(config, recording.subtitles[language], language), config
        )
        for language in config.subtitles
        if language != config.primary and language in recording.subtitles
    }
    items: list[Found | Reject] = []
    for index, cue in enumerate(cues):
        texts = {language: others[language][index] if language in others else None for language in config.subtitles}
        texts[config.primary] = cue.text
        missing = next((language for language in config.required if not texts[language]), None)
        where = clock(cue.start)
        reason = faults.get(cue.number) or (f"no {missing}" if missing else "")
        copied = sum(text == cue.text for text in texts.values()) > 1
        if not reason and copied and len(cue.text.split()) >= _TELLING:
            reason = "untranslated"
        if reason:
            note = ""
            if reason == _LATE and duration is not None:
                name = _name(corpus, recording.name, cue)
                note = (
                    f"{name} ends {cue.end - duration:.1f} s after its recording: check the frame rate of {file.name}"
                )
            items.append(Reject(str(file), where, reason, cue.text, note))
            continue
        record = _record(corpus, recording.name, recording.media, cue, times[cue.number], texts)
        items.append(Found(recording.split, record, str(file), where))
    yield from _listened(config, recording.media, items, config.primary) if recording.media else items


def _name(corpus: str, recording: str, cue: Cue) -> str:
    return f"{corpus}-{recording}-{cue.number:04d}"


def _record(
    corpus: str, recording: str, media: Path | None, cue: Cue, times: Times, texts: dict[str, str | None]
) -> Record:
    return {
        "id": _name(corpus, recording, cue),
        "recording": recording,
        "speaker": cue.speaker,
        "audio": media.as_posix() if media else None,
        "start": times[0],
        "end": times[1],
        **texts,
    }


def _listened(config: Config, media: Path, items: Sequence[Found | Reject], language: str) -> Iterator[Found | Reject]:
    """The items in their order; utterances whose sound is of no use become rejects."""
    found = sorted((item for item in items if isinstance(item, Found)), key=lambda item: item.record["start"])
    spans = [(item.record["start"], item.record["end"]) for item in found]
    faults = {id(item): fault for item, fault in zip(found, hearing_faults(config, media, spans), strict=True)}
    for item in items:
        if isinstance(item, Found) and faults[id(item)]:
            yield Reject(item.file, item.where, faults[id(item)], item.record[language])
        else:
            yield item


def _primary(config: Config, recording: _Recording) -> Path:
    """The file of the primary language's cues."""
    if config.ledger and recording.media is not None:
        return planted.place(recording.media)
    return recording.subtitles[config.primary]


def _read(config: Config, file: Path, language: str) -> list[Cue]:
    if file.suffix == ".json":
        return [_true(number, cue) for number, cue in enumerate(planted.read(file), start=1)]
    encoding = config.encoding if isinstance(config.encoding, str) else config.encoding.get(language, "auto")
    return read_cues(file, language, encoding, config.fps)


def _true(number: int, cue: PlantedCue) -> Cue:
    if cue.true_start is None or cue.true_end is None:
        return Cue(number, cue.start, cue.end, cue.text or "", fault="true times unknown")
    if cue.text is None:
        return Cue(number, cue.true_start, cue.true_end, "", fault="true text unknown")
    return replace(cue_of(cue.text, number, cue.true_start, cue.true_end), speaker=cue.speaker)


_LATE = "ends after its recording"
_TELLING = 3  # words; a shorter cue may be a name, which is the same in two languages


def check_times(config: Config, cues: Sequence[Cue], duration: float | None) -> tuple[dict[int, Times], dict[int, str]]:
    """Number → times, a little overlap trimmed; and number → what is wrong with the cue, its text's fault first."""
    times = {cue.number: (cue.start, cue.end) for cue in cues}
    faults = {cue.number: cue.fault for cue in cues if cue.fault}
    for cue in cues:
        if cue.number in faults:
            continue
        if cue.end <= cue.start:
            faults[cue.number] = "zero length" if cue.end == cue.start else "ends before it starts"
        elif duration is not None and (cue.start >= duration or cue.end > duration + config.trim):
            faults[cue.number] = _LATE
        elif duration is not None:
            times[cue.number] = (cue.start, min(cue.end, duration))
    sound = [cue for cue in cues if cue.number not in faults]
    _check_overlaps(config, sorted(sound, key=lambda cue: (cue.start, cue.number)), times, faults)
    for cue in sound:
        start, end = times[cue.number]
        if cue.number in faults:
            continue
        if end - start < config.shortest - _EPSILON:
            faults[cue.number] = "too short"
        elif end - start > config.longest + _EPSILON:
            faults[cue.number] = "too long"
        elif len(cue.text) > config.fastest * (end - start):
            faults[cue.number] = "too fast"
    return times, faults


def _check_overlaps(config: Config, cues: Sequence[Cue], times: dict[int, Times], faults: dict[int, str]) -> None:
    """Cues that share more than `trim` seconds are both dropped: nobody can tell whose speech is heard.

    A cue that is shown twice at one time counts once. One that goes on with the same text (two cues for one sentence,
    or a word said twice) is dropped with its forerunner: its speech is in either.
    """
    reach: Cue | None = None  # of the cues so far, the one that ends last
    for cue in cues:
        if reach is not None:
            (first, last), (start, end) = times[reach.number], times[cue.number]
            shared = min(last, end) - start
            if cue.text == reach.text and shared > 0.5 * (end - start):
                faults[cue.number] = "repeated"
                continue
            if cue.text == reach.text and shared > -_TOUCHING:
                faults[cue.number] = faults[reach.number] = "repeated"
            elif 0 < shared <= config.trim and end > last and start > first:
                times[reach.number] = (first, start)
            elif shared > _EPSILON:
                faults[cue.number] = faults[reach.number] = "overlapping"
        if reach is None or times[cue.number][1] >= times[reach.number][1]:
            reach = cue


_TOUCHING = 0.1  # s


def align(spans: Sequence[Times], cues: Sequence[Cue], config: Config) -> list[str | None]:
    """For each span the text that another language shows at that time, or None.

    The cues that lie in the span for more than half of their own time are taken together; they are its translation if
    the time that both cover is at least `overlap` of the time that either covers.
    """
    usable = sorted((c for c in cues if not c.fault and c.end > c.start), key=lambda cue: (cue.start, cue.number))
    starts = [cue.start for cue in usable]
    longest = max((cue.end - cue.start for cue in usable), default=0.0)
    texts: list[str | None] = []
    for start, end in spans:
        near = usable[bisect_left(starts, start - longest) : bisect_left(starts, end)]
        inside = [cue for cue in near if min(end, cue.end) - max(start, cue.start) > 0.5 * (cue.end - cue.start)]
        if not inside:
            texts.append(None)
            continue
        first, last = min(cue.start for cue in inside), max(cue.end for cue in inside)
        both = min(end, last) - max(start, first)
        either = max(end, last) - min(start, first)
        texts.append(" ".join(cue.text for cue in inside) if both >= config.overlap * either else None)
    return texts


def clock(seconds: float) -> str:
    """00:01:02.500."""
    milliseconds = round(seconds * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d}.{rest % 1000:03d}"
