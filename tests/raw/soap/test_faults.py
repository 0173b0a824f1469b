"""Planted faults: a share of the cues, each told."""

from random import Random

from pipeline.raw.soap.faults import FAULTS, Cue, plant

TRUTH = [Cue(5.0 * i, 5.0 * i + 2, f"baris yang ke {i} di sini") for i in range(1, 2001)]
ENGLISH = [f"line number {i} here" for i in range(1, 2001)]


def test_no_share_no_fault() -> None:
    assert plant(TRUTH, ENGLISH, 0.0, Random(1)) == TRUTH


def test_about_the_share_and_every_kind() -> None:
    spoilt = plant(TRUTH, ENGLISH, 0.1, Random(1))
    wrong = [cue for cue in spoilt if cue.fault != "none"]
    assert 0.08 < len(wrong) / len(TRUTH) < 0.14
    assert {cue.fault for cue in wrong} == set(FAULTS)
    assert len(spoilt) == len(TRUTH)


def test_each_fault_is_what_it_is_called() -> None:
    for truth, english, cue in zip(TRUTH, ENGLISH, plant(TRUTH, ENGLISH, 0.3, Random(2)), strict=True):
        assert truth.text is not None
        same_times = (cue.start, cue.end) == (truth.start, truth.end)
        match cue.fault:
            case "none":
                assert cue == truth
            case "shift":
                assert not same_times and cue.text == truth.text and cue.start >= 0
                assert abs(cue.start - truth.start - cue.shift) < 1e-9
            case "swap":
                assert same_times and cue.text != truth.text and cue.text in {other.text for other in TRUTH}
            case "wrong_language":
                assert cue.text == english
            case "missing":
                assert cue.text is None
            case "truncated":
                assert cue.text and truth.text.startswith(cue.text) and cue.text != truth.text
            case "markup":
                assert cue.text and truth.text in cue.text and cue.text != truth.text
            case "non_speech":
                assert cue.text and truth.text not in cue.text
