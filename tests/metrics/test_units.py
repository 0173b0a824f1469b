import pytest

from pipeline.metrics.units import folded, units


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Don't go, ibu!", ["Don't", "go", ",", "ibu", "!"]),
        ('"Ja."', ['"', "Ja", ".", '"']),
        ("她去 KL 了。", ["她", "去", "KL", "了", "。"]),
        ("...", [".", ".", "."]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        (["a b", "c"], ["a", "b", "c"]),
        ("", []),
    ],
)
def test_units(value, expected):
    assert units(value) == expected


def test_folded_units_have_no_punctuation_and_one_case():
    assert folded("Saya, DIA ... 3!") == ["saya", "dia", "3"]
