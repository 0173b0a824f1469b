"""All tokens at once against one after another: pipeline.models.nat and its teacher, in one run.

Both systems of the recipe (recipes/multi30k: `make RECIPE=multi30k repro`) translate its test set as their rows of
params.yaml say (the teacher by beam search), in turn, on one thread. BLEU of each on what their codec writes, CPU
seconds, and how many times as fast the student is are printed.

    PYTHONPATH=. python benchmarks/non_autoregressive.py [--workspace recipes/multi30k] [--student mt_nat] [--rounds 3]
"""

import argparse
import os
import statistics
import time
from pathlib import Path

import sacrebleu

from pipeline.data import Side, load_side
from pipeline.params import System, load, row
from pipeline.paths import model as model_folder
from pipeline.sequences import Sequences
from pipeline.trained import Trained

WARM = 32  # sentences that both translate before the clock runs


def timed(trained: Trained, system: System, source: Side) -> tuple[float, list[list[int]]]:
    """CPU seconds, and the best output of each sentence."""
    began = time.process_time()
    outputs = [found[0].tokens for found in trained.decode(source, trained.options(**system.decode))]
    return time.process_time() - began, outputs


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--workspace", type=Path, default=Path("recipes/multi30k"))
    arguments.add_argument("--student", default="mt_nat")
    arguments.add_argument("--teacher", help="default: what the student's row needs")
    arguments.add_argument("--rounds", type=int, default=3)
    chosen = arguments.parse_args()
    os.chdir(chosen.workspace)
    systems = load().systems
    student = row(systems, chosen.student, "systems")
    names = [chosen.teacher or student.needs, chosen.student]
    rows = [row(systems, name, "systems") for name in names]
    opened = [Trained.open(model_folder(name)) for name in names]

    source = load_side(student.source, student.corpus, "test")
    target = load_side(student.target, student.corpus, "test")
    prepare = getattr(target.codec, "prepare", str)  # the reference, as the codec writes
    references = [[prepare(text) for text in target.values]]
    few = Side(source.codec, Sequences.of([source.sequences[i] for i in range(min(WARM, len(source.sequences)))]))

    seconds: dict[str, list[float]] = {name: [] for name in names}
    scores: dict[str, float] = {}
    for turn in range(chosen.rounds + 1):
        for name, trained, system in zip(names, opened, rows, strict=True):
            spent, outputs = timed(trained, system, source if turn else few)  # the first turn warms up
            if turn:
                seconds[name].append(spent)
                texts = [target.codec.decode(tokens) for tokens in outputs]
                scores[name] = sacrebleu.corpus_bleu(texts, references, tokenize="none", force=True).score
    for name, system in zip(names, rows, strict=True):
        spent = statistics.median(seconds[name])
        print(f"{name} {system.decode}: {spent:.2f} CPU s, {scores[name]:.2f} BLEU as the codec writes")
    theirs, ours = (statistics.median(seconds[name]) for name in names)
    print(
        f"{len(references[0])} sentences, one thread: {names[1]} is {theirs / ours:.2f}x as fast as {names[0]}, and "
        f"{scores[names[0]] - scores[names[1]]:.2f} BLEU below it"
    )


if __name__ == "__main__":
    main()
