import pytest

from pipeline.metrics.metric import Training
from pipeline.metrics.parsing import (
    COLUMNS,
    Bracketing,
    bracket_scores,
    count_brackets,
    counted,
    read_linear,
    read_penn,
    right_branching,
)

GOLD = "(S (NP (DT the) (NN dog)) (VP (VBD saw) (NP (DT a) (NN cat)) (PP (IN in) (NP (DT the) (NN park)))) (. .))"
PERFECT = "(S (NP XX XX )NP (VP XX (NP XX XX )NP (PP XX (NP XX XX )NP )PP )VP XX )S"
LOW_PP = "(S (NP XX XX )NP (VP XX (NP (NP XX XX )NP (PP XX (NP XX XX )NP )PP )NP )VP XX )S"


def counts(gold, found):
    return dict(zip(COLUMNS, count_brackets([gold], [found])[0].tolist(), strict=True))


def test_penn_brackets_are_read_as_tags_and_spans():
    assert read_penn("(S (NP (NNP John)) (VP (VBZ runs)) (. .))") == Bracketing(
        ("NNP", "VBZ", "."), (("S", 0, 3), ("NP", 0, 1), ("VP", 1, 2))
    )
    assert read_penn("( (S (NP (PRP It)) ) )").spans == (("", 0, 1), ("S", 0, 1), ("NP", 0, 1))


@pytest.mark.parametrize("text", ["", "()", "(S (NP (NN a))", "(S (NN a)))", "(S a b)", "(S (NN a) b)", "a"])
def test_a_gold_tree_that_is_none_is_refused(text):
    with pytest.raises(ValueError, match=r"bracket|word|outside a tag"):
        read_penn(text)


def test_linear_brackets_are_read_as_leaves_and_spans():
    assert read_linear("(S (NP XX )NP (VP XX )VP )S") == Bracketing(
        ("XX", "XX"), (("S", 0, 2), ("NP", 0, 1), ("VP", 1, 2))
    )
    assert read_linear(["(S", "XX", ")S"]) == Bracketing(("XX",), (("S", 0, 1),))


@pytest.mark.parametrize(
    "output",
    [
        "",
        "XX",
        "(S XX",
        "(S XX )NP",
        ")S",
        "(S )S",
        "(S XX )S XX",
        "(S XX )S (S XX )S",
        "(S (NP )NP XX )S",
        "(S XX )S )S",
    ],
)
def test_what_is_no_tree_is_not_well_formed(output):
    assert read_linear(output) is None


def test_a_perfect_parse():
    assert counts(GOLD, PERFECT) == {
        "matched": 6, "gold": 6, "found": 6, "exact": 1, "well_formed": 1, "sentences": 1,
        "matched_40": 6, "gold_40": 6, "found_40": 6,
    }  # fmt: skip


def test_a_wrong_attachment_by_hand():
    # one bracket too many, (NP 3 8): precision 6/7, recall 6/6, F1 12/13
    scores = bracket_scores(count_brackets([GOLD], [LOW_PP]).sum(axis=0))
    assert scores["precision"] == pytest.approx(600 / 7)
    assert scores["recall"] == pytest.approx(100)
    assert scores["f1"] == pytest.approx(1200 / 13)
    assert scores["exact"] == 0
    assert scores["well_formed"] == 100


def test_where_punctuation_hangs_does_not_matter():
    gold = "(S (`` ``) (NP (PRP I)) (VP (VBP know) (NP (PRP it))) ('' '') (. .))"
    found = "(S (NP XX XX )NP (VP XX (NP XX XX )NP XX )VP )S"
    assert counts(gold, found)["matched"] == 4
    assert counts(gold, found)["exact"] == 1


def test_a_constituent_of_punctuation_alone_does_not_count():
    assert counts("(S (NP (NN a)) (PRN (: --) (: --)))", "(S (NP XX )NP XX XX )S")["gold"] == 2


def test_brackets_and_currency_signs_are_words():
    assert counts("(NP (-LRB- -LRB-) ($ $) (CD 5))", "(NP XX XX XX )NP")["matched"] == 1


def test_the_root_that_the_treebank_adds_does_not_count():
    gold = "(TOP (S (NP (NNP John)) (VP (VBZ runs))))"
    assert counts(gold, "(TOP (S (NP XX )NP (VP XX )VP )S )TOP") == counts(gold, "(S (NP XX )NP (VP XX )VP )S")
    assert counts(gold.replace("TOP", ""), "(S (NP XX )NP (VP XX )VP )S")["exact"] == 1


def test_adverbs_and_particles_are_one_label_and_function_tags_none():
    gold = "(S (NP-SBJ-1 (PRP he)) (VP (VBD gave) (PRT (RP up)) (NP=2 (NN hope))))"
    assert counts(gold, "(S (NP XX )NP (VP XX (ADVP XX )ADVP (NP XX )NP )VP )S")["exact"] == 1


def test_a_bracket_that_stands_twice_counts_as_often_as_it_is_found():
    gold = "(NP (NP (DT the) (NN man)))"
    assert counts(gold, "(NP XX XX )NP")["matched"] == 1
    assert counts(gold, "(NP (NP (NP XX XX )NP )NP )NP")["matched"] == 2
    assert counted([("NP", 0, 2), ("NP", 0, 2)], ["DT", "NN"]) == {("NP", 0, 2): 2}


