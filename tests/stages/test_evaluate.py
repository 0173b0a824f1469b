import json
from pathlib import Path

import numpy as np
import pytest

from pipeline import audio, paths
from pipeline.audio import Stretch
from pipeline.metrics.catalogue import find
from pipeline.metrics.metric import Training
from pipeline.metrics.statistics import read_statistics
from pipeline.problems import Problem
from pipeline.records import TAGGED_SCHEMA, Decoded, write_decoded, write_table
from pipeline.sequences import write_json
from pipeline.stages import evaluate as stage
from pipeline.stages.evaluate import Spoken, evaluate, evaluate_sound

PARAMS = """
raw: {{r: {{kind: none}}}}
corpora: {{c: {{raw: r, kind: conllu}}}}
tokens: {{words: {{corpus: c, field: words, kind: words}}, upos: {{corpus: c, field: upos, kind: words}}}}
systems:
  pos:
    {{task: pos, corpus: c, source: tokens/words, target: tokens/upos, needs: none, also: none, model: {{kind: hmm}},
      metrics: {metrics}}}
"""


def decoded(reference, hypothesis, source=None, finished=True):
    return Decoded("id", source, reference, [hypothesis], [0.0], finished)


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text(PARAMS.format(metrics="[tagging]"))
    train = {"id": "c-1", "words": ["the", "dog"], "upos": ["DET", "NOUN"], "xpos": ["_", "_"]}
    write_table(paths.manifest("c", "train"), [train], TAGGED_SCHEMA)
    for name, field in (("words", "words"), ("upos", "upos")):
        codec = paths.encoding(f"tokens/{name}") / "codec"
        write_json(codec / "codec.json", {"kind": "words", "corpus": "c", "field": field, "options": {}})
        write_json(codec / "vocabulary.json", ["the", "dog"] if field == "words" else ["DET", "NOUN"])
        write_json(codec / "field.json", {"text": False})
    lines = [
        decoded(["DET", "NOUN"], ["DET", "NOUN"], ["the", "cat"]),
        decoded(["NOUN"], ["DET"], ["dog"]),
        decoded([], [], [], finished=False),
    ]
    write_decoded(paths.hypotheses("pos"), lines)
    return tmp_path


def test_the_score_file_is_flat_and_holds_score_interval_baseline_and_counts(workspace, capsys):
    stage.run("pos")
    scores = json.loads(paths.scores("pos").read_text())
    assert list(scores)[:4] == ["accuracy", "accuracy_low", "accuracy_high", "accuracy_baseline"]
    assert scores["accuracy"] == 66.67
    assert scores["accuracy_known"] == 50.0
    assert scores["accuracy_unknown"] == 100.0
    assert scores["accuracy_low"] <= 66.67 <= scores["accuracy_high"]
    assert scores["accuracy_baseline"] == 66.67  # `the` is DET, `dog` NOUN, and an unknown word what came first: DET
    assert (scores["sentences"], scores["tokens"], scores["unknown_words"]) == (3, 3, 1)
    assert (scores["empty"], scores["never_stopped"]) == (1, 1)
    printed = capsys.readouterr().out
    assert "pos: 3 sentences, 3 words, 1 never stopped, 1 empty" in printed
    assert "66.67  (95 % between" in printed


def test_the_same_hypotheses_are_the_same_bytes(workspace):
    stage.run("pos")
    written = paths.scores("pos"), paths.statistics("pos")
    first = [place.read_bytes() for place in written]
    stage.run("pos")
    assert [place.read_bytes() for place in written] == first


def test_what_each_sentence_adds_is_kept(workspace):
    stage.run("pos")
    kept = read_statistics(paths.statistics("pos"))
    assert len(kept.ids) == 3
    assert list(kept.metrics) == ["tagging"]
    assert find("tagging").scores(kept.metrics["tagging"].sum(axis=0))["accuracy"] == pytest.approx(200 / 3)


