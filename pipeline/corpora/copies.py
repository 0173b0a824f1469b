"""When two records are one: hashes of their texts, as exact or as loose as a corpus asks.

Enter the sides of a record (its text in each language; None where there is none). Leave marks: records are copies of
one another if they share one.
"""

import json
import unicodedata
from collections.abc import Sequence
from hashlib import blake2b
from typing import Literal


def marks(
    sides: Sequence[str | None], alike: Literal["words", "exact"] = "words", of: Literal["any", "all"] = "any"
) -> set[bytes]:
    """`any`: a mark for each side that has text; `all`: one for all of them together."""
    texts = [side if side is None or alike == "exact" else folded(side) for side in sides]
    whole = [list(enumerate(texts))] if of == "all" else [[side] for side in enumerate(texts) if side[1]]
    return {blake2b(json.dumps(part, ensure_ascii=False).encode(), digest_size=16).digest() for part in whole}


def folded(text: str) -> str:
    """The letters and digits of a text, in one case, with the marks that change a letter (é, ी); the text itself, where
    it has none.

    What looks alike is one letter (NFKC: full-width forms, ligatures). Spaces go, so that `re-use` and `reuse` are one.
    """
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return "".join(c for c in plain if unicodedata.category(c)[0] in "LNM") or text
