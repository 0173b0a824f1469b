from pathlib import Path

import pytest

from pipeline.problems import Problem
from pipeline.sequences import write_json
from pipeline.tokens.sentencepiece import Codec, Config

ENGLISH = [
    f"The {size} dog's {part} was under the {place}."
    for size in ("big", "small", "quick", "brown")
    for part in ("bone", "tail", "jacket", "photograph")
    for place in ("table", "floor", "roof", "wardrobe", "azalea")
]
GERMAN = [f"Der Hund liegt auf dem {place}." for place in ("Tisch", "Boden", "Dach", "Schiff")]


def fit(field: str = "en", train: dict | None = None, **options: object) -> Codec:
    options = {"vocab_size": 40, **options}
    return Codec.fit(train or {"en": ENGLISH}, field=field, config=Config.model_validate(options))


@pytest.mark.parametrize("model_type", ["bpe", "unigram"])
def test_text_comes_back(model_type: str) -> None:
    codec = fit(model_type=model_type)
    assert len(codec) == 40
    for text in [*ENGLISH, "The  big photo", "roof"]:
        ids = codec.encode(text)
        assert ids.dtype == "int32" and ids.min() > codec.END
        assert codec.decode(ids) == text


@pytest.mark.parametrize("model_type", ["bpe", "unigram"])
def test_the_same_texts_give_the_same_bytes(model_type: str) -> None:
    assert fit(model_type=model_type).model == fit(model_type=model_type).model


def test_special_ids() -> None:
    codec = fit()
    assert codec.tokens([0, 1, 2, 3]) == ["<pad>", "<unk>", "<s>", "</s>"]
    assert codec.decode([2, *codec.encode("The dog"), 3, 0]) == "The dog"


def test_an_unknown_character_is_id_1_or_bytes() -> None:
    assert codec_ids(fit(), "ж").count(1) == 1
    spelt = fit(vocab_size=320, byte_fallback=True)
    assert 1 not in codec_ids(spelt, "ж") and spelt.decode(spelt.encode("ж")) == "ж"


def codec_ids(codec: Codec, text: str) -> list[int]:
    ids: list[int] = codec.encode(text).tolist()
    return ids


def test_no_text_is_an_empty_array() -> None:
    codec = fit()
    for value in ("", None):
        assert codec.encode(value).shape == (0,) and codec.encode(value).dtype == "int32"
    assert codec.decode([]) == ""


def test_moses_tokens_in_lower_case() -> None:
    codec = fit(tokenise="moses", lowercase=True)
    decoded = codec.decode(codec.encode("The big dog's bone."))
    assert decoded == "the big dog 's bone ." == codec.prepare("The big dog's bone.")
    assert codec.detokenise(decoded) == "the big dog's bone."


def test_two_fields_share_one_vocabulary_and_keep_their_own_rules() -> None:
    train = {"de": GERMAN, "en": ENGLISH}
    options = {"vocab_size": 80, "tokenise": "moses"}
    english = fit("en", train, **options, **{"with": ["de"]})
    german = fit("de", dict(reversed(train.items())), **options, **{"with": ["en"]})
    assert english.model == german.model
    assert english.prepare("it's") == "it 's" and german.prepare("it's") == "it ' s"


def test_the_language_may_differ_from_the_name_of_the_field() -> None:
    codec = fit("source", {"source": GERMAN}, tokenise="moses", languages={"source": "de"}, vocab_size=40)
    assert codec.prepare("am 3. Mai") == "am 3. Mai" and codec.prepare("it's") == "it ' s"


def test_nfkc_folds_characters_where_identity_keeps_them() -> None:
    texts = {"en": [*ENGLISH, "ﬁne ①"]}
    assert fit(train=texts).decode(fit(train=texts).encode("ﬁne ①")) == "ﬁne ①"
    folding = fit(train=texts, normalisation="nfkc")
    assert folding.decode(folding.encode("ﬁne ①")) == "fine 1"


def test_what_was_saved_loads(tmp_path: Path) -> None:
    codec = fit(lowercase=True)
    codec.save(tmp_path)
    options = {"vocab_size": 40, "lowercase": True}
    write_json(tmp_path / "codec.json", {"kind": "sentencepiece", "field": "en", "options": options})
    loaded = Codec.load(tmp_path)
    assert loaded.model == codec.model and loaded.encode("THE dog").tolist() == codec.encode("the dog").tolist()


def test_a_vocabulary_too_large_names_the_largest() -> None:
    with pytest.raises(Problem, match=r"vocab_size 5000 is too many .* take \d+ or less"):
        fit(vocab_size=5000)


def test_a_vocabulary_too_small_is_refused() -> None:
    with pytest.raises(Problem, match="5 pieces from en"):
        fit(vocab_size=5)


@pytest.mark.parametrize("texts", [[], ["", None]])
def test_no_training_text_is_refused(texts: list) -> None:
    with pytest.raises(Problem, match="no training text"):
        fit(train={"en": texts})
