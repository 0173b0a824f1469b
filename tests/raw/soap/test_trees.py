"""One tree as words, brackets and CoNLL-U."""

from pipeline.raw.soap.trees import Leaf, Node, brackets, capitalised, conllu, dependencies, surface

TREE = Node(
    "S",
    (
        Node("NP-SBJ", (Leaf("NN", "ibu"), Leaf("PRP$", "nya", glued=True))),
        Node("VP", (Leaf("MD", "sudah"), Node("VP", (Leaf("VB", "pulang"),))), head=1),
        Leaf(".", ".", glued=True),
    ),
    head=1,
)


def test_words_brackets_and_capitals() -> None:
    tree = capitalised(TREE)
    assert surface(list(tree.leaves())) == "Ibunya sudah pulang."
    assert brackets(tree) == "( (S (NP-SBJ (NN Ibu) (PRP$ nya)) (VP (MD sudah) (VP (VB pulang))) (. .)) )"


def test_content_words_are_heads() -> None:
    assert dependencies(TREE) == [(4, "nsubj"), (1, "nmod:poss"), (4, "aux"), (0, "root"), (4, "punct")]


def test_conllu_writes_the_clitic_as_a_multiword_token() -> None:
    lines = conllu("s1", capitalised(TREE)).splitlines()
    assert lines[1] == "# text = Ibunya sudah pulang."
    assert lines[2] == "1-2\tIbunya\t_\t_\t_\t_\t_\t_\t_\t_"
    assert lines[3] == "1\tIbu\tibu\tNOUN\tNN\t_\t4\tnsubj\t_\t_"
    assert lines[6] == "4\tpulang\tpulang\tVERB\tVB\t_\t0\troot\t_\tSpaceAfter=No"


def test_traces_are_brackets_but_not_words() -> None:
    tree = Node("S", (Node("NP-SBJ", (Leaf("-NONE-", "*T*-1"),)), Node("VP", (Leaf("VB", "pulang"),))), head=1)
    assert surface(list(tree.leaves())) == "pulang"
    assert "(-NONE- *T*-1)" in brackets(tree)
    assert dependencies(tree) == [(0, "root")]


def test_coordinated_phrases_hang_on_the_first() -> None:
    both = Node("NP", (Node("NP", (Leaf("NNP", "Siti"),)), Leaf("CC", "dan"), Node("NP", (Leaf("NNP", "Ali"),))))
    assert dependencies(both) == [(0, "root"), (3, "cc"), (1, "conj")]
