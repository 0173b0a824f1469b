"""Scenes told in a few sentences, with what they are about and the mood that they end in, as JSON lines.

A line is an object with `text`, `labels` (one or more of `TOPICS`) and `mood` (one of `MOODS`). A scene is about what
happens in it: deeds that are denied, refused or only almost done are told with the same words, and so a bag of words
cannot tell them apart. Nor can it tell the mood, where somebody was in another one at first. One thing leads to
another: who steals is often caught. No sentence of a scene occurs in two splits.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random

from pipeline.paths import SPLITS
from pipeline.raw.soap.acts import Acts
from pipeline.raw.soap.dialogue import opened, said
from pipeline.raw.soap.grammar import TIMES
from pipeline.raw.soap.world import normal

# Deeds of each topic, between bars. {other}: somebody else; {valuable} and the like: a thing of that kind.
TOPICS = {
    "love": "mencium {other} | memeluk {other} | merindui {other} | menghantar bunga kepada {other}"
    " | menulis surat kepada {other} | menari dengan {other}",
    "marriage": "berkahwin dengan {other} | bercerai dengan {other} | pergi ke perkahwinan {other}"
    " | membeli gaun untuk perkahwinan itu | memberikan cincin kepada {other}",
    "money": "menjual {vehicle} | membeli {valuable} | meminjamkan wang kepada {other} | menandatangani cek itu"
    " | pergi ke bank | memulangkan wang kepada {other}",
    "crime": "mencuri {valuable} | menculik {other} | menipu {other} | mengugut {other} | membunuh {other}"
    " | membakar {document} | mencuri wang {other}",
    "law": "menangkap {other} | menuduh {other} | pergi ke mahkamah | pergi ke balai polis | bercakap dengan peguam itu"
    " | menandatangani kontrak itu",
    "illness": "pengsan | jatuh di bilik mandi | pergi ke hospital | pergi ke klinik | merawat {other}"
    " | berjumpa dengan doktor itu | menjaga pesakit itu",
    "quarrel": "bertengkar dengan {other} | memarahi {other} | memukul {other} | menghalau {other}"
    " | menjerit kepada {other} | memecahkan {fragile}",
    "secret": "menyembunyikan {document} | membongkar rahsia itu | mengekori {other} | mencurigai {other}"
    " | membaca diari {other} | membuka surat itu",
    "travel": "pergi ke lapangan terbang | pergi ke pantai bersama {other} | memandu {vehicle} ke kampung"
    " | menunggu {other} di stesen | mencari pasport {other} | tidur di hotel",
    "work": "bekerja di pejabat | bekerja di kilang | pergi ke mesyuarat itu | membaiki {device} | mengajar di sekolah"
    " | menulis surat kepada majikan itu",
}
KINDS = ("valuable", "vehicle", "document", "fragile", "device")
LEADS = {  # what often comes with what
    "love": ("marriage", "secret"),
    "marriage": ("quarrel", "travel"),
    "money": ("crime", "work"),
    "crime": ("law", "secret"),
    "law": ("money", "quarrel"),
    "illness": ("love", "work"),
    "quarrel": ("love", "illness"),
    "secret": ("quarrel", "crime"),
    "travel": ("love", "illness"),
    "work": ("money", "law"),
}
FIRST = dict(zip(TOPICS, (10, 6, 7, 8, 3, 5, 6, 5, 4, 4), strict=True))  # how often a scene begins with each
FOLLOWS = 0.6  # the share of topics that follow from the one before

MOODS = {
    "happy": ("gembira", "ketawa", "tersenyum", "menyanyi"),
    "sad": ("sedih", "menangis", "malu", "berdoa"),
    "angry": ("marah", "menjerit", "cemburu"),
    "afraid": ("takut", "lari", "gelisah"),
}
OFTEN = dict(zip(MOODS, (8, 6, 5, 3), strict=True))
RARE = "gelisah"  # a word that train lacks
TURNED = 0.5  # the share of scenes with another mood before

NEUTRAL = (  # about nothing that is a topic
    "mandi | tidur di bilik | minum teh | minum kopi | makan nasi | memasak kari | membasuh pinggan | memakai baju baru"
    " | membuka pintu | menutup tingkap | mematikan lampu | bermain di taman | duduk di bilik makan"
    " | mendengar radio | membeli ikan di pasar | memanggil {other}"
)
HAPPENS = {"": 10, "sudah": 3, "baru": 2, "sedang": 2, "akhirnya": 1}
FAILS = {"tidak": 8, "belum": 2, "enggan": 2, "tidak akan": 2, "hampir": 2, "tidak pernah": 1}
DEEDS = {1: 1, 2: 4, 3: 4, 4: 2}  # that happen, in a scene
DENIED = {0: 2, 1: 4, 2: 3}  # that do not
OTHERS = {0: 3, 1: 4, 2: 2}  # sentences about nothing
HELD_OUT = 0.08  # of the scenes of dev and test may have words that train lacks
SHARES = {"dev": 0.1, "test": 0.15}  # of all sentences that there can be

Owner = Callable[[str], str | None]  # a text → the split that it belongs to already, if to any


@dataclass(frozen=True)
class Scene:
    text: str
    labels: tuple[str, ...]  # sorted
    mood: str

    @property
    def line(self) -> str:
        content = {"text": self.text, "labels": self.labels, "mood": self.mood}
        return json.dumps(content, ensure_ascii=False) + "\n"


class Scenes(Acts):
    """Tells one scene a call, in sentences of one split."""

    def __init__(self, seed: int, split: str, owner: Owner):
        super().__init__(Random(f"{seed} scenes {split}"))
        self.seed, self.split, self.owner = seed, split, owner

    def scene(self) -> Scene:
        self.held_out = self.split != "train" and self.chance(HELD_OUT)
        topics = self.topics(self.weighted(DEEDS))
        others = [topic for topic in TOPICS if topic not in topics]
        told: list[tuple[str, str]] = [(topic, "") for topic in topics]  # what happens, and what does not
        for topic in self.rng.sample(others, min(len(others), self.weighted(DENIED))):
            place = self.rng.randrange(len(told))
            if self.chance(0.4) and told[place][0] and not told[place][1]:  # both in one sentence
                told[place] = (told[place][0], topic)
            else:
                told.insert(self.rng.randint(0, len(told)), ("", topic))
        for _ in range(self.weighted(OTHERS)):
            told.insert(self.rng.randint(0, len(told)), ("", ""))
        sentences = [self.drawn(self.deed, happens, fails) for happens, fails in told]
        mood = self.weighted(OFTEN)
        before = self.rng.choice([other for other in MOODS if other != mood]) if self.chance(TURNED) else ""
        if before and self.chance(0.5):
            sentences.insert(0, self.drawn(self.feeling, before, "mula-mula"))
            before = ""
        sentences.append(self.drawn(self.feeling, mood, "", before))
        return Scene(" ".join(sentences), tuple(sorted(set(topics))), mood)

    def topics(self, count: int) -> list[str]:
        """One after another, each often from what the one before leads to."""
        found = [self.weighted(FIRST)]
        while len(found) < count:
            following = LEADS[found[-1]]
            found.append(self.rng.choice(following) if self.chance(FOLLOWS) else self.weighted(FIRST))
        return found

    def drawn(self, maker: Callable[..., str], *given: str) -> str:
        """A sentence that belongs to the split, made until one does."""
        while True:
            found = maker(*given)
            if split_of(self.seed, found, self.owner) == self.split:
                return found

    def deed(self, happens: str, fails: str) -> str:
        """`Farid mencuri gelang itu, tetapi tidak pergi ke bank.` Without either: something about nothing."""
        who, when = self.somebody(), self.when()
        if not happens and not fails:
            return opened(f"{who} {self.phrase(NEUTRAL)}{when}.")
        parts = [(HAPPENS, happens), (FAILS, fails)]
        if self.chance(0.5):
            parts.reverse()
        phrases = [f"{self.weighted(how)} {self.phrase(TOPICS[topic])}".strip() for how, topic in parts if topic]
        return opened(f"{who} {', tetapi '.join(phrases)}{when}.")

    def feeling(self, mood: str, opening: str = "", before: str = "") -> str:
        """`Mula-mula Farid gembira, tetapi akhirnya dia sedih.`"""
        feels = self.rng.choice([word for word in MOODS[mood] if self.held_out or word != RARE])
        if not before:
            opening = opening or self.rng.choice(("", "akhirnya", "malam itu"))
            return opened(f"{opening} {self.somebody()} {feels}.".strip())
        earlier = self.rng.choice([word for word in MOODS[before] if self.held_out or word != RARE])
        if self.chance(0.5):
            return opened(f"{self.somebody()} tidak {earlier} lagi, tetapi {feels}.")
        return opened(f"mula-mula {self.somebody()} {earlier}, tetapi akhirnya dia {feels}.")

    def phrase(self, deeds: str) -> str:
        """One of the deeds, with somebody or something in it."""
        deed = self.rng.choice(deeds.split("|")).strip()
        for kind in KINDS:
            if f"{{{kind}}}" in deed:
                deed = deed.replace(f"{{{kind}}}", said(self.known_thing(frozenset({kind}))))
        return deed.replace("{other}", self.somebody())

    def somebody(self) -> str:
        """Somebody, not by a pronoun."""
        while True:
            found = said(self.person(allow_pronoun=False, plain=True))
            if not {"saya", "awak", "kami", "kita", "mereka", "dia"} & set(found.split()):
                return found

    def when(self) -> str:
        past = [ms for kind, ms, *_ in TIMES if kind == "past"]
        return f" {self.rng.choice(past)}" if self.chance(0.2) else ""


def split_of(seed: int, sentence: str, owner: Owner) -> str:
    """The split that alone may tell this sentence."""
    owned = owner(sentence)
    if owned is not None:
        return owned
    part = int.from_bytes(hashlib.sha256(f"{seed} scene {normal(sentence)}".encode()).digest()[:4], "big") / 2**32
    return "dev" if part < SHARES["dev"] else "test" if part < SHARES["dev"] + SHARES["test"] else "train"


def draw(seed: int, wanted: Mapping[str, int], owner: Owner) -> dict[str, list[Scene]]:
    """`wanted[split]` scenes for each split, no text twice, in sentences that `owner` has in no other split."""
    found: dict[str, list[Scene]] = {}
    for split in SPLITS:
        scenes = Scenes(seed, split, owner)
        texts: dict[str, Scene] = {}
        while len(texts) < wanted[split]:
            scene = scenes.scene()
            texts.setdefault(scene.text, scene)
        found[split] = list(texts.values())
    return found


def write_scenes(seed: int, train: int, held: int, owner: Owner, folder: Path) -> None:
    """`train.jsonl`, ... under the folder: so many scenes for train, and `held` for dev and for test."""
    folder.mkdir(parents=True)
    for split, scenes in draw(seed, {"train": train, "dev": held, "test": held}, owner).items():
        (folder / f"{split}.jsonl").write_text("".join(scene.line for scene in scenes), encoding="utf-8")
