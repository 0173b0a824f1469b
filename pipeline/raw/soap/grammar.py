"""One derivation → a Malay tree, its English and its Mandarin, which therefore agree.

Noun phrases carry what the other languages must know (person, number, gender); a clause joins a subject, a predicate, a
frame (tense, aspect, modality, negation) and a time, and can be said as a statement or asked as a question. What later
files need (turns, questions with their answers) are other ways to say the same `Clause`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipeline.raw.soap import english
from pipeline.raw.soap.english import BE, DO, HAVE, VerbForms
from pipeline.raw.soap.trees import Leaf, Node, capitalised, surface

Item = Node | Leaf


def leaf(tag: str, word: str) -> Leaf:
    return Leaf(tag, word)


def words(tag: str, text: str) -> tuple[Leaf, ...]:
    """`tukang masak` → two leaves with one tag."""
    return tuple(Leaf(tag, word) for word in text.split())


TRACE = Leaf("-NONE-", "*T*-1")
COMMA = Leaf(",", ",", glued=True)


@dataclass(frozen=True)
class Sentence:
    """What is said, three times, and what kind of act it is (statement, question, command)."""

    tree: Node
    en: str
    zh: str
    act: str

    @property
    def ms(self) -> str:
        return surface(list(self.tree.leaves()))


@dataclass(frozen=True)
class Nominal:
    """A noun phrase. `en_object` differs for pronouns alone; gender is m, f or n."""

    tree: Node
    en: str
    zh: str
    en_object: str = ""
    person: int = 3
    plural: bool = False
    gender: str = "n"
    definite: bool = True
    pronoun: str = ""  # the Malay pronoun, where it is one

    @property
    def en_as_object(self) -> str:
        return self.en_object or self.en

    @property
    def human(self) -> bool:
        return self.gender != "n" or self.person < 3 or bool(self.pronoun)

    @property
    def possessive(self) -> str:
        return POSSESSIVE.get(self.en) or english.possessive(self.en, self.plural)

    @property
    def zh_possessive(self) -> str:
        return f"{self.zh}的"


POSSESSIVE = {"I": "my", "you": "your", "he": "his", "she": "her", "we": "our", "they": "their"}


def _pronoun(ms: str, en: str, en_object: str, zh: str, person: int, plural: bool, gender: str = "n") -> Nominal:
    return Nominal(Node("NP", (leaf("PRP", ms),)), en, zh, en_object, person, plural, gender, pronoun=ms)


I = _pronoun("saya", "I", "me", "我", 1, False)  # noqa: E741
YOU = _pronoun("awak", "you", "you", "你", 2, False)
HE = _pronoun("dia", "he", "him", "他", 3, False, "m")
SHE = _pronoun("dia", "she", "her", "她", 3, False, "f")
WE = _pronoun("kami", "we", "us", "我们", 1, True)
WE_ALL = _pronoun("kita", "we", "us", "咱们", 1, True)
THEY = _pronoun("mereka", "they", "them", "他们", 3, True)


def pronoun_for(person: Nominal) -> Nominal:
    """The pronoun that takes up a noun phrase: *dia* has no gender, English and Mandarin take the antecedent's."""
    if person.plural:
        return THEY
    return SHE if person.gender == "f" else HE


@dataclass(frozen=True)
class Frame:
    """Tense, aspect, modality and negation at once, in three languages."""

    ms: tuple[Leaf, ...] = ()
    aux: str = ""  # English finite auxiliary: have, be, do, did, will, can, must
    adverb: str = ""  # behind the auxiliary
    form: str = "past"  # of the English verb: base, present, past, participle, gerund
    via: str = ""  # a verb between: `want to`
    end: str = ""  # English, at the very end: `yet`
    zh: str = ""
    mark: str = ""  # 了 or 过 behind the Mandarin verb
    times: str = "past"  # which time words go with it
    negative: bool = False


def _md(text: str, tag: str = "MD") -> tuple[Leaf, ...]:
    return words(tag, text)


