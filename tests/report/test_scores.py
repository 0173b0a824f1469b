import json

import pytest

from pipeline import paths
from pipeline.params import Alignment, Craft, Params, System
from pipeline.report import scores


def system(task: str = "mt", metrics: tuple[str, ...] = ("bleu", "ter")) -> System:
    sides = {"source": "tokens/a", "target": "tokens/b"}
    return System(
        task=task, corpus="c", **sides, needs="none", also="none", model=Craft(kind="x"), metrics=list(metrics)
    )


def leaderboards(systems: dict[str, System]) -> list[scores.Board]:
    return scores.leaderboards(Params(systems=systems))


@pytest.fixture
def scored(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    paths.scores("x").parent.mkdir(parents=True)

    def write(name: str, **content: float | str) -> None:
        paths.scores(name).write_text(json.dumps(content), encoding="utf-8")

    return write


def test_systems_are_ranked_by_each_metric_in_its_own_direction(scored):
    scored("a", bleu=10.0, bleu_low=9.0, bleu_high=11.0, ter=70.0, ter_baseline=99.0, sentences=5)
    scored("b", bleu=20.0, bleu_low=19.0, bleu_high=21.0, ter=80.0, ter_baseline=99.0, sentences=5)
    (board,) = leaderboards({"a": system(), "b": system(), "c": system()})
    assert board.metrics == ["bleu", "ter"]
    assert [result.system for result in board.ranked("bleu")] == ["b", "a"]
    assert [result.system for result in board.ranked("ter")] == ["a", "b"]
    assert board.figures == ["sentences"]
    assert board.missing == ["c"]


def test_strings_are_notes_and_other_numbers_are_figures(scored):
    scored("a", bleu=10.0, bleu_low=9.0, bleu_high=11.0, bleu_signature="nrefs:1", never_stopped=2)
    (board,) = leaderboards({"a": system()})
    (result,) = board.results
    assert result.notes == {"bleu_signature": "nrefs:1"}
    assert result.figures == {"never_stopped": 2}


def test_tasks_keep_the_order_of_the_parameters(scored):
    boards = leaderboards({"a": system("pos"), "b": system("asr"), "c": system("pos")})
    assert [board.task for board in boards] == ["pos", "asr"]


def test_rates_are_drawn_to_100_unless_they_exceed_it(scored):
    scored("a", bleu=4.0, bleu_low=3.0, bleu_high=5.0, ter=70.0, ter_baseline=110.0, mase=2.3, mase_baseline=2.8)
    (board,) = leaderboards({"a": system(metrics=("bleu", "ter", "mase"))})
    assert [board.top(metric) for metric in board.metrics] == [100, 150, 3]


def test_names_and_directions():
    assert scores.count_title("never_stopped") == "never stopped"
    assert scores.count_title("wer_deletions") == "WER deletions"
    assert scores.title("f1_40") == "F1 40"
    assert scores.title("bleu_tokenised") == "BLEU tokenised"
    assert scores.lower_is_better("cer")
    assert not scores.lower_is_better("accuracy_unknown")


def fused(name: str, needs: str, also: str, corpus: str = "c") -> System:
    return system("asr", ("wer",)).model_copy(update={"needs": needs, "also": also, "corpus": corpus})


def test_an_alignment_competes_on_the_corpus_that_it_aligns(scored):
    params = Params(
        alignments={"kept": Alignment(corpus="c", raw="r", system="a", texts="c")},
        systems={"a": fused("a", "none", "none"), "b": fused("b", "none", "none", "kept")},
    )
    (board,) = scores.leaderboards(params)
    assert (board.corpus, board.missing) == ("c", ["a", "b"])


def test_what_recordings_score_follows_what_synthesised_speech_does(scored):
    figures = {"mcd": 5.0, "cer": 9.0, "cer_recordings": 2.0}
    for name in ("a", "b"):
        scored(name, **figures, **{f"{key}_low": 0.0 for key in figures}, mcd_baseline=8.0, cer_baseline=90.0)
    (board,) = leaderboards({name: system("tts", ("mcd", "cer")) for name in ("a", "b")})
    assert board.metrics == ["mcd", "cer", "cer_recordings"]
    assert board.best("cer_recordings") == ""
    assert scores.lower_is_better("cer_recordings")
    assert scores.title("cer_recordings") == "CER recordings"
