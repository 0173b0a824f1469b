"""What was planted in a recording's subtitles, and the truth beside it: `ep01.ledger.json` → cues.

A list of cues, each with the true `text`, the `subtitle` that is shown (none: it is missing), `start` and `end`, the
`fault` (`none`, `markup`, `shift`, `swap`, `wrong_language`, `non_speech`, `truncated`, `missing`), and perhaps `shift`
(seconds from the true times to those that are shown; without it the times of a shifted cue are those that are shown)
and `speaker`. Only what measures faults, and what trains on the truth for comparison, may read it.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.problems import Problem

FAULTS = ("none", "markup", "shift", "swap", "wrong_language", "non_speech", "truncated", "missing")


@dataclass(frozen=True)
class PlantedCue:
    fault: str
    start: float  # s, as shown; of the speech where the cue is missing
    end: float
    true_start: float | None  # s; none where it is not told
    true_end: float | None
    text: str | None  # true; none where it is not told
    subtitle: str | None  # as shown; none where it is missing
    speaker: str | None


def place(media: Path) -> Path:
    """Where the ledger of a recording stands."""
    return media.with_suffix(".ledger.json")


def read(file: Path) -> list[PlantedCue]:
    """The cues in the order of the file. Raises Problem for a file that is no such ledger."""
    try:
        return [_cue(cue) for cue in json.loads(file.read_text(encoding="utf-8"))["cues"]]
    except FileNotFoundError:
        raise Problem(f"{file} is missing: put the ledger of planted faults beside its recording") from None
    except (ValueError, KeyError, TypeError) as error:
        raise Problem(f"{file} is no ledger of planted faults ({error!r}): mend or remove it") from None


def _cue(cue: dict[str, Any]) -> PlantedCue:
    fault, start, end = cue["fault"], float(cue["start"]), float(cue["end"])
    text, subtitle = cue.get("text"), cue.get("subtitle")
    if fault not in FAULTS:
        raise ValueError(f"fault {fault!r}")
    if fault != "missing" and (text is None or subtitle is None):
        raise ValueError(f"{cue.get('key')} has no text")
    told = fault != "shift" or "shift" in cue
    shift = float(cue.get("shift", 0.0))
    return PlantedCue(
        fault,
        start + shift,
        end + shift,
        start if told else None,
        end if told else None,
        text,
        subtitle,
        cue.get("speaker"),
    )