NOT = leaf("NEG", "tidak")
EVENT = {
    "plain": (30, Frame(mark="了")),
    "perfect": (10, Frame(_md("sudah"), "have", "already", "participle", zh="已经", mark="了", times="")),
    "just": (5, Frame(_md("baru", "RB"), "have", "just", "participle", zh="刚刚", mark="了", times="")),
    "progressive": (8, Frame(_md("sedang"), "be", form="gerund", zh="正在", times="now")),
    "future": (10, Frame(_md("akan"), "will", form="base", zh="会", times="future")),
    "can": (4, Frame(_md("boleh"), "can", form="base", zh="可以", times="future")),
    "must": (5, Frame(_md("mesti"), "must", form="base", zh="必须", times="future")),
    "want": (6, Frame(_md("mahu"), form="present", via="want to", zh="想", times="future")),
    "try": (4, Frame((leaf("VB", "cuba"),), form="past", via="try to", zh="试图", times="past")),
    "refuse": (3, Frame((leaf("VB", "enggan"),), form="present", via="refuse to", zh="不肯", times="")),
    "once": (4, Frame(_md("pernah", "RB"), adverb="once", zh="曾经", mark="过", times="")),
    "not": (10, Frame((NOT,), "did", "not", "base", zh="没有", times="past", negative=True)),
    "not_yet": (5, Frame((leaf("NEG", "belum"),), "have", "not", "participle", end="yet", zh="还没有", times="")),
    "will_not": (5, Frame((NOT, *_md("akan")), "will", "not", "base", zh="不会", times="future", negative=True)),
    "cannot": (3, Frame((NOT, *_md("boleh")), "can", "not", "base", zh="不能", times="future", negative=True)),
    "not_want": (
        4,
        Frame((NOT, *_md("mahu")), "do", "not", "base", "want to", zh="不想", times="future", negative=True),
    ),
    "never": (
        4,
        Frame(
            (NOT, *_md("pernah", "RB")),
            "have",
            "never",
            "participle",
            zh="从来没有",
            mark="过",
            times="",
            negative=True,
        ),
    ),
    "habit": (4, Frame(form="present", times="habit")),
}
STATE = {
    "plain": (40, Frame(form="present", times="")),
    "still": (10, Frame(_md("masih", "RB"), adverb="still", form="present", zh="还", times="")),
    "not": (16, Frame((NOT,), "do", "not", "base", zh="不", times="", negative=True)),
    "future": (5, Frame(_md("akan"), "will", form="base", zh="会", times="")),
    "once": (6, Frame(_md("pernah", "RB"), adverb="once", zh="曾经", mark="过", times="")),
    "never": (
        5,
        Frame(
            (NOT, *_md("pernah", "RB")),
            "have",
            "never",
            "participle",
            zh="从来没有",
            mark="过",
            times="",
            negative=True,
        ),
    ),
}
QUALITY = {  # adjectives and places: English `be`
    "plain": (40, Frame(form="present", times="")),
    "still": (8, Frame(_md("masih", "RB"), adverb="still", form="present", zh="还", times="")),
    "already": (6, Frame(_md("sudah"), adverb="already", form="present", zh="已经", times="")),
    "not": (14, Frame((NOT,), adverb="not", form="present", zh="不", times="", negative=True)),
    "not_yet": (3, Frame((leaf("NEG", "belum"),), adverb="not", form="present", end="yet", zh="还不", times="")),
    "past": (8, Frame(form="past", times="past")),
    "once": (4, Frame(_md("pernah", "RB"), adverb="once", form="past", zh="曾经", times="")),
}
PAST, PRESENT_STATE = EVENT["plain"][1], STATE["plain"][1]

