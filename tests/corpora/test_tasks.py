import pytest

from pipeline.corpora import tasks
from pipeline.corpora.splits import Found
from pipeline.params import configure
from pipeline.problems import Problem
from pipeline.records import Reject

OPTIONS = {
    "languages": ["ms", "en", "zh"],
    "tasks": {"en": ["ms", "en"], "zh": ["ms", "zh"]},
    "files": {split: f"{split}.*" for split in ("train", "dev", "test")},
}
TEXTS = {
    "train": {"ms": "satu\ndua\n", "en": "one\n\n", "zh": "一\n二\n"},
    "dev": {"ms": "tiga\n", "en": "three\n", "zh": "三\n"},
    "test": {"ms": "empat\n", "en": "four\n", "zh": "四\n"},
}


@pytest.fixture
def raw(tmp_path):
    for split, texts in TEXTS.items():
        for language, text in texts.items():
            (tmp_path / f"{split}.{language}").write_text(text, encoding="utf-8")
    return tmp_path


def config(**options):
    return configure(tasks.Config, OPTIONS | options, "corpora.c")


def read(raw, **options):
    return list(tasks.read(config(**options), raw, "c"))


def test_a_record_a_sentence_and_task(raw):
    found = [item for item in read(raw) if isinstance(item, Found)]
    assert [(item.split, item.record["source"], item.record["target"]) for item in found] == [
        ("train", "<en> satu", "one"),
        ("train", "<zh> satu", "一"),
        ("dev", "<en> tiga", "three"),
        ("dev", "<zh> tiga", "三"),
        ("test", "<en> empat", "four"),
        ("test", "<zh> empat", "四"),
    ]
    assert found[1].record["id"] == "c-train-0001-zh"
    assert found[1].record["task"] == "zh"
    assert [set(item.record) for item in found] == [set(tasks.schema(config()).names)] * 6


def test_a_sentence_that_lacks_a_language_is_rejected_once(raw):
    assert [item.reason for item in read(raw) if isinstance(item, Reject)] == ["no en"]


def test_the_test_split_has_the_tasks_that_are_named(raw):
    found = [item.record["source"] for item in read(raw, tested=["zh"]) if isinstance(item, Found)]
    assert found[-1] == "<zh> empat"
    assert "<en> empat" not in found
    assert "<en> tiga" in found


def test_a_copy_is_told_without_its_tag(raw):
    first, second = [item.record for item in read(raw) if isinstance(item, Found)][:2]
    assert tasks.key(config(), first) == ["satu", "one"]
    assert tasks.key(config(), second)[0] == "satu"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tasks": {}}, r"corpora\.c\.tasks"),
        ({"tasks": {"to en": ["ms", "en"]}}, "a tag is one"),
        ({"tasks": {"en": ["ms", "eng"]}}, r"tasks\.en: 'eng' is not read: did you mean en"),
        ({"tested": ["fr"]}, "there is no task 'fr'"),
        ({"files": None}, "name each split's `files`"),
    ],
)
def test_a_slip_is_told(options, message):
    with pytest.raises(Problem, match=message):
        config(**options)
