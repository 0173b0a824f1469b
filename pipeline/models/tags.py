"""What taggers share: which sentences can be learnt from, and what is found as hypotheses over the target's vocabulary.

A tagger's own numbers of tags are those of the vocabulary without its first ones, which are no tags.
"""

import numpy as np

from pipeline.data import END, Side
from pipeline.outcomes import Weighed
from pipeline.params import Row
from pipeline.problems import Problem
from pipeline.records import Hypothesis

TAGS = END + 1  # the vocabulary's ids before its first tag


class Decode(Row):
    marginals: bool = False  # how likely every tag is at each word, beside the best tags


def count(codec: object) -> int:
    """How many tags the target's vocabulary has. Raises Problem if there are none."""
    tags = len(codec) - TAGS  # type: ignore[arg-type]
    if tags < 1:
        raise Problem(
            "there are no tagged words to train on: look at the corpus's train split and its rejected records"
        )
    return tags


def usable(source: Side, target: Side) -> np.ndarray:
    """The rows [N] of sentences that have a word, and no tag but those of the vocabulary: another cannot be learnt, and
    a loss of it has no meaning.

    Raises Problem where words and tags differ in number, and if no sentence is left.
    """
    rows = []
    for row, (identifier, words) in enumerate(zip(source.sequences.ids, source.values, strict=True)):
        tags = target.sequences[row]
        if len(words) != len(tags):
            raise Problem(f"{identifier} has {len(words)} words and {len(tags)} tags: mend the corpus, a tag a word")
        if len(tags) and tags.min() >= TAGS:
            rows.append(row)
    if not rows:
        raise Problem(
            "training: no sentence has tags to learn from: see the summaries of the corpus's train and dev split"
        )
    if len(rows) < len(source.sequences):
        print(f"{len(source.sequences) - len(rows)} sentences have no word, or a tag that training lacks: left out")
    return np.array(rows, dtype=np.int64)


def hypothesis(tags: np.ndarray, score: float, marginals: np.ndarray | None) -> Hypothesis:
    """Numbers of tags [L], log p of them, and where they were asked for P(tag) of each place [L, C]."""
    tokens = (tags + TAGS).tolist()
    if marginals is None:
        return Hypothesis(tokens, score)
    return Weighed(tokens, score, marginals=np.pad(marginals, ((0, 0), (TAGS, 0))).astype(np.float32))