# kind | Malay | tag | English | Mandarin
TIMES = [
    ("past", "semalam", "NN", "yesterday", "昨天"),
    ("past", "tadi", "RB", "earlier", "刚才"),
    ("past", "minggu lepas", "NN JJ", "last week", "上个星期"),
    ("past", "malam tadi", "NN RB", "last night", "昨天晚上"),
    ("past", "pagi tadi", "NN RB", "this morning", "今天早上"),
    ("past", "dua hari lepas", "CD NN JJ", "two days ago", "两天前"),
    ("future", "esok", "NN", "tomorrow", "明天"),
    ("future", "malam ini", "NN DT", "tonight", "今晚"),
    ("future", "minggu depan", "NN JJ", "next week", "下个星期"),
    ("future", "pukul tiga", "NN CD", "at three o'clock", "三点"),
    ("future", "pukul lapan", "NN CD", "at eight o'clock", "八点"),
    ("now", "sekarang", "RB", "now", "现在"),
    ("habit", "setiap hari", "DT NN", "every day", "每天"),
    ("habit", "setiap malam", "DT NN", "every night", "每天晚上"),
    ("habit", "setiap pagi", "DT NN", "every morning", "每天早上"),
]


@dataclass(frozen=True)
class Adjunct:
    """A phrase that hangs on a verb: where Malay and English put it at the end, Mandarin puts it before the verb."""

    tree: Node
    en: str
    zh: str


@dataclass(frozen=True)
class Time(Adjunct):
    pass


@dataclass(frozen=True)
class Predicate:
    """A verb (or the English copula) with what follows it.

    `ms` are the children of the Malay VP from the verb on. Mandarin is said as `before` + verb + mark + `after`; a
    predicate without a Mandarin verb (an adjective) takes no mark. `quality` says which frames suit it.
    """

    ms: tuple[Item, ...]
    verb: VerbForms
    en: str  # behind the verb
    zh: str
    after: str = ""
    before: str = ""
    frames: str = "event"
    label: str = "VP"
    adjuncts: tuple[Adjunct, ...] = ()
    negator: str = "tidak"
    bare: str = ""  # Mandarin before an adjective when nothing else stands there: 很

    def infinitive(self) -> str:
        return _join(self.verb.base, self.en, *(a.en for a in self.adjuncts))

    def zh_with(self, prefix: str = "", mark: str = "") -> str:
        where = "".join(a.zh for a in self.adjuncts)
        return f"{prefix}{where}{self.before}{self.zh}{mark}{self.after}".replace("正在在", "正在")

    def tree(self, prefix: Sequence[Leaf] = ()) -> Node:
        """The Malay VP under its aspect and negation words, one VP over another."""
        inner = Node(self.label, (*self.ms, *(a.tree for a in self.adjuncts)), head=_head(self.ms))
        for word in reversed(prefix):
            outer: Item = Node("ADVP", (word,)) if word.tag == "RB" else word
            if word.tag in ("RB", "NEG") and inner.label == "VP":
                inner = replace(inner, children=(outer, *inner.children), head=inner.head + 1)
            else:  # `cuba` and `enggan` are verbs over a verb
                inner = Node("VP", (outer, inner), head=int(word.tag != "VB"))
        return inner


def _head(items: tuple[Item, ...]) -> int:
    """The verb, or what the copula links: the first verb leaf, else the first phrase."""
    for i, item in enumerate(items):
        if isinstance(item, Leaf) and item.tag in ("VB", "VBA", "VBN", "JJ"):
            return i
    return next((i for i, item in enumerate(items) if isinstance(item, Node)), 0)


def _join(*parts: str) -> str:
    return " ".join(part for part in parts if part)


