"""What goes wrong in subtitles that people have, planted in the spoken language's track with the truth in a ledger."""

from dataclasses import dataclass, replace
from random import Random

FAULTS = ("shift", "swap", "wrong_language", "non_speech", "missing", "truncated", "markup")
NON_SPEECH = ("[muzik]", "♪ ♪", "(ketukan pintu)", "[telefon berdering]")
MARKUP = ("<i>{}</i>", "{{\\an8}}{}", '<font color="#ffff00">{}</font>', "<b>{}</b>")


@dataclass(frozen=True)
class Cue:
    """One subtitle: times in seconds; None for a text that is missing from the file."""

    start: float
    end: float
    text: str | None
    fault: str = "none"
    shift: float = 0.0


def plant(truth: list[Cue], english: list[str], share: float, rng: Random) -> list[Cue]:
    """The cues with about `share` of them spoilt. A swap spoils two neighbours."""
    cues = list(truth)
    for i, cue in enumerate(truth):
        if cues[i].fault != "none" or rng.random() >= share:
            continue
        text = cue.text or ""
        match rng.choice(FAULTS):
            case "shift":
                shift = rng.choice((-1, 1)) * round(rng.uniform(1.5, 4.0), 3)
                shift = max(shift, -round(cue.start, 3))
                cues[i] = replace(cue, start=cue.start + shift, end=cue.end + shift, fault="shift", shift=shift)
            case "swap" if i + 1 < len(cues):
                cues[i] = replace(cue, text=truth[i + 1].text, fault="swap")
                cues[i + 1] = replace(truth[i + 1], text=cue.text, fault="swap")
            case "wrong_language":
                cues[i] = replace(cue, text=english[i], fault="wrong_language")
            case "non_speech":
                cues[i] = replace(cue, text=rng.choice(NON_SPEECH), fault="non_speech")
            case "missing":
                cues[i] = replace(cue, text=None, fault="missing")
            case "truncated" if len(text.split()) > 2:
                kept = rng.randrange(1, len(text.split()) - 1)
                cues[i] = replace(cue, text=" ".join(text.split()[:kept]), fault="truncated")
            case _:
                cues[i] = replace(cue, text=rng.choice(MARKUP).format(text), fault="markup")
    return cues