def test_a_misspelt_metric_is_answered_with_the_nearest_and_scores_stay(workspace):
    stage.run("pos")
    Path("params.yaml").write_text(PARAMS.format(metrics="[taging]"))
    with pytest.raises(Problem, match=r"systems\.pos\.metrics: there is no metric 'taging': did you mean tagging\?"):
        stage.run("pos")
    assert paths.scores("pos").is_file()


@pytest.mark.parametrize("metric", ["bleu", "wer", "chrf", "parsing"])
def test_a_metric_that_does_not_fit_is_named(workspace, metric):
    Path("params.yaml").write_text(PARAMS.format(metrics=f"[{metric}]"))
    with pytest.raises(Problem, match=rf"systems\.pos\.metrics: {metric} does not fit the corpus"):
        stage.run("pos")


def test_missing_and_empty_hypotheses_are_problems(workspace):
    write_decoded(paths.hypotheses("pos"), [])
    with pytest.raises(Problem, match="holds no sentence"):
        stage.run("pos")
    (paths.hypotheses("pos") / "lines.jsonl").unlink()
    with pytest.raises(Problem, match=r"pos/lines\.jsonl is missing: run `dvc repro`"):
        stage.run("pos")


class Moses:
    """A codec that lower-cases and splits the full stop off."""

    class config:
        lowercase = True

    def prepare(self, text):
        return text.lower().replace(".", " .")

    def detokenise(self, text):
        return text.replace(" .", ".")


def test_each_bleu_compares_texts_in_one_form():
    lines = [decoded("The cat sat on the mat.", "the cat sat on the mat .", source="Die Katze sass auf der Matte.")]
    scores = evaluate(lines, Training(["x"], ["y"]), Moses(), ["bleu_tokenised", "bleu", "chrf", "wer"])
    assert scores["bleu_tokenised"] == scores["bleu"] == scores["chrf"] == 100.0
    assert scores["wer"] == 0.0
    assert "tok:none" in scores["bleu_tokenised_signature"]
    assert "tok:13a" in scores["bleu_signature"]
    assert "case:lc" in scores["bleu_signature"]
    assert 0 < scores["chrf_baseline"] < 50


def test_speech_has_no_source_to_copy_and_its_baseline_is_the_most_frequent_sentence():
    lines = [decoded("selamat pagi", "selamat petang"), decoded("apa khabar", "apa khabar")]
    scores = evaluate(lines, Training([], ["apa khabar", "ya", "apa khabar"]), object(), ["wer", "cer", "bleu"])
    assert scores["wer"] == 25.0
    assert scores["wer_substitutions"] == 1
    assert scores["wer_baseline"] == 50.0
    assert scores["tokens"] == 4


def test_trees_are_scored_against_right_branching_ones():
    tree = "(S (NP (DT the) (NN dog)) (VP (VBZ barks)) (. .))"
    lines = [decoded(tree, "(S (NP XX XX )NP (VP XX )VP XX )S", ["the", "dog", "barks", "."])]
    scores = evaluate(lines, Training([["a"]], [tree]), object(), ["parsing"])
    assert next(iter(scores)) == "f1"
    assert scores["f1"] == scores["well_formed"] == scores["exact"] == 100.0
    assert (
        scores["f1_baseline"] == 33.33
    )  # (S 0 3) is right, (NP 1 3) and (NP 2 3) are not; the full stop does not count
    assert scores["tokens"] == 4


class Hearer:
    """A recogniser that hears what a test says, by the name of the file."""

    lowercase = True

    def __init__(self, **texts):
        self.texts = texts

    def hear(self, sounds):
        return [self.texts[sound.file.stem] if sound else "" for sound in sounds]


