"""What became of every cue: the rows of data/ledgers/<name>.parquet."""

from dataclasses import dataclass

import pyarrow as pa

GOOD, SHIFTED, TRUNCATED = "good", "shifted", "truncated"
OTHER_TEXT, WRONG_LANGUAGE, NOT_SPEECH, MISSING = "other_text", "wrong_language", "not_speech", "missing"
FAULTS = (SHIFTED, OTHER_TEXT, WRONG_LANGUAGE, NOT_SPEECH, TRUNCATED, MISSING)
KEPT = (GOOD, SHIFTED)  # a shifted text is right: it only needs its new times

SCHEMA = pa.schema(
    [
        ("recording", pa.string()),
        ("cue", pa.int32()),  # its number in the file, from 1; none where a cue is missing
        ("text", pa.string()),  # as it is shown
        ("heard", pa.string()),  # the letters that the recogniser hears at the old times, or in the gap
        ("old_start", pa.float64()),  # s
        ("old_end", pa.float64()),
        ("start", pa.float64()),  # s; where the text is spoken, none where it is not
        ("end", pa.float64()),
        ("score", pa.float64()),  # log-ratio a letter, at best 0; none where there is no text
        ("verdict", pa.string()),
        ("reason", pa.string()),
        ("kept", pa.bool_()),
    ]
)


@dataclass
class Row:
    recording: str
    cue: int | None
    text: str | None
    heard: str
    old_start: float | None
    old_end: float | None
    start: float | None
    end: float | None
    score: float | None
    verdict: str
    reason: str
    kept: bool = False
