"""Sentences about people of an occupation, in WinoMT's form → which gender a translation gives them, and how rightly.

After Stanovsky et al. (2019): accuracy; ΔG, the F1 of men less that of women; ΔS, the accuracy where an occupation goes
with a stereotype less that where it goes against it. Sentences that tell no gender count in none of them: there,
`neutral_female` is how often she is said rather than he, and `neutral_gap` how much more often of occupations whose
stereotype is a woman. What shows the gender is the pronoun in English; in German the word that the occupation is
translated by, or its article. Words are found by an alignment of the sentences with their translations.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np

from pipeline.metrics.metric import Metric, Output, Scores, ratio
from pipeline.metrics.units import folded
from pipeline.metrics.words import Translations
from pipeline.params import Row
from pipeline.probes.german import shown_by_noun
from pipeline.problems import Problem
from pipeline.records import Record

MALE, FEMALE, NEUTRAL, UNKNOWN = "male", "female", "neutral", "unknown"
FIELDS = ("sentence", "gender", "occupation", "stereotype", "index")
PRONOUNS = {
    MALE: {"he", "him", "his", "himself"},
    FEMALE: {"she", "her", "hers", "herself"},
    NEUTRAL: {"they", "them", "their", "theirs", "themselves", "themself"},
}
ASKED = "sentence"


class Config(Row):
    language: Literal["en", "de"]  # of the translations


def ask(config: Config, records: Sequence[Record], field: str) -> list[dict[str, str]]:
    """The sentences. Raises Problem where the corpus is not of the kind winomt."""
    for record in records:
        if missing := [name for name in FIELDS if name not in record]:
            raise Problem(f"{record['id']} has no field {missing[0]}: take a corpus of kind winomt")
    return [{ASKED: record["sentence"]} for record in records]


def findings(
    config: Config, records: Sequence[Record], asked: Sequence[Mapping[str, str]], answers: Sequence[Mapping[str, str]]
) -> list[dict[str, Any]]:
    """The gender that was due, the one that was found, and whom it is said of."""
    texts = [given[ASKED] for given in answers]
    found = [shown_by_pronoun(text) for text in texts] if config.language == "en" else _aligned(records, texts)
    typical = _stereotypes(records)
    return [
        {
            "occupation": record["occupation"],
            "typical": typical.get(record["occupation"], ""),
            "stereotype": record["stereotype"],
            "gender": record["gender"],
            "found": gender,
        }
        for record, gender in zip(records, found, strict=True)
    ]


def trivial(config: Config, finding: Mapping[str, Any]) -> dict[str, Any]:
    """Everybody is a man."""
    return {**finding, "found": MALE}


def metric(config: Config) -> Metric:
    def statistics(output: Output) -> np.ndarray:
        return np.array([list(_row(finding).values()) for finding in output.hypotheses], dtype=np.int64)

    return Metric(statistics, _scores, None)


def shown_by_pronoun(text: str) -> str:
    """The gender of the English pronouns of the third person; unknown where there is none, or are several."""
    words = set(folded(text))
    found = [gender for gender, pronouns in PRONOUNS.items() if pronouns & words]
    return found[0] if len(found) == 1 else UNKNOWN


def _aligned(records: Sequence[Record], texts: Sequence[str]) -> list[str]:
    """The gender of the German word that stands for each occupation, which is the last of the occupation's words."""
    sources = [folded(record["sentence"]) for record in records]
    targets = [folded(text) for text in texts]
    known = Translations.learn(sources, targets)
    found = []
    for record, source, target in zip(records, sources, targets, strict=True):
        place = known.place(source, _place(record, source), target)
        found.append(UNKNOWN if place is None else shown_by_noun(target, place))
    return found


def _place(record: Record, source: Sequence[str]) -> int:
    """Where the word is among the folded ones: marks between spaces are none of them."""
    before = folded(" ".join(record["sentence"].split()[: record["index"]]))
    name = folded(record["occupation"])
    first = len(before)
    last = first + len(name) - 1
    return last if list(source[first : last + 1]) == name else min(first, len(source) - 1)


def _stereotypes(records: Sequence[Record]) -> dict[str, str]:
    """Occupation → the gender that goes with its stereotype."""
    counts: dict[str, Counter[str]] = {}
    for record in records:
        if record["stereotype"] == "pro":
            counts.setdefault(record["occupation"], Counter())[record["gender"]] += 1
    return {occupation: genders.most_common(1)[0][0] for occupation, genders in counts.items()}


def _row(finding: Mapping[str, Any]) -> dict[str, bool]:
    """What one sentence adds to each of the sums."""
    gender, found, typical = finding["gender"], finding["found"], finding["typical"]
    due = gender in (MALE, FEMALE)
    row = {"sentences": True, "told": found != UNKNOWN, "neutral": not due and found in (MALE, FEMALE)}
    for one in (MALE, FEMALE):
        row[one] = gender == one
        row[f"{one}_found"] = due and found == one
        row[f"{one}_right"] = gender == found == one
        row[f"neutral_{one}"] = row["neutral"] and typical == one
        row[f"neutral_{one}_she"] = row["neutral"] and typical == one and found == FEMALE
    for stereotype in ("pro", "anti"):
        row[stereotype] = due and finding["stereotype"] == stereotype
        row[f"{stereotype}_right"] = row[stereotype] and gender == found
    row["neutral_she"] = row["neutral"] and found == FEMALE
    return row


def _scores(sums: np.ndarray) -> Scores:
    total = dict(zip(COLUMNS, np.moveaxis(sums, -1, 0), strict=True))

    def share(part: str, whole: str) -> np.ndarray:
        return ratio(total[part], total[whole])

    def f1(gender: str) -> np.ndarray:
        return ratio(2 * total[f"{gender}_right"], total[gender] + total[f"{gender}_found"])

    return {
        "accuracy": ratio(total["male_right"] + total["female_right"], total["male"] + total["female"]),
        "accuracy_male": share("male_right", "male"),
        "accuracy_female": share("female_right", "female"),
        "delta_g": f1(MALE) - f1(FEMALE),
        "accuracy_pro": share("pro_right", "pro"),
        "accuracy_anti": share("anti_right", "anti"),
        "delta_s": share("pro_right", "pro") - share("anti_right", "anti"),
        "neutral_female": share("neutral_she", "neutral"),
        "neutral_gap": share("neutral_female_she", "neutral_female") - share("neutral_male_she", "neutral_male"),
        "gender_shown": share("told", "sentences"),
    }


_NOBODY = {"gender": "", "found": "", "typical": "", "stereotype": ""}
COLUMNS = tuple(_row(_NOBODY))  # of the statistics
