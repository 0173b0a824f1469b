"""Sentences → the files that people keep text in: parallel lines, bracketed trees, CoNLL-U."""

from pathlib import Path

from pipeline.raw.soap.grammar import Sentence
from pipeline.raw.soap.trees import brackets, conllu

TREES_A_FILE = 100


def write_parallel(sentences: list[Sentence], folder: Path, split: str) -> None:
    """`train.ms`, `train.en`, `train.zh`: line i of each says the same."""
    folder.mkdir(parents=True, exist_ok=True)
    for language in ("ms", "en", "zh"):
        lines = "".join(f"{getattr(sentence, language)}\n" for sentence in sentences)
        (folder / f"{split}.{language}").write_text(lines, encoding="utf-8")


def write_trees(sentences: list[Sentence], folder: Path, split: str) -> None:
    """`train/soap_0001.mrg`, ... of a hundred trees each, and all of them in `train.conllu`."""
    (folder / split).mkdir(parents=True, exist_ok=True)
    for number, start in enumerate(range(0, len(sentences), TREES_A_FILE), 1):
        lines = "".join(f"{brackets(s.tree)}\n" for s in sentences[start : start + TREES_A_FILE])
        (folder / split / f"soap_{number:04}.mrg").write_text(lines, encoding="utf-8")
    tagged = "".join(conllu(f"{split}-{i:05}", sentence.tree) for i, sentence in enumerate(sentences, 1))
    (folder / f"{split}.conllu").write_text(tagged, encoding="utf-8")
