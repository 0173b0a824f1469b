"""Seeded choices → sentences: who appears in the soap and what they do, and how it is put.

`Derivation(rng, held_out)` derives one `Sentence` a call. Words marked as held out in the lexicon are used only when
`held_out` is true. New acts (a turn and its reply, a question with its answer) are new methods over the same clauses.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import TypeVar

from pipeline.raw.soap import english, lexicon
from pipeline.raw.soap.english import BE, verb_forms
from pipeline.raw.soap.grammar import (
    EVENT,
    HE,
    PAST,
    PRESENT_STATE,
    QUALITY,
    SHE,
    STATE,
    THEY,
    TRACE,
    WE,
    WE_ALL,
    YOU,
    Adjunct,
    Clause,
    Frame,
    I,
    Nominal,
    Predicate,
    leaf,
    pronoun_for,
    words,
)
from pipeline.raw.soap.lexicon import Adjective, Verb, Word
from pipeline.raw.soap.trees import Leaf, Node

FELT = ("menangis", "ketawa", "menjerit", "pengsan", "tersenyum", "berbohong")  # what one person can make another do
ALONE = ("tidur", "mandi", "pengsan", "jatuh", "hilang")  # not said of what people do together
SOUNDS = ("menangis", "ketawa", "menyanyi", "menjerit", "berdoa")
LASTING = ("menunggu", "menangis", "bekerja", "berehat", "bermain", "menari", "tidur")
PASSING = {"marah", "sedih", "gembira", "letih", "kotor", "bersih", "tua", "kaya", "miskin", "masak", "rosak"}
SUITED = (  # adjectives for kinds of nouns that not every adjective suits
    ({"animal"}, ("besar", "kecil", "hitam", "putih", "kuat", "kuning")),
    ({"food"}, ("besar", "kecil", "mahal", "murah")),
    ({"secret", "told"}, ("lama", "baru", "besar", "penting")),
)
T = TypeVar("T")
NUMBERS = [("dua", "two", "两"), ("tiga", "three", "三"), ("empat", "four", "四"), ("lima", "five", "五")]
SHORT_ZH = "新旧大小老"  # adjectives that stand before a noun without 的


EVERYONE = Nominal(Node("NP", (leaf("PRP", "semua"),)), "everyone", "大家", gender="m", pronoun="semua")


def without_determiner(item: Node | Leaf) -> Node | Leaf:
    """`laci itu` → `laci`, inside a phrase whose own *itu* closes it."""
    return replace(item, children=item.children[:-1]) if isinstance(item, Node) else item


def noun_leaves(word: Word) -> tuple[Leaf, ...]:
    """`tukang masak`, `jam tangan`: each part a noun; but *lelaki* (male) behind another noun is an adjective."""
    first, *others = word.ms.split()
    return (leaf("NN", first), *(leaf("JJ" if other in ("lelaki", "perempuan") else "NN", other) for other in others))


def being(word: Word, plural: bool = False) -> Predicate:
    """What somebody is: `seorang jurutera`, *an engineer*."""
    if plural:
        return Predicate(
            (Node("NP", noun_leaves(word)),),
            BE,
            english.plural(word.en),
            "是",
            after=word.zh,
            frames="identity",
            label="NP",
            negator="bukan",
        )
    return Predicate(
        (Node("NP", (leaf("CD", "seorang"), *noun_leaves(word)), head=1),),
        BE,
        english.article(english.singular(word.en)),
        "是",
        after=f"一{word.zh_classifier}{word.zh}",
        frames="identity",
        label="NP",
        negator="bukan",
    )


class Derivation:
    def __init__(self, rng: Random, held_out: bool = False):
        self.rng = rng
        self.held_out = held_out

    # Choices ---------------------------------------------------------------------------------------------------
    def pick(self, items: Sequence[T]) -> T:
        """One of the items; held-out words only where they are allowed, and then more often than others."""
        allowed = [item for item in items if self.held_out or not getattr(item, "held_out", False)]
        if self.held_out and self.rng.random() < 0.15:
            allowed = [item for item in allowed if getattr(item, "held_out", False)] or allowed
        return self.rng.choice(allowed)

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def weighted(self, items: Mapping[T, float]) -> T:
        return self.rng.choices(list(items), list(items.values()))[0]

    def frame(self, kind: str) -> Frame:
        table = {"event": EVENT, "state": STATE, "quality": QUALITY}[kind]
        return self.rng.choices([f for _, f in table.values()], [w for w, _ in table.values()])[0]

    # Noun phrases ----------------------------------------------------------------------------------------------
    def gender(self, word: Word) -> str:
        return "f" if self.chance(word.share) else "m"

    def name(self) -> Nominal:
        word = self.pick(lexicon.names())
        return Nominal(Node("NP", words("NNP", word.ms)), word.en, word.zh, gender=self.gender(word))

    def speaker_or_hearer(self) -> Nominal:
        return self.weighted({I: 5, YOU: 4, WE: 1.2, WE_ALL: 0.8, THEY: 1.5})

    def lone_pronoun(self) -> Nominal:
        """A *dia* whose antecedent is not in the sentence: men are spoken of more often, as the world has it."""
        return HE if self.chance(0.75) else SHE

    def relative_of(self, owner: Nominal | None = None) -> Nominal:
        """`ibu saya`, `suami Aminah`; with `owner` the clitic *-nya* that takes it up: `ibunya`."""
        word = self.pick(lexicon.kin())
        if word.ms in ("suami", "isteri") and owner is not None:
            word = self.spouse(owner)
        if owner is not None:
            taken = pronoun_for(owner)
            clitic = Leaf("PRP$", "nya", glued=True)
            tree = Node("NP", (*noun_leaves(word), clitic))
            zh = f"{taken.zh}{word.zh}" if not taken.plural else f"{taken.zh}的{word.zh}"
            en = f"{taken.possessive} {word.en}"
        else:
            other = self.name() if self.chance(0.45) else self.weighted({I: 6, YOU: 3, WE: 1})
            if word.ms in ("suami", "isteri") and not other.pronoun:
                word = self.spouse(other)
            en = f"{other.possessive} {word.en}"
            if other.pronoun:
                tree = Node("NP", (*noun_leaves(word), leaf("PRP$", other.pronoun)))
                zh = f"{other.zh}{word.zh}"
            else:
                tree = Node("NP", (*noun_leaves(word), other.tree))
                zh = f"{other.zh}的{word.zh}"
        return Nominal(tree, en, zh, gender=self.gender(word))

    def spouse(self, of: Nominal) -> Word:
        wanted = "suami" if of.gender == "f" else "isteri"
        return next(word for word in lexicon.kin() if word.ms == wanted)

    def noun_phrase(self, word: Word, *, plain: bool = False) -> Nominal:
        """A common noun with a determiner, a number, an adjective, a phrase or a relative clause."""
        human = "person" in word.kinds
        gender = self.gender(word) if human else "n"
        adjective = self.adjective_for(word, gender) if not plain and self.chance(0.2) else None
        adjectives = () if adjective is None else (leaf("JJ", adjective.ms),)
        noun = noun_leaves(word)
        en_noun, zh_noun = english.singular(word.en), word.zh
        en_plural = english.plural(word.en)
        if adjective:
            en_noun, en_plural = f"{adjective.en} {en_noun}", f"{adjective.en} {en_plural}"
            zh_noun = f"{adjective.zh}{'' if adjective.zh in SHORT_ZH else '的'}{zh_noun}"
        shapes = {"that": 10, "this": 2.5, "one": 4, "number": 2, "many": 1.5, "mine": 0 if human else 4}
        if human and not plain:
            shapes.update({"relative": 2, "with": 0.8, "all": 0.6})
        if not human and not plain:
            shapes.update({"relative": 1.5, "located": 1.2})
        if word.ms == "orang":  # *dua orang orang*: the classifier is the noun
            shapes.update({"one": 0, "number": 0})
        shape = self.weighted(shapes)
        if shape == "number":
            ms, en, zh = self.rng.choice(NUMBERS)
            tree = Node("NP", (leaf("CD", ms), leaf("CL", word.classifier), *noun, *adjectives), head=2)
            zh_text = f"{zh}{word.zh_classifier}{zh_noun}"
            return Nominal(tree, f"{en} {en_plural}", zh_text, plural=True, gender=gender, definite=False)
        if shape == "one":
            count = f"se{word.classifier}"
            tree = Node("NP", (leaf("CD", count), *noun, *adjectives), head=1)
            return Nominal(
                tree, english.article(en_noun), f"一{word.zh_classifier}{zh_noun}", gender=gender, definite=False
            )
        if shape == "many":  # a reduplicated plural: doktor-doktor itu
            first, *others = noun
            many = (leaf("NNS", f"{first.word}-{first.word}"), *others)
            tree = Node("NP", (*many, *adjectives, leaf("DT", "itu")))
            return Nominal(tree, f"the {en_plural}", f"那些{zh_noun}", plural=True, gender=gender)
        if shape == "all":
            tree = Node("NP", (leaf("DT", "semua"), *noun, *adjectives, leaf("DT", "itu")), head=1)
            return Nominal(tree, f"all the {en_plural}", f"所有的{zh_noun}", plural=True, gender=gender)
        if shape == "mine":
            owner = self.name() if self.chance(0.4) else self.weighted({I: 5, YOU: 4, WE: 1, THEY: 0.7})
            tail = leaf("PRP$", owner.pronoun) if owner.pronoun else owner.tree
            tree = Node("NP", (*noun, *adjectives, tail))
            return Nominal(tree, f"{owner.possessive} {en_noun}", f"{owner.zh_possessive}{zh_noun}")
        if shape == "with":
            return self.with_thing(noun, adjectives, en_noun, zh_noun, word, gender)
        if shape == "located":
            if self.chance(0.4):
                where = self.side()
                if where.tree.children[2:] == (Node("NP", (*noun, leaf("DT", "itu"))),):
                    return self.noun_phrase(word, plain=True)
                inside = Node("PP", (*where.tree.children[:2], without_determiner(where.tree.children[2])), head=2)
            else:
                where = self.at_place()
                where = replace(where, zh=where.zh.removeprefix("在"))
                inside = where.tree
            tree = Node("NP", (*noun, *adjectives, inside, leaf("DT", "itu")))
            return Nominal(tree, f"the {en_noun} {where.en}", f"{where.zh}的那{word.zh_classifier}{zh_noun}")
        if shape == "relative":
            return self.relative_clause(noun, adjectives, en_noun, zh_noun, word, gender)
        determiner, en, zh = ("ini", "this", "这") if shape == "this" else ("itu", "the", "那")
        tree = Node("NP", (*noun, *adjectives, leaf("DT", determiner)))
        return Nominal(tree, f"{en} {en_noun}", f"{zh}{word.zh_classifier}{zh_noun}", gender=gender)

    def with_thing(
        self, noun: tuple[Leaf, ...], adjectives: tuple[Leaf, ...], en: str, zh: str, word: Word, gender: str
    ) -> Nominal:
        """`lelaki dengan payung merah itu`: the phrase hangs on the noun, where an instrument hangs on the verb."""
        thing = self.pick([t for t in lexicon.things() if t.kinds & {"tool", "clothes", "container"}])
        adjective = self.pick([a for a in lexicon.adjectives() if a.kinds & {"colour"}])
        inside = Node("NP", (*noun_leaves(thing), leaf("JJ", adjective.ms)))
        phrase = Node("PP", (leaf("IN", "dengan"), inside), head=1)
        tree = Node("NP", (*noun, *adjectives, phrase, leaf("DT", "itu")))
        held = english.article(f"{adjective.en} {english.singular(thing.en)}")
        return Nominal(
            tree, f"the {en} with {held}", f"那{word.zh_classifier}有{adjective.zh}{thing.zh}的{zh}", gender=gender
        )

    def relative_clause(
        self, noun: tuple[Leaf, ...], adjectives: tuple[Leaf, ...], en: str, zh: str, word: Word, gender: str
    ) -> Nominal:
        """`doktor yang menolong Aminah itu`; of a thing, `surat yang ditulis oleh Farid itu` or `yang saya baca`."""
        human = "person" in word.kinds
        which = Node("WHNP-1", (leaf("WP", "yang"),))
        head = Nominal(Node("NP", noun), en, zh, gender=gender)
        if human:
            verb = self.pick([v for v in lexicon.transitive() if "person" in v.kinds])
            other = self.name() if self.chance(0.6) else self.relative_of()
            frame = (
                PRESENT_STATE if verb.state else self.rng.choice([PAST, PAST, EVENT["will_not"][1], EVENT["not"][1]])
            )
            clause = Clause(head, self.act_on(verb, other), frame)
            body = clause.tree(Node("NP-SBJ", (TRACE,)))
            en_body, zh_body = f"who {clause.en('')}", clause.zh("")
        else:
            verbs = [v for v in lexicon.transitive() if v.kinds & word.kinds and not v.state and v.passive]
            if not verbs:
                return self.noun_phrase(word, plain=True)
            verb = self.pick(verbs)
            zh_verb = f"{verb.zh}"
            if self.chance(0.5):
                agent = self.name()
                by = Node("PP", (leaf("IN", "oleh"), Node("NP-LGS", agent.tree.children)), head=1)
                vp = Node("VP", (leaf("VBN", f"di{verb.stem}"), by))
                body = Node("S", (Node("NP-SBJ", (TRACE,)), vp), head=1)
                en_body, zh_body = f"that was {verb.en.participle} by {agent.en}", f"{agent.zh}{zh_verb}"
            else:
                agent = self.weighted({I: 5, YOU: 3, WE: 1})
                vp = Node("VP", (leaf("VB", verb.stem), Node("NP", (TRACE,))))
                body = Node("S", (Node("NP-SBJ", agent.tree.children), vp), head=1)
                en_body, zh_body = f"that {agent.en} {verb.en.past}", f"{agent.zh}{zh_verb}"
        clause_node = Node("SBAR", (which, body), head=1)
        tree = Node("NP", (*noun, *adjectives, clause_node, leaf("DT", "itu")))
        return Nominal(tree, f"the {en} {en_body}", f"那{word.zh_classifier}{zh_body}的{zh}", gender=gender)

    def adjective_for(self, word: Word, gender: str) -> Adjective:
        """An adjective that suits the noun: no angry house, no old (旧) bird."""
        if "person" in word.kinds:
            wanted = {"person", "woman" if gender == "f" else "man"}
            return self.pick([a for a in lexicon.adjectives() if a.kinds & wanted])
        if "fruit" in word.kinds and self.chance(0.6):
            return self.pick([a for a in lexicon.adjectives() if "fruit" in a.kinds])
        for kinds, named in SUITED:
            if word.kinds & kinds:
                return self.pick([a for a in lexicon.adjectives() if a.ms in named])
        return self.pick([a for a in lexicon.adjectives() if a.kinds & {"thing", "colour"}])

    def stuff(self, word: Word) -> Nominal:
        if word.measure and self.chance(0.5):
            ms, en, zh = word.measure
            tree = Node("NP", (leaf("CD", ms), leaf("NN", word.ms)), head=1)
            return Nominal(tree, f"{en} {word.en}", f"{zh}{word.zh}", definite=False)
        if self.chance(0.4):
            tree = Node("NP", (leaf("NN", word.ms), leaf("DT", "itu")))
            return Nominal(tree, f"the {word.en}", f"那些{word.zh}")
        return Nominal(Node("NP", (leaf("NN", word.ms),)), word.en, word.zh, definite=False)

    def person(self, *, allow_pronoun: bool = True, plain: bool = False) -> Nominal:
        draw = self.rng.random()
        if allow_pronoun and draw < 0.26:
            return self.speaker_or_hearer()
        if allow_pronoun and draw < 0.32:
            return self.lone_pronoun()
        draw = self.rng.random()
        if draw < 0.03 and not plain:
            return EVERYONE
        if draw < 0.36:
            return self.name()
        if draw < 0.6:
            return self.relative_of()
        if draw < 0.66 and not plain:
            return self.couple()
        table = lexicon.OCCUPATIONS if draw < 0.9 else lexicon.PEOPLE
        return self.noun_phrase(self.pick(lexicon.people(table)), plain=plain)

    def couple(self) -> Nominal:
        first, second = self.name(), self.name() if self.chance(0.6) else self.relative_of()
        if first.en == second.en:
            return first
        tree = Node("NP", (first.tree, leaf("CC", "dan"), second.tree))
        gender = "f" if first.gender == second.gender == "f" else "m"
        return Nominal(tree, f"{first.en} and {second.en}", f"{first.zh}和{second.zh}", plural=True, gender=gender)

    def thing(self, kinds: frozenset[str]) -> Nominal:
        fitting = [w for w in (*lexicon.things(), *lexicon.stuff()) if w.kinds & kinds]
        word = self.pick(fitting)
        return self.stuff(word) if word in lexicon.stuff() else self.noun_phrase(word)

    # Predicates ------------------------------------------------------------------------------------------------
    def act_on(self, verb: Verb, what: Nominal, adjuncts: tuple[Adjunct, ...] = ()) -> Predicate:
        return Predicate(
            (leaf(verb.tag, verb.ms), what.tree),
            verb.en,
            what.en_as_object,
            verb.zh,
            after=what.zh,
            frames="state" if verb.state else "event",
            adjuncts=adjuncts,
        )

    def object_of(self, verb: Verb, subject: Nominal) -> Nominal:
        """Something the verb can take; a person that is not the subject itself."""
        kinds = verb.kinds
        if "worn" in kinds:
            kinds = frozenset({"clothes"})
        things = kinds - {"person"}
        if "person" in kinds and (not things or self.chance(0.6)):
            singular = subject.person == 3 and not subject.plural and subject.human
            if singular and not subject.pronoun and self.chance(0.3):
                return self.relative_of(owner=subject)
            while True:
                other = self.person()
                if other.pronoun != subject.pronoun or not other.pronoun:
                    first = {other.person, subject.person} == {1} or {other.person, subject.person} == {2}
                    if not first and other.en != subject.en:
                        return other
        return self.thing(things)

    def adjuncts(self, verb: Verb) -> tuple[Adjunct, ...]:
        if verb.state:
            return ()
        draw = self.rng.random()
        if draw < 0.14:
            return (self.at_place(),)
        if draw > 0.94:
            return (self.around(),)
        if draw > 0.8 and verb.kinds & {"bought", "cooked", "written"}:
            return (self.benefit(),)
        if draw > 0.9:
            return (self.beside(),)
        if draw < 0.2 and verb.ms in ("memukul", "membunuh", "mengugut", "memecahkan"):
            return (self.with_tool(),)
        if draw < 0.27 and "person" not in verb.kinds and verb.ms not in ALONE:
            return (self.together(),)
        if draw < 0.34:
            return (self.manner(verb),)
        return ()

    def at_place(self) -> Adjunct:
        place = self.pick(lexicon.places())
        tree = Node("PP", (leaf("IN", "di"), Node("NP", words("NN", place.ms))), head=1)
        return Adjunct(tree, place.en, f"在{place.zh}")

    def side(self) -> Adjunct:
        """`di dalam laci itu`, `di bawah meja itu`."""
        ms, en, zh, kinds = self.rng.choice(lexicon.rows(lexicon.SIDES))
        word = self.pick(
            [t for t in lexicon.things() if t.kinds & set(kinds.split()) and t.ms not in ("pintu", "tingkap")]
        )
        thing = Node("NP", (*noun_leaves(word), leaf("DT", "itu")))
        tree = Node("PP", (leaf("IN", "di"), leaf("IN", ms), thing), head=2)
        noun = f"那{word.zh_classifier}{word.zh}"
        return Adjunct(tree, f"{en} the {english.singular(word.en)}", f"{noun}{zh}")

    def beside(self) -> Adjunct:
        where = self.side()
        return replace(where, zh=f"在{where.zh}")

    def with_tool(self) -> Adjunct:
        word = self.pick([t for t in lexicon.things() if "tool" in t.kinds])
        tool = self.noun_phrase(word, plain=True)
        return Adjunct(Node("PP", (leaf("IN", "dengan"), tool.tree), head=1), f"with {tool.en}", f"用{tool.zh}")

    def together(self) -> Adjunct:
        other = self.name() if self.chance(0.5) else self.relative_of()
        return Adjunct(Node("PP", (leaf("IN", "bersama"), other.tree), head=1), f"with {other.en}", f"和{other.zh}一起")

    def manner(self, verb: Verb) -> Adjunct:
        kinds = {"sounds"} if verb.ms in SOUNDS else {"acts"}
        kinds |= {"lasts"} if verb.ms in LASTING else set()
        fitting = [row for row in lexicon.rows(lexicon.MANNERS) if kinds & set(row[4].split())]
        ms, tag, en, zh, _ = self.rng.choice(fitting)
        return Adjunct(Node("ADVP", (leaf(tag, ms),)), en, zh)

    def benefit(self) -> Adjunct:
        """`membeli kek untuk ibu`: *untuk* before a noun, where it also opens a clause of purpose."""
        other = self.name() if self.chance(0.5) else self.relative_of()
        return Adjunct(Node("PP", (leaf("IN", "untuk"), other.tree), head=1), f"for {other.en}", f"为{other.zh}")

    def around(self) -> Adjunct:
        """`selepas mesyuarat itu`: words that join clauses elsewhere stand before a noun here."""
        word = self.pick(lexicon.events())
        links = [
            ("selepas", "after", "在", "之后"),
            ("sebelum", "before", "在", "之前"),
            ("semasa", "during", "在", "期间"),
        ]
        ms, en, zh_before, zh_after = self.rng.choice([*links, ("kerana", "because of", "因为", "")])
        noun = Node("NP", (leaf("NN", word.ms), leaf("DT", "itu")))
        zh = f"{zh_before}那{word.zh_classifier}{word.zh}{zh_after}"
        return Adjunct(Node("PP", (leaf("IN", ms), noun), head=1), f"{en} the {word.en}", zh)

    def predicate(self, subject: Nominal) -> Predicate:
        """Any predicate that suits the subject."""
        if not subject.human:
            return self.quality(subject)
        makers: dict[Callable[[Nominal], Predicate], float] = {
            self.transitive: 40,
            self.intransitive: 13,
            self.quality: 11,
            self.motion: 5,
            self.purpose: 4,
            self.give: 7,
            self.with_partner: 4,
            self.cause: 6,
            self.located: 4,
            self.occupation: 3,
            self.become: 2,
            self.own: 4,
        }
        return self.weighted(makers)(subject)

    def transitive(self, subject: Nominal) -> Predicate:
        verb = self.pick(lexicon.transitive())
        return self.act_on(verb, self.object_of(verb, subject), self.adjuncts(verb))

    def intransitive(self, subject: Nominal) -> Predicate:
        verb = self.pick(lexicon.simple_verbs(lexicon.INTRANSITIVE))
        adjuncts = self.adjuncts(verb) if verb.ms not in ("pergi", "datang", "pulang", "kembali", "hilang") else ()
        if verb.ms in ("berkahwin", "bercerai", "bertengkar") and not subject.plural:
            verb = lexicon.simple_verbs(lexicon.INTRANSITIVE)[0]
        return Predicate((leaf(verb.tag, verb.ms),), verb.en, "", verb.zh, after=verb.zh_object, adjuncts=adjuncts)

    def motion(self, subject: Nominal) -> Predicate:
        place = self.pick([p for p in lexicon.places() if p.ms != "penjara"])
        to = Node("PP", (leaf("IN", "ke"), Node("NP", words("NN", place.ms))), head=1)
        if place.ms == "rumah":
            return Predicate((leaf("VB", "balik"), to), verb_forms("go/went/gone"), "home", "回", after="家")
        adjuncts = (self.together(),) if self.chance(0.25) else ()
        return Predicate(
            (leaf("VB", "pergi"), to),
            verb_forms("go/went/gone"),
            place.en_goal,
            "去",
            after=place.zh_goal,
            adjuncts=adjuncts,
        )

    def purpose(self, subject: Nominal) -> Predicate:
        """`pergi ke pasar untuk membeli kek`."""
        motion = replace(self.motion(subject), adjuncts=())
        verb = self.pick([v for v in lexicon.transitive() if not v.state])
        lower = self.act_on(verb, self.object_of(verb, subject))
        clause = Node("S", (leaf("SC", "untuk"), lower.tree()), head=1, relation="advcl")
        return replace(
            motion,
            ms=(*motion.ms, clause),
            en=f"{motion.en} to {lower.infinitive()}",
            after=f"{motion.after}{lower.zh_with()}",
        )

    def give(self, subject: Nominal) -> Predicate:
        verb = self.pick(lexicon.giving())
        what = self.noun_phrase(self.pick([t for t in lexicon.things() if t.kinds & verb.kinds]), plain=True)
        singular = subject.person == 3 and not subject.plural and not subject.pronoun
        if singular and self.chance(0.3):
            whom = self.relative_of(owner=subject)
        else:
            whom = self.name() if self.chance(0.6) else self.relative_of()
            if whom.en == subject.en:
                whom = self.relative_of()
        to = Node("PP", (leaf("IN", "kepada"), whom.tree), head=1)
        show = bool(verb.zh_object)
        if what.definite:
            zh, before = (f"给{whom.zh}看", f"把{what.zh}") if show else (verb.zh, f"把{what.zh}")
            after = "" if show else whom.zh
        else:
            zh, before = (f"给{whom.zh}看", "") if show else (verb.zh, "")
            after = what.zh if show else f"{whom.zh}{what.zh}"
        return Predicate(
            (leaf(verb.tag, verb.ms), what.tree, to),
            verb.en,
            f"{what.en} to {whom.en_as_object}",
            zh,
            after=after,
            before=before,
        )

    def with_partner(self, subject: Nominal) -> Predicate:
        verb = self.pick(lexicon.partnered())
        other = self.name() if self.chance(0.5) else self.relative_of()
        if verb.ms == "berkahwin" and not subject.plural:
            while other.gender == subject.gender:
                other = self.name()
        if other.en == subject.en or subject.plural:
            other = self.noun_phrase(self.pick(lexicon.people(lexicon.OCCUPATIONS)), plain=True)
        to = Node("PP", (leaf("IN", "dengan"), other.tree), head=1)
        return Predicate(
            (leaf(verb.tag, verb.ms), to),
            verb.en,
            other.en_as_object,
            verb.zh,
            after=verb.zh_object,
            before=f"和{other.zh}",
        )

    def cause(self, subject: Nominal) -> Predicate:
        """`membuat Aminah menangis`, `menyuruh adik memasak kari`: the object is the lower verb's subject."""
        whom = self.name() if self.chance(0.5) else self.relative_of()
        if whom.en == subject.en:
            whom = self.noun_phrase(self.pick(lexicon.people(lexicon.OCCUPATIONS)), plain=True)
        ms, en, zh, linked = self.rng.choice(
            [
                ("membuat", "make/made", "让", False),
                ("menyuruh", "tell/told", "叫", True),
                ("membenarkan", "allow", "允许", True),
                ("memaksa", "force", "强迫", True),
                ("membantu", "help", "帮", False),
                ("mengajak", "invite", "邀请", True),
            ]
        )
        if ms == "membuat":
            cry = self.rng.choice([v for v in lexicon.simple_verbs(lexicon.INTRANSITIVE) if v.ms in FELT])
            lower = Predicate((leaf(cry.tag, cry.ms),), cry.en, "", cry.zh, after=cry.zh_object)
        else:
            verbs = [v for v in lexicon.transitive() if not v.state and "person" not in v.kinds]
            verb = self.pick(verbs)
            lower = self.act_on(verb, self.object_of(verb, whom))
        inner = Node("S", (whom.tree.relabelled("NP-SBJ"), lower.tree()), head=1)
        tail = f"{whom.en_as_object} {'to ' if linked else ''}{lower.infinitive()}"
        return Predicate(
            (leaf("VBA", ms), inner), verb_forms(en), tail, zh, after=f"{whom.zh}{lower.zh_with()}", frames="caused"
        )

    def quality(self, subject: Nominal) -> Predicate:
        """An adjective, with its degree or compared."""
        if subject.human:
            wanted = {"person", "predicate"} | ({"woman"} if subject.gender == "f" else {"man"})
            if subject.person < 3 or subject.plural:
                wanted = {"person", "predicate"}
            fitting = [a for a in lexicon.adjectives() if a.kinds & wanted]
        else:
            fitting = [a for a in lexicon.adjectives() if "thing" in a.kinds]
        adjective = self.pick(fitting)
        word = leaf("JJ", adjective.ms)
        draw = self.rng.random()
        if draw < 0.18 and subject.human and "predicate" not in adjective.kinds:
            other = self.name() if self.chance(0.6) else self.relative_of()
            if other.en == subject.en:
                other = self.noun_phrase(self.pick(lexicon.people(lexicon.OCCUPATIONS)), plain=True)
            than = Node("PP", (leaf("IN", "daripada"), other.tree), head=1)
            return Predicate(
                (leaf("RB", "lebih"), word, than),
                BE,
                f"{adjective.comparative} than {other.en}",
                f"比{other.zh}更{adjective.zh}",
                frames="compared",
                label="ADJP",
            )
        degrees = [
            ((leaf("RB", "sangat"), word), "very", "非常"),
            ((leaf("RB", "terlalu"), word), "too", "太"),
            ((word, leaf("RB", "benar")), "really", "真的很"),
            ((leaf("RB", "agak"), word), "quite", "相当"),
        ]
        if draw < 0.5:
            items, en, zh = self.rng.choice(degrees)
            return Predicate(items, BE, f"{en} {adjective.en}", f"{zh}{adjective.zh}", frames="degree", label="ADJP")
        passing = "predicate" in adjective.kinds or adjective.ms in PASSING
        frames = "quality" if passing else "trait"
        return Predicate((word,), BE, adjective.en, adjective.zh, frames=frames, label="ADJP", bare="很")

    def located(self, subject: Nominal) -> Predicate:
        where = self.side() if self.chance(0.3) else None
        if where is None:
            place = self.pick(lexicon.places())
            to = Node("PP", (leaf("IN", "di"), Node("NP", words("NN", place.ms))), head=1)
            where = Adjunct(to, place.en, place.zh)
        return Predicate((leaf("VBA", "berada"), where.tree), BE, where.en, "在", after=where.zh, frames="place")

    def become(self, subject: Nominal) -> Predicate:
        being = self.occupation(subject)
        return Predicate(
            (leaf("VBA", "menjadi"), *being.ms), verb_forms("become/became/become"), being.en, "成为", after=being.after
        )

    def occupation(self, subject: Nominal) -> Predicate:
        """`Farid ialah seorang jurutera`; denied with *bukan*."""
        table = lexicon.people(lexicon.OCCUPATIONS)
        word = self.pick(table)
        if subject.pronoun in ("dia",) or subject.gender in "mf":
            fitting = [w for w in table if self.chance(w.share if subject.gender == "f" else 1 - w.share)]
            word = self.pick(fitting or table)
        return being(word, subject.plural)

    def own(self, subject: Nominal) -> Predicate:
        word = self.pick([t for t in lexicon.things() if t.kinds & {"vehicle", "animal", "valuable", "clothes"}])
        ms, en, zh = self.rng.choice(NUMBERS)
        adjective = self.adjective_for(word, "n") if self.chance(0.4) else None
        adjectives = () if adjective is None else (leaf("JJ", adjective.ms),)
        en_adjective = f"{adjective.en} " if adjective else ""
        zh_adjective = f"{adjective.zh}{'' if adjective.zh in SHORT_ZH else '的'}" if adjective else ""
        if self.chance(0.5):
            tree = Node("NP", (leaf("CD", f"se{word.classifier}"), *noun_leaves(word), *adjectives), head=1)
            text, zh_text = (
                english.article(f"{en_adjective}{english.singular(word.en)}"),
                f"一{word.zh_classifier}{zh_adjective}{word.zh}",
            )
        else:
            tree = Node("NP", (leaf("CD", ms), leaf("CL", word.classifier), *noun_leaves(word), *adjectives), head=2)
            text, zh_text = (
                f"{en} {en_adjective}{english.plural(word.en)}",
                f"{zh}{word.zh_classifier}{zh_adjective}{word.zh}",
            )
        return Predicate(
            (leaf("VBA", "mempunyai"), tree), verb_forms("have/had"), text, "有", after=zh_text, frames="owned"
        )