def spoken(folder, hearer=None):
    for number, name in enumerate(("train", "said1", "said2", "recorded1", "recorded2")):
        random = np.random.default_rng(number)
        audio.write(folder / f"{name}.wav", random.normal(0, 0.1, 8000).astype(np.float32), 16_000)

    def sound(name):
        return Stretch(folder / f"{name}.wav")

    found = Spoken([sound("said1"), None], [sound("recorded1"), sound("recorded2")], sound("train"))
    found.__dict__["judge"] = hearer
    return found


def synthesised():
    lines = [("Selamat pagi", True, "said1.wav", range(12)), ("Apa khabar", False, None, [])]
    return [
        Decoded(text, text, None, [], [0.0], finished, source_tokens=list(text), audio=file, focus=list(focus))
        for text, finished, file, focus in lines
    ]


def test_what_is_synthesised_is_scored_as_sound_as_a_walk_and_as_text(tmp_path):
    hearer = Hearer(train="apa pagi", said1="selamat padi", recorded1="selamat pagi", recorded2="apa kabar")
    scores = evaluate_sound(synthesised(), spoken(tmp_path, hearer), ["wer", "mcd", "failures"])
    assert [key for key in scores if f"{key}_low" in scores] == ["wer", "wer_recordings", "mcd", "failures"]
    assert scores["wer"] == 75.0  # `padi` for pagi, and nothing for two words
    assert scores["wer_recordings"] == 25.0
    assert scores["wer_baseline"] == 50.0
    assert scores["mcd"] > 0
    assert scores["mcd_baseline"] > 0
    assert scores["failures"] == 50.0
    assert (scores["skips"], scores["repeats"], scores["never_stopped"], scores["empty"]) == (1, 0, 1, 1)
    assert (scores["sentences"], scores["tokens"]) == (2, 4)


def test_speech_is_not_scored_as_text_without_a_recogniser(tmp_path):
    sounds = spoken(tmp_path)
    del sounds.__dict__["judge"]
    assert "mcd" in evaluate_sound(synthesised(), sounds, ["mcd"])
    with pytest.raises(Problem, match="speech is scored as text by a recogniser: name one as `needs`"):
        evaluate_sound(synthesised(), sounds, ["cer"])


def test_a_sound_without_its_walk_cannot_be_told_to_have_failed(tmp_path):
    lines = [Decoded("x", "x", None, [], [0.0], True, source_tokens=["x"], audio="said1.wav")]
    with pytest.raises(Problem, match="failures does not fit: the system does not tell"):
        evaluate_sound(lines, spoken(tmp_path), ["failures"])


@pytest.mark.parametrize("metric", ["mcd", "failures"])
def test_texts_are_not_scored_as_sound(metric):
    with pytest.raises(Problem, match=f"{metric} does not fit the corpus"):
        evaluate([decoded("a", "a", source="b")], Training(["a"], ["a"]), object(), [metric])


@pytest.mark.parametrize("metric", ["perplexity", "bleu_tokenised", "tagging", "parsing"])
def test_sound_is_not_scored_as_tokens(tmp_path, metric):
    hearer = Hearer(train="a", said1="a", recorded1="a", recorded2="a")
    with pytest.raises(Problem, match=f"{metric} does not fit the corpus"):
        evaluate_sound(synthesised(), spoken(tmp_path, hearer), [metric])


def test_how_sure_outputs_are_needs_scores_a_token(workspace):
    metrics = "[output_perplexity], decode: {length_penalty: 0.6}"
    Path("params.yaml").write_text(PARAMS.format(metrics=metrics))
    with pytest.raises(Problem, match=r"needs scores a token: leave decode\.length_penalty at 1"):
        stage.run("pos")


def test_how_sure_outputs_are_is_told_of_what_was_written():
    class Letters:
        def encode(self, text):
            return list(text)

    lines = [Decoded("1", "who?", "me", ["you", "I"], [-0.5, -0.7], True)]
    scores = evaluate(lines, Training([], []), Letters(), ["output_perplexity"])
    assert scores["output_perplexity"] == 1.65 and "output_perplexity_baseline" not in scores