@dataclass(frozen=True)
class Clause:
    """Who does what, when, and how sure it is: sayable as a statement, askable as a question."""

    subject: Nominal
    predicate: Predicate
    frame: Frame
    time: Time | None = None
    fronted: bool = False

    # Malay -----------------------------------------------------------------------------------------------------
    def tree(self, subject: Node | None = None) -> Node:
        first = self.predicate.ms[0]
        relation = "nsubj:pass" if isinstance(first, Leaf) and first.tag == "VBN" else "nsubj"
        phrase = (subject or replace(self.subject.tree, label="NP-SBJ", relation=relation), self._vp())
        if self.time and self.fronted:
            return Node("S", (self.time.tree, COMMA, *phrase), head=3)
        return Node("S", phrase, head=1)

    def _vp(self) -> Node:
        vp = self.predicate.tree(self.frame.ms)
        if self.time and not self.fronted:
            return replace(vp, children=(*vp.children, self.time.tree))
        return vp

    # English ---------------------------------------------------------------------------------------------------
    def finite(self) -> tuple[str, str]:
        """The finite auxiliary (empty where there is none) and the rest of the verb group, without the object."""
        frame, who = self.frame, self.subject
        verb = self.predicate.verb
        form = frame.form
        rest: list[str] = []
        if verb is BE and frame.aux in ("", "do", "did"):
            past = frame.aux == "did" or (not frame.aux and form == "past")
            return english.be(who.person, who.plural, past=past), frame.adverb
        finite = frame.aux
        if frame.aux == "have":
            finite = english.agree(HAVE, who.person, who.plural)
        elif frame.aux == "be":
            finite = english.be(who.person, who.plural)
        elif frame.aux == "do":
            finite = english.agree(DO, who.person, who.plural)
        rest.append(frame.adverb)
        if frame.via:
            helper = english.verb_forms(frame.via)
            rest.append(english.agree(helper, who.person, who.plural) if form == "present" else getattr(helper, form))
            rest.append(verb.base)
        elif form == "present":
            rest.append(english.agree(verb, who.person, who.plural))
        else:
            rest.append(getattr(verb, form))
        return finite, _join(*rest)

    def en(self, subject: str | None = None) -> str:
        aux, rest = self.finite()
        body = _join(self.subject.en if subject is None else subject, aux, rest, self._en_tail())
        body = body.replace("can not", "cannot")
        return f"{self.time.en}, {body}" if self.time and self.fronted else body

    def _en_tail(self, without_object: bool = False) -> str:
        predicate = self.predicate
        tail = "" if without_object else predicate.en
        time = self.time.en if self.time and not self.fronted else ""
        return _join(tail, *(a.en for a in predicate.adjuncts), self.frame.end, time)

    def en_question(self, without_object: bool = False) -> str:
        """`did Farid steal the ring`, `is she still angry`."""
        aux, rest = self.finite()
        if not aux:  # do-support
            form = self.frame.form
            past = form == "past"
            aux = "did" if past else english.agree(DO, self.subject.person, self.subject.plural)
            helper = english.verb_forms(self.frame.via).base if self.frame.via else ""
            rest = _join(self.frame.adverb, helper, self.predicate.verb.base)
        body = _join(aux, self.subject.en, rest, self._en_tail(without_object))
        return f"{self.time.en}, {body}" if self.time and self.fronted else body

    # Mandarin --------------------------------------------------------------------------------------------------
    def zh(self, subject: str | None = None) -> str:
        who = self.subject.zh if subject is None else subject
        time = self.time.zh if self.time else ""
        said = ("都" if who.startswith("所有") else "") + self.zh_predicate()
        return f"{time},{who}{said}" if self.fronted and time else f"{who}{time}{said}"

    def zh_predicate(self) -> str:
        prefix = self.frame.zh
        if self.predicate.bare and prefix in ("", "还", "已经", "曾经"):
            prefix += self.predicate.bare
        return self.predicate.zh_with(prefix, self.frame.mark)

    # Said ------------------------------------------------------------------------------------------------------
    def statement(self) -> Sentence:
        return finish(self.tree(), self.en(), self.zh())

    def embedded(self) -> tuple[Node, str, str]:
        return self.tree(), self.en(), self.zh()


def finish(tree: Node, en: str, zh: str, mark: str = ".", act: str = "statement") -> Sentence:
    """Capital letters and the closing mark."""
    label = tree.label
    end = {".": "。", "?": "？", "!": "！"}[mark]
    closed = capitalised(Node(label, (*tree.children, Leaf(".", mark, glued=True)), tree.head))
    return Sentence(closed, en[0].upper() + en[1:] + mark, zh.replace(",", "，") + end, act)
