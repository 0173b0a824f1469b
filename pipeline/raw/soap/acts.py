"""What can be said in the soap: each method derives one kind of sentence; `sentence` draws among them.

Statements, questions and commands are built over the same clauses, so that a question and its answer, or a turn and its
reply, can be derived together.
"""

from dataclasses import replace

from pipeline.raw.soap import lexicon
from pipeline.raw.soap.derivation import Derivation, noun_leaves
from pipeline.raw.soap.english import BE
from pipeline.raw.soap.grammar import (
    COMMA,
    EVENT,
    NOT,
    PAST,
    PRESENT_STATE,
    QUALITY,
    STATE,
    THEY,
    TIMES,
    TRACE,
    WE,
    WE_ALL,
    YOU,
    Clause,
    Frame,
    I,
    Nominal,
    Predicate,
    Sentence,
    Time,
    finish,
    leaf,
    pronoun_for,
    words,
)
from pipeline.raw.soap.lexicon import Word
from pipeline.raw.soap.trees import Leaf, Node

Said = tuple[Node, str, str]  # a tree and its English and Mandarin, before capitals and the closing mark

IF = Frame(form="present")
BEFORE = Frame()  # past in English, without 了 in Mandarin
JOINS = {  # Malay: English, Mandarin before and behind the subordinate clause, frames of it and of the main clause
    "kerana": ("because", "因为", "", None, None),
    "walaupun": ("although", "虽然", "", None, None),
    "kalau": ("if", "如果", "", IF, EVENT["future"][1]),
    "apabila": ("when", "当", "的时候", BEFORE, PAST),
    "bila": ("when", "当", "的时候", BEFORE, PAST),
    "semasa": ("while", "当", "的时候", BEFORE, PAST),
    "sebelum": ("before", "在", "之前", BEFORE, PAST),
    "selepas": ("after", "在", "之后", BEFORE, PAST),
}
CALLS = [  # what opens a line: Malay, tag, English, Mandarin
    ("aduh", "UH", "oh no", "哎呀"),
    ("maaf", "UH", "sorry", "对不起"),
    ("ya", "UH", "yes", "是的"),
    ("tidak", "UH", "no", "不"),
    ("eh", "UH", "hey", "嘿"),
    ("wah", "UH", "wow", "哇"),
    ("sayang", "NN", "darling", "亲爱的"),
    ("ibu", "NN", "Mother", "妈妈"),
    ("bapa", "NN", "Father", "爸爸"),
    ("nenek", "NN", "Grandmother", "奶奶"),
]


SEEN = frozenset({"valuable", "vehicle", "clothes", "fruit", "furniture"})  # things one says something about
ASKED = frozenset({"document", "vehicle", "clothes", "food", "valuable"})
ADDRESSED = ("doktor", "jururawat", "guru", "peguam", "hakim", "pengurus", "pensyarah")  # called by what they are


def but(first: Clause, second: Clause) -> Said:
    """Two clauses that one did not expect together."""
    tree = Node("S", (first.tree(), COMMA, leaf("CC", "tetapi"), second.tree()))
    return tree, f"{first.en()}, but {second.en()}", f"{first.zh()},但是{second.zh()}"


def says(verb: lexicon.Verb, inner: Clause, linked: bool) -> Predicate:
    """A verb of saying or thinking, and what is said; `linked`: behind *bahawa*, *that*."""
    tree, en, zh = inner.embedded()
    link = (leaf("SC", "bahawa"),) if linked else ()
    sbar = Node("SBAR", (*link, tree), head=len(link))
    return Predicate(
        (leaf(verb.tag, verb.ms), sbar),
        verb.en,
        f"{'that ' if linked else ''}{en}",
        verb.zh,
        after=zh,
        frames="state",
    )


