"""The cues of a recording and what is heard in it → verdicts, reasons and new times.

First every text is placed (`Sounded`): in its own cue's time, and within reach of it. How well a text must fit follows
from all cues of a corpus (`threshold`), then each recording is judged (`judge`) with its cues in view of each other:
a text that is heard beside its cue is shifted if no other cue claims that speech, and another cue's text if one does.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.alignment import Config
from pipeline.alignment.forced import Place, place
from pipeline.alignment.hearing import Heard, Letters
from pipeline.alignment.language import Languages
from pipeline.alignment.ledger import GOOD, MISSING, NOT_SPEECH, OTHER_TEXT, SHIFTED, TRUNCATED, WRONG_LANGUAGE, Row

CLAIMED = 0.5  # share of a text's place that another cue's time must cover to claim it
APART = 0.4  # s between two letters of a text that are a gap
TELLING = 0.25  # share of the letters by which own texts must fit more often than strangers'
DECIMALS = 3  # of seconds and scores


@dataclass(frozen=True)
class Shown:
    """A cue as its file shows it. `unspoken`: why its text is no speech (`music`, `sound cue`); empty where it is."""

    number: int
    start: float
    end: float
    text: str
    unspoken: str = ""


@dataclass(frozen=True)
class Sounded:
    """A cue with where its text is heard: steps of the recording."""

    shown: Shown
    first: int
    last: int  # its own steps, [first, last)
    unknown: float  # share of its letters that the recogniser does not know
    inside: Place | None = None  # in its own time
    near: Place | None = None  # within reach
    strange: Place | None = None  # another cue's text in this one's time


@dataclass(frozen=True)
class Recording:
    """One recording, heard."""

    name: str
    step: float  # s
    steps: int
    cues: list[Sounded]
    letters: np.ndarray  # [N], as heard
    times: np.ndarray  # [N], steps

    def heard(self, first: float, last: float) -> np.ndarray:
        """Which of the letters are heard in steps [first, last): bool [N]."""
        found: np.ndarray = (self.times >= first) & (self.times < last)
        return found


def sound(name: str, cues: Sequence[Shown], heard: Heard, letters: Letters, config: Config) -> Recording:
    """Place every text. A text stands in for a stranger in the time of the cue half the recording away."""
    ratios = heard.ratios()
    apart = round(APART / heard.step)
    texts = [(np.zeros(0, np.int64), 0.0) if cue.unspoken else letters.of(cue.text) for cue in cues]
    sounded = []
    for i, (cue, (text, unknown)) in enumerate(zip(cues, texts, strict=True)):
        own = heard.steps(cue.start - config.slack), heard.steps(cue.end + config.slack)
        reach = heard.steps(cue.start - config.reach), heard.steps(cue.end + config.reach)
        stranger = texts[(i + max(1, len(cues) // 2)) % len(cues)][0]
        sounded.append(
            Sounded(
                cue,
                heard.steps(cue.start),
                heard.steps(cue.end),
                unknown,
                place(ratios, text, *own, apart),
                place(ratios, text, *reach, apart),
                place(ratios, stranger, *own, apart) if len(cues) > 1 and len(text) else None,
            )
        )
    return Recording(name, heard.step, len(ratios), sounded, *heard.spoken())


def threshold(recordings: Iterable[Recording]) -> float | None:
    """The score that best parts cues' own texts from strangers' texts in the same times; each letter counts.

    Own texts are mostly right and strangers' are all wrong, whatever the faults: those only add a constant to the
    errors on one side. Halfway between the two scores where the errors are fewest. None where texts can hardly be told
    from strangers': the recogniser does not know the language, or the subtitles belong to other recordings.
    """
    heard = [cue for recording in recordings for cue in recording.cues]
    pairs = [(cue.inside, cue.strange) for cue in heard if cue.inside is not None and cue.strange is not None]
    if not pairs:
        return None
    scores = np.array([found.score for pair in pairs for found in pair])  # own, strange, own, ...
    letters = np.array([found.tokens for pair in pairs for found in pair]) * np.tile([1, -1], len(pairs))
    order = np.argsort(scores, kind="stable")
    ranked = scores[order]
    errors = np.concatenate([[0], np.cumsum(letters[order])])  # but for a constant, with the threshold below each
    if -errors.min() < TELLING * letters[::2].sum():
        return None
    best = np.flatnonzero(errors == errors.min())
    below, above = max(int(best[0]) - 1, 0), min(int(best[-1]), len(ranked) - 1)
    return round(float((ranked[below] + ranked[above]) / 2), DECIMALS)


def judge(
    recording: Recording, letters: Letters, languages: Languages, spoken: str, least: float, config: Config
) -> list[Row]:
    """A row a cue, in the order of the file, and one a stretch of speech without a cue, in the order of time."""
    return _Judgement(recording, letters, languages, spoken, least, config).rows()


class _Judgement:
    def __init__(
        self, recording: Recording, letters: Letters, languages: Languages, spoken: str, least: float, config: Config
    ):
        self.recording, self.letters, self.languages, self.spoken = recording, letters, languages, spoken
        self.least, self.config = least, config
        self.slack = config.slack / recording.step
        self.placed: dict[int, Place] = {}  # index of a cue → where its text is heard for sure
        self.astray: dict[int, Place] = {}  # index → where it is heard instead, not yet judged
        for i, cue in enumerate(recording.cues):
            inside, near = self._fitting(cue.inside), self._fitting(cue.near)
            if near and (inside is None or near.total > inside.total + config.proof):
                if min(abs(near.start - cue.first), abs(near.end - cue.last)) <= self.slack:
                    self.placed[i] = near
                else:
                    self.astray[i] = near
            elif inside:
                self.placed[i] = inside
        self.shifted = {i for i, found in self.astray.items() if not self._claimed(found, i)}
        for i in self.astray.keys() - self.shifted:
            inside = self._fitting(recording.cues[i].inside)
            if inside is not None:  # the same words, or like ones, are said in another cue, too
                self.placed[i] = inside

    def _fitting(self, found: Place | None) -> Place | None:
        return found if found is not None and found.benefit(self.config.proof) >= self.least else None

    def _claimed(self, found: Place, own: int) -> bool:
        """Whether another cue claims the speech: one that is shown just then, or then and whose text is not astray."""
        for i, cue in enumerate(self.recording.cues):
            shared = min(found.end, cue.last) - max(found.start, cue.first)
            just_then = max(abs(found.start - cue.first), abs(found.end - cue.last)) <= self.slack
            if i != own and (just_then or (i not in self.astray and shared >= CLAIMED * (found.end - found.start))):
                return True
        return False

    def rows(self) -> list[Row]:
        return [*(self._row(i, cue) for i, cue in enumerate(self.recording.cues)), *self._gaps()]

    def _row(self, i: int, cue: Sounded) -> Row:
        found = self.placed.get(i)
        if i in self.shifted:
            found = self.astray[i]
        verdict, reason = self._verdict(i, cue)
        best = found or max((p for p in (cue.inside, cue.near) if p), key=lambda p: p.score, default=None)
        start, end = self._times(found) if found else (None, None)
        heard = self.recording.letters[self.recording.heard(cue.first, cue.last)]
        return Row(
            self.recording.name,
            cue.shown.number,
            cue.shown.text,
            self.letters.text(heard),
            cue.shown.start,
            cue.shown.end,
            start,
            end,
            round(best.score, DECIMALS) if best else None,
            verdict,
            reason,
        )

    def _verdict(self, i: int, cue: Sounded) -> tuple[str, str]:
        if cue.shown.unspoken:
            return NOT_SPEECH, cue.shown.unspoken
        if cue.unknown >= self.config.foreign:
            return WRONG_LANGUAGE, f"{cue.unknown:.0%} of its letters are unknown to the recogniser"
        if i in self.placed:
            surplus = self._surplus(i, cue)
            if surplus >= self.config.missing and self.placed[i].score < self.least:
                return self._unheard(cue)  # few letters had the benefit of the doubt, but more speak against them
            if surplus >= self.config.missing:
                return TRUNCATED, f"{surplus} letters are heard beside the text"
            return GOOD, ""
        if i in self.shifted:
            seconds = (self.astray[i].start - cue.first) * self.recording.step
            return SHIFTED, f"heard {abs(seconds):.1f} s {'later' if seconds > 0 else 'earlier'}"
        if i in self.astray:
            return OTHER_TEXT, "heard where another cue stands"
        return self._unheard(cue)

    def _unheard(self, cue: Sounded) -> tuple[str, str]:
        """What a cue shows whose text is not heard."""
        if not self.recording.heard(cue.first - self.slack, cue.last + self.slack).any():
            return NOT_SPEECH, "nothing is heard"
        language = self.languages.of(cue.shown.text, self.spoken, self.config.proof)
        if language != self.spoken:
            return WRONG_LANGUAGE, f"reads like {language}"
        return OTHER_TEXT, "another text is heard"

    def _surplus(self, i: int, cue: Sounded) -> int:
        """Letters heard in a cue's time, but neither in its text's place nor in another text's.

        They are no more than those that the text falls short by: letters that are misheard at its ends are its own.
        """
        heard = self.recording.heard(cue.first, cue.last)
        for j, found in self._places().items():
            if j != i:
                heard &= ~self.recording.heard(found.start, found.end)
        own = self.placed[i]
        beside = int((heard & ~self.recording.heard(own.start, own.end)).sum())
        return min(beside, int(heard.sum()) - own.tokens)

    def _places(self) -> dict[int, Place]:
        return {**self.placed, **{i: self.astray[i] for i in self.shifted}}

    def _times(self, found: Place) -> tuple[float, float]:
        step, margin = self.recording.step, self.config.margin
        start = max(0.0, found.start * step - margin)
        end = min(self.recording.steps * step, found.end * step + margin)
        return round(start, DECIMALS), round(end, DECIMALS)

    def _gaps(self) -> list[Row]:
        """Stretches of speech that lie in no cue's time and in no text's place."""
        recording = self.recording
        free = np.ones(len(recording.times), dtype=bool)
        for i, cue in enumerate(recording.cues):
            if i not in self.shifted:
                free &= ~recording.heard(cue.first - self.slack / 2, cue.last + self.slack / 2)
        for found in self._places().values():
            free &= ~recording.heard(found.start - self.slack / 2, found.end + self.slack / 2)
        letters, times = recording.letters[free], recording.times[free]
        breaks = np.flatnonzero(np.diff(times) > self.config.pause / recording.step) + 1
        rows = []
        for said, when in zip(np.split(letters, breaks), np.split(times, breaks), strict=True):
            if len(said) >= self.config.missing:
                start, end = self._times(Place(int(when[0]), int(when[-1]) + 1, 0.0, len(said)))
                text = self.letters.text(said)
                rows.append(
                    Row(recording.name, None, None, text, None, None, start, end, None, MISSING, "speech without a cue")
                )
        return rows
