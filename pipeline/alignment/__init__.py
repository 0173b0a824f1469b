"""Cues held against what is heard: where each text is spoken, how well it fits, and what is wrong with the others.

Enter recordings, their cues and a CTC recogniser. Leave a ledger (a row a cue, and one for each stretch of speech that
no cue covers) and the cues that may be trained on, with better times. The texts are judged by sound first; only a text
that is heard nowhere is asked for its language.
"""

from pydantic import Field

from pipeline.params import Row


class Config(Row):
    """What counts as a fault. Times are seconds."""

    reach: float = Field(6.0, gt=0)  # how far from its cue a text is looked for
    slack: float = Field(0.5, ge=0)  # what a cue may begin or end beside its speech: not a shift yet
    margin: float = Field(0.15, ge=0)  # what a cue's new times leave before the first sound and after the last
    pause: float = Field(0.6, gt=0)  # silence between two stretches of speech that no cue covers
    missing: int = Field(3, ge=1)  # letters heard that make a stretch a missing cue, or a text a truncated one
    foreign: float = Field(0.3, gt=0, le=1)  # share of letters that the recogniser does not know: another script
    proof: float = Field(8.0, ge=0)  # log-ratio that it takes to doubt a cue: one in ten is wrong, and 300 places tempt
    best: float = Field(1.0, gt=0, le=1)  # share of the cues whose text is right that are kept: those that fit best
    least: float | None = None  # log-ratio a letter, `proof` added to all of them, that a text must reach; none: found