class Acts(Derivation):
    def sentence(self) -> Sentence:
        makers = {
            self.plain: 44,
            self.passive: 8,
            self.topic: 5,
            self.complement: 9,
            self.joined: 8,
            self.coordinated: 5,
            self.existential: 3,
            self.pointing: 3,
            self.polar: 9,
            self.who: 3,
            self.what: 3,
            self.which: 2,
            self.circumstance: 6,
            self.command: 7,
            self.formula: 3,
        }
        return self.weighted(makers)()

    # Clauses ---------------------------------------------------------------------------------------------------
    def clause(
        self,
        subject: Nominal | None = None,
        predicate: Predicate | None = None,
        frame: Frame | None = None,
        timed: bool = True,
    ) -> Clause:
        subject = subject or (self.person() if self.chance(0.93) else self.known_thing(SEEN))
        predicate = predicate or self.predicate(subject)
        frame = self.suited(frame, predicate) if frame else self.frame_of(predicate)
        time = self.time(frame, timed)
        return Clause(subject, predicate, frame, time, fronted=time is not None and self.chance(0.35))

    def frame_of(self, predicate: Predicate) -> Frame:
        match predicate.frames:
            case "event":
                frame = self.frame("event")
            case "state":
                frame = self.frame("state")
            case "quality":
                frame = self.frame("quality")
            case "place":
                names = ("plain", "plain", "plain", "still", "already", "not", "past")
                frame = QUALITY[self.rng.choice(names)][1]
            case "degree":
                frame = QUALITY["past" if self.chance(0.15) else "plain"][1]
            case "identity":
                frame = QUALITY[self.rng.choice(("plain", "plain", "still", "not"))][1]
            case "trait":
                frame = QUALITY[self.rng.choice(("plain", "plain", "plain", "still", "not", "once"))][1]
            case "owned":
                frame = STATE["still" if self.chance(0.2) else "plain"][1]
            case "caused":
                name = self.rng.choice(("plain", "plain", "future", "not", "will_not"))
                frame = replace(EVENT[name][1], mark="")
            case _:  # compared
                frame = QUALITY["plain"][1]
        if predicate.negator != "tidak":
            frame = replace(frame, ms=tuple(leaf("NEG", predicate.negator) if w == NOT else w for w in frame.ms))
        return frame

    def suited(self, frame: Frame, predicate: Predicate) -> Frame:
        """The wanted frame where the predicate is an event; its own simple one where it is a state."""
        if predicate.frames == "event":
            return frame
        if predicate.frames == "caused":
            return replace(frame, mark="")
        return QUALITY["plain"][1] if predicate.verb is BE else STATE["plain"][1]

    def time(self, frame: Frame, timed: bool) -> Time | None:
        needed = frame.times == "habit" or frame == QUALITY["past"][1]
        if not needed and not (timed and frame.times and self.chance(0.3)):
            return None
        fitting = [row for row in TIMES if row[0] == frame.times]
        _, ms, tags, en, zh = self.rng.choice(fitting)
        leaves = tuple(leaf(tag, word) for tag, word in zip(tags.split(), ms.split(), strict=True))
        head = next(i for i, word in enumerate(leaves) if word.tag in ("NN", "RB"))
        return Time(Node("NP-TMP", leaves, head), en, zh)

    def opened(self, said: Said, mark: str, act: str) -> Sentence:
        """Now and then a call stands before the sentence: `Sayang, ...`, `Farid, ...`."""
        tree, en, zh = said
        if self.chance(0.14):
            if self.chance(0.6):
                called, en_call, zh_call = self.called()
            else:
                ms, tag, en_call, zh_call = self.rng.choice([call for call in CALLS if call[1] == "UH"])
                called = Node("INTJ", (leaf(tag, ms),))
            tree = Node(tree.label, (called, COMMA, *tree.children), tree.head + 2)
            en, zh = f"{en_call}, {en}", f"{zh_call},{zh}"
        return finish(tree, en, zh, mark, act)

    # Statements ------------------------------------------------------------------------------------------------
    def plain(self) -> Sentence:
        return self.opened(self.clause().embedded(), ".", "statement")

    def passive(self) -> Sentence:
        verb = self.pick([v for v in lexicon.transitive() if v.passive])
        subject = self.passive_subject(verb)
        return self.opened(self.passive_clause(verb, subject).embedded(), ".", "statement")

    def passive_subject(self, verb: lexicon.Verb) -> Nominal:
        if "person" in verb.kinds:
            return self.person(allow_pronoun=self.chance(0.3))
        return self.known_thing(verb.kinds)

    def known_thing(self, kinds: frozenset[str]) -> Nominal:
        """A thing that the hearer knows: `gelang itu`, not `sebuah gelang`."""
        while True:
            thing = self.thing(kinds)
            if thing.definite:
                return thing

    def passive_clause(self, verb: lexicon.Verb, subject: Nominal) -> Clause:
        """`Gelang itu dicuri oleh Farid`; without an agent now and then."""
        items: tuple[Node | Leaf, ...] = (leaf("VBN", f"di{verb.stem}"),)
        en, by = verb.en.participle, "被"
        if self.chance(0.75):
            agent = self.person(allow_pronoun=False, plain=True)
            if agent.en != subject.en:
                items = (*items, Node("PP", (leaf("IN", "oleh"), agent.tree.relabelled("NP-LGS")), head=1))
                en, by = f"{en} by {agent.en_as_object}", f"被{agent.zh}"
        predicate = Predicate(items, BE, en, verb.zh, before=by)
        name = self.rng.choices(
            ["plain", "perfect", "future", "not", "will_not", "just", "must", "not_yet"], [10, 5, 4, 4, 2, 2, 2, 1]
        )[0]
        return self.clause(subject, predicate, EVENT[name][1])

    def topic(self) -> Sentence:
        """`Surat itu sudah saya baca`: the object first, the bare verb last; English keeps its order."""
        verb = self.pick([v for v in lexicon.transitive() if not v.state and v.kinds - {"person", "worn"}])
        what = self.known_thing(verb.kinds - {"person", "worn"})
        agent = self.weighted({I: 6, WE: 2, WE_ALL: 1, YOU: 2, THEY: 1})
        while list(what.tree.leaves())[-1].word == agent.pronoun:  # not `cerita kami kami ceritakan`
            agent = self.rng.choice((I, YOU, THEY))
        frame = EVENT[self.rng.choice(("plain", "perfect", "future", "will_not", "not", "not_yet", "must"))][1]
        clause = Clause(agent, self.act_on(verb, what), frame)
        items = (
            what.tree.relabelled("NP-TPC"),
            *(Node("ADVP", (w,)) if w.tag == "RB" else w for w in frame.ms),
            agent.tree.relabelled("NP-SBJ"),
            Node("VP", (leaf("VB", verb.stem),)),
        )
        tree = Node("S", items, head=len(items) - 1)
        zh = f"{what.zh}{agent.zh}{frame.zh}{verb.zh}{frame.mark}"
        return self.opened((tree, clause.en(), zh), ".", "statement")

    def complement(self) -> Sentence:
        """`Aminah berkata bahawa dia letih`: *dia* is she, because Aminah is a woman."""
        verb = self.pick(lexicon.simple_verbs(lexicon.SAYING))
        subject = self.person(plain=True)
        inner_subject = pronoun_for(subject) if self.taken_up(subject) and self.chance(0.6) else None
        promised = verb.ms in ("berjanji", "harap")
        inner = self.clause(inner_subject, frame=EVENT["future"][1] if promised else None, timed=self.chance(0.3))
        if inner.fronted:
            inner = replace(inner, fronted=False)
        predicate = says(verb, inner, linked=self.chance(0.7))
        frame = PRESENT_STATE
        if verb.ms in ("tahu", "percaya", "mengaku") and self.chance(0.2):
            frame = STATE["not"][1]
        return self.opened(Clause(subject, predicate, frame).embedded(), ".", "statement")

    def taken_up(self, subject: Nominal) -> bool:
        return subject.person == 3 and subject.human and not subject.pronoun

    def joined(self) -> Sentence:
        """Two clauses, one under the other, in either order."""
        ms = self.rng.choices(list(JOINS), [5, 3, 4, 2, 3, 2, 2, 2])[0]
        en_link, zh_before, zh_after, sub_frame, main_frame = JOINS[ms]
        first_subject = self.person(plain=True)
        second_subject = pronoun_for(first_subject) if self.taken_up(first_subject) and self.chance(0.6) else None
        sub_first = self.chance(0.5)
        first_frame, second_frame = (sub_frame, main_frame) if sub_first else (main_frame, sub_frame)
        makers = [self.transitive, self.intransitive, self.motion]
        predicates: list[Predicate | None] = [None, None]
        if sub_frame is not None:
            subjects = (first_subject, second_subject or self.person(plain=True))
            second_subject = subjects[1]
            predicates = [self.rng.choice(makers)(subject) for subject in subjects]
        first = self.clause(first_subject, predicates[0], first_frame, timed=False)
        second = self.clause(second_subject, predicates[1], second_frame, timed=False)
        sub, main = (first, second) if sub_first else (second, first)
        if sub.fronted or main.fronted:
            sub, main = replace(sub, fronted=False), replace(main, fronted=False)
        sbar = Node("SBAR-ADV", (leaf("SC", ms), sub.tree()), head=1)
        main_tree = main.tree()
        but = "但是" if ms == "walaupun" else ""
        zh = f"{zh_before}{sub.zh()}{zh_after},{but}{main.zh()}"
        if sub_first:
            tree = Node("S", (sbar, COMMA, *main_tree.children), head=main_tree.head + 2)
            en = f"{en_link} {sub.en()}, {main.en()}"
        else:
            tree = Node("S", (*main_tree.children, sbar), head=main_tree.head)
            en = f"{main.en()} {en_link} {sub.en()}"
            if ms == "kerana":
                zh = f"{main.zh()},{zh_before}{sub.zh()}"
        return self.opened((tree, en, zh), ".", "statement")

    def coordinated(self) -> Sentence:
        subject = self.person(plain=True)
        if self.chance(0.5):  # two clauses: but
            first = self.clause(subject, timed=False)
            again = pronoun_for(subject) if self.taken_up(subject) and self.chance(0.5) else None
            second = self.clause(again, timed=False)
            first, second = replace(first, fronted=False), replace(second, fronted=False)
            return self.opened(but(first, second), ".", "statement")
        makers = [self.transitive, self.intransitive, self.motion, self.give]
        drawn = [p for p in (self.rng.choice(makers)(subject) for _ in range(8)) if p.frames == "event"]
        if len(drawn) < 2:
            return self.plain()
        frame = EVENT[self.rng.choice(("plain", "plain", "future"))][1]
        one, two = Clause(subject, drawn[0], frame), Clause(subject, drawn[1], frame)
        both = Node("VP", (drawn[0].tree(), leaf("CC", "dan"), drawn[1].tree()))
        vp = Node("VP", (*frame.ms, both), head=1) if frame.ms else both
        tree = Node("S", (subject.tree.relabelled("NP-SBJ"), vp), head=1)
        second_en = two.en("").removeprefix("will ")
        return self.opened(
            (tree, f"{one.en()} and {second_en}", f"{one.zh()},并{two.zh_predicate().removeprefix('会')}"),
            ".",
            "statement",
        )

    def existential(self) -> Sentence:
        table = [t for t in lexicon.things() if t.kinds & {"animal", "valuable", "vehicle", "tool", "fragile"}]
        table += lexicon.people(lexicon.OCCUPATIONS) + lexicon.people(lexicon.PEOPLE)
        while True:
            what = self.noun_phrase(self.pick(table), plain=True)
            if not what.definite:
                break
        place = self.pick(lexicon.places())
        where = Node("PP", (leaf("IN", "di"), Node("NP", words("NN", place.ms))), head=1)
        tree = Node("S", (Node("VP", (leaf("VB", "ada"), what.tree, where)),))
        en = f"there {'are' if what.plural else 'is'} {what.en} {place.en}"
        return self.opened((tree, en, f"{place.zh}有{what.zh}"), ".", "statement")

    def pointing(self) -> Sentence:
        """`Itu kereta saya`: *itu* alone is the subject."""
        ms, en, zh = self.rng.choice([("itu", "that", "那"), ("ini", "this", "这")])
        word = self.pick([t for t in lexicon.things() if not t.kinds & {"secret"}])
        if self.chance(0.15):
            word = Word("salah", "fault", "错")
        owner = self.name() if self.chance(0.4) else self.weighted({I: 5, YOU: 4, WE: 1, THEY: 1})
        tail = leaf("PRP$", owner.pronoun) if owner.pronoun else owner.tree
        subject = Nominal(Node("NP", (leaf("PRP", ms),)), en, zh)
        owned = Node("NP", (*noun_leaves(word), tail))
        predicate = Predicate(
            (owned,),
            BE,
            f"{owner.possessive} {word.en.split('/')[0]}",
            "是",
            after=f"{owner.zh_possessive}{word.zh}",
            frames="identity",
            label="NP",
            negator="bukan",
        )
        denied = replace(QUALITY["not"][1], ms=(leaf("NEG", "bukan"),))
        clause = Clause(subject, predicate, denied if self.chance(0.35) else QUALITY["plain"][1])
        return self.opened(clause.embedded(), ".", "statement")

    def formula(self) -> Sentence:
        """`Terima kasih, ibu.`, `Jangan risau, Farid!`"""
        ms, tags, en, zh, mark = self.rng.choice(lexicon.rows(lexicon.FORMULAS))
        said = tuple(leaf(tag, word) for tag, word in zip(tags.split(), ms.split(), strict=True))
        called, en_call, zh_call = self.called()
        head = next((i for i, word in enumerate(said) if word.tag in ("NN", "VB", "JJ")), 0)
        tree = Node("FRAG", (*said, COMMA, called), head)
        return finish(tree, f"{en}, {en_call}", f"{zh},{zh_call}", mark, "formula")

    def called(self) -> Said:
        """Whom one speaks to: by name, by kinship, by occupation (`doktor`)."""
        draw = self.rng.random()
        if draw < 0.4:
            name = self.name()
            return name.tree.relabelled("NP-VOC"), name.en, name.zh
        if draw < 0.75:
            ms, tag, en, zh = self.rng.choice([call for call in CALLS if call[1] == "NN"])
            return Node("NP-VOC", (leaf(tag, ms),)), en, zh
        word = self.pick([w for w in lexicon.people(lexicon.OCCUPATIONS) if w.ms in ADDRESSED])
        return Node("NP-VOC", (leaf("NN", word.ms),)), word.en, word.zh

    # Questions -------------------------------------------------------------------------------------------------
    def asked(self) -> Clause:
        """A clause that one would ask about: not denied, its time at its end."""
        while True:
            clause = self.clause(timed=self.chance(0.4))
            if not clause.frame.negative and clause.frame.end == "":
                return replace(clause, fronted=False)

    def polar(self) -> Sentence:
        clause = self.asked()
        tree = clause.tree()
        first = clause.frame.ms[0] if clause.frame.ms else None
        draw = self.rng.random()
        if first is not None and first.word in ("boleh", "sudah", "mahu", "mesti") and draw < 0.5:
            kah = Leaf("RP", "kah", glued=True)
            bare = replace(clause, frame=replace(clause.frame, ms=clause.frame.ms[1:])).tree()
            tree = Node("SQ", (first, kah, *bare.children), bare.head + 2)
        elif draw < 0.85:
            tree = Node("SQ", (leaf("RP", "adakah"), *tree.children), tree.head + 1)
        else:
            tree = tree.relabelled("SQ")
        return self.opened((tree, clause.en_question(), f"{clause.zh()}吗"), "?", "question")

    def who(self) -> Sentence:
        """`Siapa yang mencuri gelang itu?`"""
        someone = Nominal(Node("NP", (TRACE,)), "who", "谁", gender="m")
        while True:
            verb = self.pick(lexicon.transitive())
            what = self.object_of(verb, someone)
            if "his" not in what.en.split():
                break
        clause = self.clause(someone, self.act_on(verb, what), timed=self.chance(0.4))
        clause = replace(clause, fronted=False)
        inner = clause.tree()
        asked = Node("WHNP-1", (leaf("WP", "siapa"),))
        tree = Node("SBARQ", (asked, Node("SQ", (leaf("SC", "yang"), *inner.children), inner.head + 1)), head=1)
        return self.opened((tree, clause.en(), clause.zh()), "?", "question")

    def what(self) -> Sentence:
        """`Apa yang dicuri oleh Farid?`, or with a pronoun `Apa yang awak curi?`"""
        verb = self.pick([v for v in lexicon.transitive() if not v.state and v.kinds - {"person", "animal", "worn"}])
        asked = Node("WHNP-1", (leaf("WP", "apa"),), relation="obj")
        trace = Node("NP-SBJ", (TRACE,))
        thing = Nominal(Node("NP", (TRACE,)), "what", "什么")
        if self.chance(0.5):
            agent = self.person(allow_pronoun=False, plain=True)
            by = Node("PP", (leaf("IN", "oleh"), agent.tree.relabelled("NP-LGS")), head=1)
            vp = Node("VP", (leaf("VBN", f"di{verb.stem}"), by))
            frame = PAST
            body: tuple[Node | Leaf, ...] = (leaf("SC", "yang"), trace, vp)
        else:
            agent = self.weighted({YOU: 6, THEY: 2, WE_ALL: 1})
            frame = EVENT[self.rng.choice(("plain", "future", "want"))][1]
            vp = Node("VP", (leaf("VB", verb.stem), Node("NP", (TRACE,))))
            who = agent.tree.relabelled("NP-SBJ")
            wanting = frame == EVENT["want"][1]  # `yang awak mahu curi`, but `yang akan awak curi`
            middle: tuple[Node | Leaf, ...] = (who, *frame.ms) if wanting else (*frame.ms, who)
            body = (leaf("SC", "yang"), *middle, vp)
        clause = Clause(agent, self.act_on(verb, thing), frame)
        tree = Node("SBARQ", (asked, Node("SQ", body, head=len(body) - 1)), head=1)
        return self.opened((tree, f"what {clause.en_question(without_object=True)}", clause.zh()), "?", "question")

    def which(self) -> Sentence:
        """`Buku apa yang awak baca?`: *apa* behind a noun."""
        word = self.pick([t for t in lexicon.things() if t.kinds & ASKED])
        verb = self.pick([v for v in lexicon.transitive() if not v.state and v.kinds & word.kinds])
        agent = self.weighted({YOU: 6, THEY: 2, WE_ALL: 1})
        asked = Node("WHNP-1", (*noun_leaves(word), leaf("DT", "apa")), relation="obj")
        vp = Node("VP", (leaf("VB", verb.stem), Node("NP", (TRACE,))))
        body = Node("SQ", (leaf("SC", "yang"), agent.tree.relabelled("NP-SBJ"), vp), head=2)
        what = Nominal(Node("NP", (TRACE,)), "", f"什么{word.zh}")
        clause = Clause(agent, self.act_on(verb, what), PAST)
        en = f"what {word.en.split('/')[0]} {clause.en_question(without_object=True)}"
        return self.opened((Node("SBARQ", (asked, body), head=1), en, clause.zh()), "?", "question")

    def circumstance(self) -> Sentence:
        """Where, why, when."""
        ms, en, zh = self.rng.choice(
            [
                ("di mana", "where", "在哪里"),
                ("kenapa", "why", "为什么"),
                ("mengapa", "why", "为什么"),
                ("bila", "when", "什么时候"),
            ]
        )
        subject = self.person(plain=True)
        frame = None
        if en == "why":
            predicate = self.predicate(subject)
        else:
            predicate = self.rng.choice([self.transitive, self.intransitive])(subject)
            predicate = replace(predicate, adjuncts=())
            frame = EVENT[
                self.rng.choice(("plain", "future", "want", "must") if en == "when" else ("plain", "future"))
            ][1]
            if predicate.frames != "event":
                return self.polar()
        while True:
            clause = self.clause(subject, predicate, frame, timed=False)
            if clause.frame.end == "" and clause.time is None:
                break
            frame = QUALITY["plain"][1] if predicate.verb is BE else frame
        if ms == "di mana":
            asked = Node("WHPP", (leaf("IN", "di"), leaf("WP", "mana")), head=1)
        else:
            asked = Node("WHADVP", (leaf("WRB", ms),))
        zh_text = f"{clause.subject.zh}{zh}{clause.zh_predicate()}"
        tree = Node("SBARQ", (asked, clause.tree().relabelled("SQ")), head=1)
        return self.opened((tree, f"{en} {clause.en_question()}", zh_text), "?", "question")

    # Commands --------------------------------------------------------------------------------------------------
    def command(self) -> Sentence:
        """`Tolong tunggu saya!`, `Jangan bunuh dia!`, `Mari kita pergi ke pantai!`"""
        if self.chance(0.2):
            motion = self.motion(WE_ALL)
            vp = motion.tree()
            tree = Node("S", (leaf("UH", "mari"), WE_ALL.tree.relabelled("NP-SBJ"), vp), head=2)
            return self.opened((tree, f"let us {motion.infinitive()}", f"咱们{motion.zh_with()}吧"), "!", "command")
        verb = self.pick([v for v in lexicon.transitive() if not v.state])
        while True:
            what = self.object_of(verb, YOU)
            if what.en != "you" and "your" not in what.en.split():
                break
        order = Predicate((leaf("VB", verb.stem), what.tree), verb.en, what.en_as_object, verb.zh, after=what.zh)
        ms, tag, en, zh = self.rng.choice(
            [("tolong", "UH", "please", "请"), ("jangan", "NEG", "do not", "别"), ("cepat", "RB", "quickly,", "快")]
        )
        first: Node | Leaf = Node("ADVP", (leaf(tag, ms),)) if tag == "RB" else leaf(tag, ms)
        tree = Node("S", (Node("VP", (first, *order.ms), head=1),))
        return self.opened((tree, f"{en} {order.infinitive()}", f"{zh}{order.zh_with()}"), "!", "command")
