"""The embedded world on disk: the files that are promised, the same bytes each time, no sentence in two splits."""

import hashlib
import json
from pathlib import Path

import conllu
import nltk
import pytest
import soundfile

from pipeline.params import configure
from pipeline.problems import Problem
from pipeline.raw import soap
from pipeline.raw.soap import lexicon
from pipeline.raw.soap.world import normal

TINY = {
    "episodes": 4,
    "dev": 1,
    "test": 1,
    "lines": 6,
    "pairs": 60,
    "trees": 40,
    "held": 12,
    "faults": 0.4,
    "prompts": 8,
    "dialogues": 30,
    "scenes": 5,
    "series": 3,
    "occupations": 1,
}
SPLITS = ("train", "dev", "test")


def written(folder: Path, **options: object) -> Path:
    folder.mkdir()
    soap.write(configure(soap.Config, {**TINY, **options}, "raw.soap"), folder)
    return folder


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("world") / "soap")


def hashes(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def cues(path: Path) -> list[str]:
    return [block.split("\n", 2)[2] for block in path.read_text(encoding="utf-8").strip().split("\n\n")]


def test_two_runs_give_the_same_bytes(world: Path, tmp_path: Path) -> None:
    assert hashes(world) == hashes(written(tmp_path / "again"))


def test_another_seed_gives_another_world(world: Path, tmp_path: Path) -> None:
    other = hashes(written(tmp_path / "other", seed=2))
    assert all(other[name] != value for name, value in hashes(world).items())


def test_the_files_are_there(world: Path) -> None:
    expected = {f"episodes/ep{n:02}.{end}" for n in range(1, 5) for end in ("flac", "ms.srt", "en.srt", "zh.srt")}
    expected |= {f"episodes/ep{n:02}.ledger.json" for n in range(1, 5)}
    expected |= {
        f"voices/{split}/{reader}.{end}"
        for split in SPLITS
        for reader in ("Aminah", "Farid")
        for end in ("flac", "ms.srt")
    }
    expected |= {f"parallel/{split}.{language}" for split in SPLITS for language in ("ms", "en", "zh")}
    expected |= {f"dialogue/{split}/dialogues_text_Ms.txt" for split in SPLITS}
    expected |= {f"gender/{name}.txt" for name in ("ms", "ms_pro", "ms_anti")}
    expected |= {f"scenes/{split}.jsonl" for split in SPLITS}
    expected |= {"series/Train/Daily-train.csv", "series/Test/Daily-test.csv"}
    expected |= {f"trees/{split}.conllu" for split in SPLITS} | {f"trees/{split}/soap_0001.mrg" for split in SPLITS}
    assert set(hashes(world)) == expected


def test_no_sentence_is_in_two_splits_of_any_files(world: Path) -> None:
    for language in ("ms", "en", "zh"):
        texts: dict[str, set[str]] = {split: set() for split in SPLITS}
        for split, episodes in (("train", (1, 2)), ("dev", (3,)), ("test", (4,))):
            texts[split].update((world / f"parallel/{split}.{language}").read_text(encoding="utf-8").splitlines())
            if language == "ms":
                for sentence in conllu.parse((world / f"trees/{split}.conllu").read_text(encoding="utf-8")):
                    texts[split].add(sentence.metadata["text"])
                turns = (world / f"dialogue/{split}/dialogues_text_Ms.txt").read_text(encoding="utf-8")
                texts[split].update(turns.strip().replace(" __eou__ ", "\n").split("\n"))
                for reader in ("Aminah", "Farid"):
                    prompts = cues(world / f"voices/{split}/{reader}.ms.srt")
                    texts[split].update(prompt.removeprefix(f"[{reader}]: ") for prompt in prompts)
            for number in episodes:
                ledger = json.loads((world / f"episodes/ep{number:02}.ledger.json").read_text(encoding="utf-8"))
                spoken = {cue["text"] for cue in ledger["cues"]}
                texts[split].update(
                    spoken if language == "ms" else cues(world / f"episodes/ep{number:02}.{language}.srt")
                )
        if language == "ms":
            told = (world / "gender/ms.txt").read_text(encoding="utf-8").splitlines()
            texts["test"].update(line.split("\t")[2] for line in told)
        forms = {split: {normal(text) for text in found} for split, found in texts.items()}
        assert not forms["train"] & forms["dev"]
        assert not forms["train"] & forms["test"]
        assert not forms["dev"] & forms["test"]


def test_training_files_have_no_held_out_word(tmp_path: Path) -> None:
    folder = written(tmp_path / "soap", pairs=400, held=60)
    rare = {word.lower() for word in lexicon.held_out()}

    def known(split: str) -> set[str]:
        text = normal((folder / f"parallel/{split}.ms").read_text(encoding="utf-8"))
        return {word for word in rare if f" {word} " in f" {text} "}

    assert known("train") == set()
    assert known("dev") | known("test")


def test_trees_and_tags_agree(world: Path) -> None:
    for split in SPLITS:
        lines = (world / f"trees/{split}/soap_0001.mrg").read_text(encoding="utf-8").splitlines()
        trees = [nltk.Tree.fromstring(line, remove_empty_top_bracketing=True) for line in lines]
        sentences = conllu.parse((world / f"trees/{split}.conllu").read_text(encoding="utf-8"))
        assert len(trees) == len(sentences)
        for tree, sentence in zip(trees, sentences, strict=True):
            spoken = [(word, tag) for word, tag in tree.pos() if tag != "-NONE-"]
            rows = [token for token in sentence if isinstance(token["id"], int)]
            assert spoken == [(row["form"], row["xpos"]) for row in rows]


def test_dependencies_are_trees(world: Path) -> None:
    for sentence in conllu.parse((world / "trees/train.conllu").read_text(encoding="utf-8")):
        rows = [token for token in sentence if isinstance(token["id"], int)]
        assert sum(row["head"] == 0 for row in rows) == 1
        heads = {row["id"]: row["head"] for row in rows}
        for start in heads:
            place, steps = start, 0
            while place:
                place, steps = heads[place], steps + 1
                assert steps <= len(heads)
        assert all(row["deprel"] != "dep" for row in rows)


def test_audio_is_as_long_as_its_cues_say(world: Path) -> None:
    for number in range(1, 5):
        ledger = json.loads((world / f"episodes/ep{number:02}.ledger.json").read_text(encoding="utf-8"))
        info = soundfile.info(world / f"episodes/ep{number:02}.flac")
        assert (info.samplerate, info.channels) == (16_000, 1)
        ends = [cue["end"] for cue in ledger["cues"]]
        starts = [cue["start"] for cue in ledger["cues"]]
        assert len(ends) == TINY["lines"]
        assert all(end <= later + 0.2 for end, later in zip(ends, starts[1:], strict=False))
        assert ends[-1] < info.duration < ends[-1] + 1


def test_faults_are_planted_in_training_alone_and_told(world: Path) -> None:
    faulty = 0
    for number, split in ((1, "train"), (2, "train"), (3, "dev"), (4, "test")):
        ledger = json.loads((world / f"episodes/ep{number:02}.ledger.json").read_text(encoding="utf-8"))
        wrong = [cue for cue in ledger["cues"] if cue["fault"] != "none"]
        faulty += len(wrong)
        shown = cues(world / f"episodes/ep{number:02}.ms.srt")
        assert sorted(shown) == sorted(cue["subtitle"] for cue in ledger["cues"] if cue["subtitle"] is not None)
        if split != "train":
            assert not wrong
    assert faulty


def test_episodes_must_leave_some_to_train_on() -> None:
    with pytest.raises(Problem, match="leave no episode of 4 to train on"):
        configure(soap.Config, {"episodes": 4, "dev": 2, "test": 2}, "raw.soap")
