"""The embedded world: a Malay soap opera, derived from a seeded grammar, in the files that a person would have.

Enters nothing but a seed. Leaves `episodes/epNN.flac` (16 kHz) with `epNN.{ms,en,zh}.srt` and `epNN.ledger.json`,
`parallel/{train,dev,test}.{ms,en,zh}`, `trees/{train,dev,test}/*.mrg` with `trees/{train,dev,test}.conllu`, and
`voices/{train,dev,test}/<reader>.flac` with `.ms.srt`: prompts that characters read without beds; and where asked for,
`dialogue/{train,dev,test}/dialogues_text_Ms.txt`: turns that answer one another, `gender/ms*.txt`: sentences about
people of every occupation, `summaries/{train,dev,test}.jsonl`: recaps with their summaries,
`questions/{train,dev,test}.{txt,json}`: stories with questions, in bAbI's form and in SQuAD's,
`scenes/{train,dev,test}.jsonl`: scenes with what they are about and their mood, and
`series/{Train/Daily-train,Test/Daily-test}.csv`: viewers of shows day by day, in M4's form. All of it was written
for this project; the voices are espeak-ng's. Train, dev and test share no sentence in any file: the last `test`
episodes are the test's, the `dev` before them the dev's. Subtitle faults are planted in training episodes alone, so
that scores are measured against clean text.
"""

from pathlib import Path

from pydantic import Field, model_validator
from rich.progress import track

from pipeline.params import Row
from pipeline.paths import SPLITS
from pipeline.raw.soap.dialogue import write_dialogues
from pipeline.raw.soap.episodes import write_episode
from pipeline.raw.soap.files import write_parallel, write_trees
from pipeline.raw.soap.occupations import write_occupations
from pipeline.raw.soap.prompts import write_prompts
from pipeline.raw.soap.questions import write_questions
from pipeline.raw.soap.scenes import write_scenes
from pipeline.raw.soap.series import write_series
from pipeline.raw.soap.speech import Speech
from pipeline.raw.soap.summaries import write_summaries
from pipeline.raw.soap.world import World

HELD_PROMPTS = 8  # training prompts for each prompt of dev, and for each of test


class Config(Row):
    """How much of the world is written. The same values give the same bytes."""

    seed: int = 1
    episodes: int = Field(40, ge=3, le=99)
    dev: int = Field(3, ge=1)  # recordings at the end, before the test's
    test: int = Field(4, ge=1)
    lines: int = Field(40, ge=1)  # a recording
    pairs: int = Field(7000, ge=1)  # training sentences in parallel/
    trees: int = Field(3000, ge=1)  # training sentences in trees/
    held: int = Field(400, ge=1)  # sentences of dev, and of test, in parallel/ and in trees/
    prompts: int = Field(800, ge=1)  # training sentences in voices/
    readers: int = Field(2, ge=1, le=10)  # who read them in turn: a woman, a man, ...
    dialogues: int = Field(0, ge=0)  # training dialogues in dialogue/; 0: no such folder
    recaps: int = Field(0, ge=0)  # training texts with summaries in summaries/; 0: no such folder
    stories: int = Field(0, ge=0)  # training stories with questions in questions/; 0: no such folder
    scenes: int = Field(0, ge=0)  # training scenes with labels in scenes/; 0: no such folder
    series: int = Field(0, ge=0)  # shows with their viewers day by day in series/; 0: no such folder
    occupations: int = Field(0, ge=0)  # sentences of an occupation and a gender in gender/; 0: no such folder
    faults: float = Field(0.05, ge=0, le=1)  # share of the cues of training episodes
    beds: float = Field(0.5, ge=0, le=1)  # share of the scenes with music or noise under them

    @model_validator(mode="after")
    def _enough_episodes(self) -> "Config":
        if self.dev + self.test >= self.episodes:
            raise ValueError(f"dev ({self.dev}) and test ({self.test}) leave no episode of {self.episodes} to train on")
        if self.prompts < self.readers:
            raise ValueError(f"prompts ({self.prompts}) leave some of the {self.readers} readers nothing to read")
        return self


def write(config: Config, folder: Path) -> None:
    world = World(config.seed)
    recordings = {"train": config.episodes - config.dev - config.test, "dev": config.dev, "test": config.test}
    spoken = world.draw("lines", {split: config.lines * count for split, count in recordings.items()}, longest=10)
    pairs = world.draw("pairs", {"train": config.pairs, "dev": config.held, "test": config.held}, longest=18)
    trees = world.draw("trees", {"train": config.trees, "dev": config.held, "test": config.held}, longest=16)
    held = max(config.readers, config.prompts // HELD_PROMPTS)
    prompts = world.draw("prompts", {"train": config.prompts, "dev": held, "test": held}, longest=10)
    if config.recaps:
        held_recaps = max(1, config.held // 2)
        recaps = {"train": config.recaps, "dev": held_recaps, "test": held_recaps}
        write_summaries(world, recaps, folder / "summaries")
    if config.dialogues:
        write_dialogues(config.seed, config.dialogues, config.held, world.owner, folder / "dialogue")
    for split in SPLITS:
        write_parallel(pairs[split], folder / "parallel", split)
        write_trees(trees[split], folder / "trees", split)
    if config.stories:
        write_questions(config.seed, config.stories, max(1, config.held // 2), world.owner, folder / "questions")
    if config.occupations:
        write_occupations(config.seed, config.occupations, world.owner, folder / "gender")
    if config.scenes:
        write_scenes(config.seed, config.scenes, config.held, world.owner, folder / "scenes")
    if config.series:
        write_series(config.seed, config.series, folder / "series")

    (folder / "episodes").mkdir()
    lines = [sentence for split in SPLITS for sentence in spoken[split]]
    seconds = 0.0
    with Speech() as speech:
        for number in track(range(config.episodes), description="episodes"):
            seconds += write_episode(
                f"ep{number + 1:02}",
                lines[number * config.lines : (number + 1) * config.lines],
                folder / "episodes",
                speech,
                fault_share=config.faults if number < recordings["train"] else 0.0,
                bed_share=config.beds,
                seed=config.seed,
            )
        read = write_prompts(prompts, config.readers, folder / "voices", speech)
    print(f"{config.episodes} episodes, {seconds / 3600:.2f} hours, {len(lines)} lines; ", end="")
    print(", ".join(f"{len(pairs[s])} pairs and {len(trees[s])} trees to {s}" for s in SPLITS), end="")
    print(f"; {read / 60:.0f} minutes of prompts")
