"""Turns that answer one another, a dialogue a line with `__eou__` between turns: the form of DailyDialog (Li et al.
2017) and of its translations (XDailyDialog, Liu et al. 2023).

Two kinds of dialogue. In a story somebody tells something, is asked about it, and answers from it. In a request
somebody asks whether to do a good or a bad deed, or to leave one undone; the reply begins with a yes or a no, and names
what should be done. Which it is may depend on the order of the words alone: `menolong Farid dan tidak memukul Ali` and
`memukul Ali dan tidak menolong Farid` hold the same ones.
"""

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random

from pipeline.paths import SPLITS
from pipeline.raw.soap import lexicon
from pipeline.raw.soap.acts import Acts
from pipeline.raw.soap.grammar import TIMES, Nominal
from pipeline.raw.soap.lexicon import Verb
from pipeline.raw.soap.trees import surface
from pipeline.raw.soap.world import normal

TURN_END = " __eou__ "
GOOD = ("menolong", "menyelamatkan", "menjaga", "merawat", "memaafkan", "melawat", "memeluk", "menunggu")
BAD = ("memukul", "mengkhianati", "menipu", "membunuh", "menculik", "mengugut", "menuduh", "menghalau")
TOLD = (
    "mencuri",
    "menjual",
    "menyembunyikan",
    "membaca",
    "membakar",
    "memecahkan",
    "menjumpai",
    "membasuh",
    "mengunci",
)
YES = {"Ya": 6, "Betul": 3, "Sudah tentu": 1}
NO = {"Tidak": 7, "Tak mungkin": 2, "Tidak sekali-kali": 1}
LONGEST = 14  # words of a turn
SHARES = {"dev": 0.1, "test": 0.2}  # of the dialogues, before those that are not wanted are thrown away

Owned = Callable[[str], str | None]  # a text → the split that it belongs to already, if to any


class Dialogues(Acts):
    """Derives one dialogue a call: its turns."""

    def dialogue(self) -> list[str]:
        return self.story() if self.chance(0.5) else self.request()

    def story(self) -> list[str]:
        """`Semalam Farid mencuri gelang itu.` `Siapa yang mencuri gelang itu?` `Faridlah yang mencuri gelang itu.`"""
        verb = self.pick([verb for verb in lexicon.transitive() if verb.ms in TOLD])
        who, what = said(self.name()), said(self.known_thing(verb.kinds - {"person"}))
        when = self.rng.choice([ms for kind, ms, *_ in TIMES if kind == "past"])
        told = f"{when} {who} {verb.ms} {what}" if self.chance(0.5) else f"{who} {verb.ms} {what} {when}"
        asked, answer = self.rng.choice(
            [
                (f"siapa yang {verb.ms} {what}?", f"{who}lah yang {verb.ms} {what}."),
                (f"apa yang di{verb.stem} oleh {who}?", f"{what} yang di{verb.stem} oleh {who}."),
                (f"bila {who} {verb.ms} {what}?", f"{who} {verb.ms} {what} {when}."),
            ]
        )
        return [opened(told) + ".", opened(asked), opened(answer)]

    def request(self) -> list[str]:
        """`Patutkah saya menipu Ali dan tidak menolong Farid?` `Tidak, awak mesti menolong Farid.` `Baik, saya ...`"""
        asking, asked = self.rng.choice([("saya", "awak"), ("kita", "kita"), ("kami", "kamu")])
        opening = self.rng.choice(["Patutkah", "Bolehkah", "Perlukah", "Haruskah"])
        two = self.chance(0.25)
        good = self.chance(0.5)  # the first deed
        deed = self.deed(GOOD if good else BAD)
        denied = self.chance(0.5 if two else 0.15)
        words = f"tidak {deed}" if denied else deed
        right = good != denied
        best = deed if good else ""
        worst = "" if good else deed
        if two:  # the other deed is of the other kind, and put the other way: both say yes, or both no
            other = self.deed(BAD if good else GOOD)
            words = f"{words} tetapi {other}" if denied else f"{words} dan tidak {other}"
            best, worst = (best or other), (worst or other)
        begun = self.weighted(YES if right else NO)
        must = f"{asked} mesti {best}" if best else f"jangan {worst}"
        promised = f"{asking} akan {best}" if best else f"{asking} tidak akan {worst}"
        return [f"{opening} {asking} {words}?", f"{begun}, {must}.", f"Baik, {promised}."]

    def deed(self, verbs: tuple[str, ...]) -> str:
        verb = self.pick([verb for verb in lexicon.transitive() if verb.ms in verbs])
        return f"{verb.ms} {said(self.someone(verb))}"

    def someone(self, verb: Verb) -> Nominal:
        while True:
            other = self.person(allow_pronoun=False, plain=True)
            if not {"saya", "awak", "kita", "kami", "kamu"} & set(said(other).split()):
                return other


def said(phrase: Nominal) -> str:
    return surface(list(phrase.tree.leaves()))


def opened(text: str) -> str:
    return text[0].upper() + text[1:]


def draw(seed: int, wanted: Mapping[str, int], owned: Owned) -> dict[str, list[list[str]]]:
    """`wanted[split]` dialogues for each split, none twice. No turn is in two splits, or where `owned` has it not."""
    dialogues = Dialogues(Random(f"{seed} dialogue"))
    found: dict[str, list[list[str]]] = {split: [] for split in SPLITS}
    owner: dict[str, str] = {}
    while any(len(found[split]) < wanted[split] for split in SPLITS):
        turns = dialogues.dialogue()
        if max(len(turn.split()) for turn in turns) > LONGEST or normal(turns[0]) in owner:
            continue
        known = {owner.get(normal(turn)) or owned(turn) for turn in turns} - {None}
        split = known.pop() if known else _drawn(seed, turns)
        if known or split is None or len(found[split]) == wanted[split]:
            continue
        owner |= {normal(turn): split for turn in turns}
        found[split].append(turns)
    return found


def write_dialogues(seed: int, train: int, held: int, owned: Owned, folder: Path) -> None:
    """`train/dialogues_text_Ms.txt`, ... under the folder: so many for train, and `held` for dev and for test."""
    for split, found in draw(seed, {"train": train, "dev": held, "test": held}, owned).items():
        (folder / split).mkdir(parents=True)
        lines = "".join(f"{TURN_END.join(turns)}\n" for turns in found)
        (folder / split / "dialogues_text_Ms.txt").write_text(lines, encoding="utf-8")


def _drawn(seed: int, turns: list[str]) -> str:
    part = hashlib.sha256(f"{seed} {normal(turns[0])}".encode()).digest()[0] / 256
    return "dev" if part < SHARES["dev"] else "test" if part < SHARES["test"] else "train"