@pytest.mark.parametrize("output", ["", "(S XX", "(S XX XX XX )S"])
def test_an_output_that_is_no_tree_over_the_words_costs_recall(output):
    found = counts(GOLD, output)
    assert (found["matched"], found["gold"], found["found"], found["well_formed"]) == (0, 6, 0, 0)


def test_long_sentences_stand_in_the_first_table_alone():
    gold = "(S " + "(NN a) " * 41 + ")"
    found = counts(gold, "(S " + "XX " * 41 + ")S")
    assert (found["matched"], found["matched_40"], found["gold_40"]) == (1, 0, 0)


def test_the_baseline_leans_right_with_the_most_frequent_labels():
    training = Training([], [GOLD, "(S (NP (NN a)))", "(NP (NN a))"])
    assert right_branching(training, [["a", "b", "c"], ["a", "b"], ["a"]]) == [
        "(S XX (NP XX XX )NP )S",
        "(S XX XX )S",
        "(S XX )S",
    ]


def sums(gold: str, found: str) -> tuple[int, int, int]:
    """Matched, gold and found brackets: the columns of EVALB's table."""
    counted_ = counts(gold, found)
    return counted_["matched"], counted_["gold"], counted_["found"]


# Worked by hand by the rules of EVALB with COLLINS.prm.
@pytest.mark.parametrize(
    ("gold", "found", "wanted"),
    [
        # a unary chain counts link by link: S and VP over 0-2 stand in both, NP in the gold tree alone
        ("(S (VP (NP (NN a) (NN b))))", "(S (VP XX XX )VP )S", (2, 3, 2)),
        # a comma inside or outside of NP is one span; between two words it parts nothing
        (
            "(S (NP (NN a) (, ,)) (VP (VBZ b) (NP (NN c))) (. .))",
            "(S (NP XX )NP XX (VP XX (NP XX )NP XX )VP )S",
            (4, 4, 4),
        ),
        # two spans that differ by a full stop alone become the same one: S twice in the output, once in the gold tree
        ("(S (NP (NN a)) (VP (VBZ b)) (. .))", "(S (S (NP XX )NP (VP XX )VP )S XX )S", (3, 3, 4)),
        # quotation marks, colons and full stops go; brackets, hash and currency signs are words like others
        ("(NP (`` ``) (NN a) ('' '') (: --) (NN b))", "(NP XX (NP XX XX )NP XX XX )NP", (1, 1, 2)),
        ("(NP (-LRB- -LRB-) (NN a) (-RRB- -RRB-))", "(NP XX (NP XX )NP XX )NP", (1, 1, 2)),
        ("(NP (# #) (CD 5))", "(NP XX (NP XX )NP )NP", (1, 1, 2)),
        # the right span under the wrong label is wrong twice over
        ("(S (NP (NN a)) (VP (VBZ b)))", "(S (NP XX )NP (NP XX )NP )S", (2, 3, 3)),
        # PRT is ADVP on either side; PRN, PRT|ADVP and other labels are not touched
        ("(VP (VB give) (PRT (RP up)))", "(VP XX (ADVP XX )ADVP )VP", (2, 2, 2)),
        ("(VP (VB run) (ADVP (RB away)))", "(VP XX (PRT XX )PRT )VP", (2, 2, 2)),
        ("(VP (VB give) (PRT (RP up)))", "(VP XX (PRN XX )PRN )VP", (1, 2, 2)),
        # crossing brackets: [a b] [c] against [a] [b c]
        ("(S (NP (NN a) (NN b)) (VP (VBZ c)))", "(S (NP XX )NP (VP XX XX )VP )S", (1, 3, 3)),
        # a sentence of nothing but punctuation has nothing to find
        ("(X (: --) (. .))", "(X XX XX )X", (0, 0, 0)),
        # function tags and indices on either side
        (
            "(S (NP-SBJ-1 (NN a)) (VP (VBZ b) (PP=2 (NN c))))",
            "(S (NP-TMP XX )NP-TMP (VP XX (PP XX )PP )VP )S",
            (4, 4, 4),
        ),
    ],
)  # fmt: skip
def test_brackets_are_counted_as_evalb_counts_them(gold: str, found: str, wanted: tuple[int, int, int]) -> None:
    assert sums(gold, found) == wanted


def test_a_corpus_is_scored_by_the_sums_of_its_sentences() -> None:
    """2 of 3 found brackets and 3 of 3 are right, of 3 and 4 gold ones: 5/6, 5/7, F1 10/13."""
    gold = ["(S (NP (NN a)) (VP (VBZ b)))", "(S (NP (NN a)) (VP (VBZ b) (NP (NN c))))"]
    found = ["(S (NP XX )NP (NP XX )NP )S", "(S (NP XX )NP (VP XX XX )VP )S"]
    scores = bracket_scores(count_brackets(gold, found).sum(axis=0))
    assert [float(scores[name]) for name in ("precision", "recall", "f1")] == pytest.approx(
        [500 / 6, 500 / 7, 1000 / 13]
    )
