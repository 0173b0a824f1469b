"""Texts of several languages → which language a text is in: n-grams of letters.

A model a language counts the letters that follow each one or two letters; counts of the shorter context smooth those of
the longer (Witten and Bell 1991).
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from math import log

ORDER = 3  # letters of an n-gram
UNSEEN = 1e-5  # probability of a letter that a language's texts do not have


class Letters:
    """One language's model."""

    def __init__(self, texts: Iterable[str]):
        self.counts: Counter[str] = Counter()  # of n-grams
        self.seen: Counter[str] = Counter()  # of contexts: how often
        self.kinds: Counter[str] = Counter()  # of contexts: how many different letters follow
        for text in texts:
            for context, letter in _grams(text):
                if not self.counts[context + letter]:
                    self.kinds[context] += 1
                self.counts[context + letter] += 1
                self.seen[context] += 1

    def log_prob(self, text: str) -> float:
        """Of the whole text, its end included."""
        total = 0.0
        probability = UNSEEN
        for context, letter in _grams(text):
            if not context:
                probability = UNSEEN
            # from the shortest context to the longest, each smoothed by the one before it
            seen, kinds = self.seen[context], self.kinds[context]
            if seen:
                probability = (self.counts[context + letter] + kinds * probability) / (seen + kinds)
            if len(context) == ORDER - 1:
                total += log(probability)
        return total


class Languages:
    """Models of several languages by their names."""

    def __init__(self, texts: Mapping[str, Iterable[str]]):
        self.models = {language: Letters(found) for language, found in texts.items()}

    def of(self, text: str, expected: str, proof: float) -> str:
        """The language whose model gives the text the highest log-probability; `expected` is given `proof` ahead."""
        log_probs = {language: model.log_prob(text) for language, model in self.models.items()}
        log_probs[expected] += proof
        return max(log_probs, key=lambda language: log_probs[language])


def _grams(text: str) -> Iterable[tuple[str, str]]:
    """(context, letter) for every letter, contexts of 0 to ORDER - 1 letters; padded with the text's edges."""
    padded = "\x02" * (ORDER - 1) + " ".join(text.lower().split()) + "\x03"
    for i in range(ORDER - 1, len(padded)):
        for length in range(ORDER):
            yield padded[i - length : i], padded[i]
