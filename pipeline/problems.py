"""What a person is told when something that he owns is wrong: the item's name, the reason, the remedy."""

from collections.abc import Iterable
from difflib import get_close_matches


class Problem(Exception):
    """A fault in data, parameters or files, worded for the person who can mend it.

    `python -m pipeline` prints it without a traceback and exits with its status.
    """

    status = 1


class Unreachable(Problem):
    """A network or a server that did not answer: trying again later may help, and the flow does."""

    status = 75  # EX_TEMPFAIL of sysexits.h


def nearest(name: str, known: Iterable[str]) -> str:
    """The remedy for a misspelt name: `did you mean X?`, or the names there are."""
    known = sorted(known)
    close = get_close_matches(name, known, n=1)
    if close:
        return f"did you mean {close[0]}?"
    return f"there are: {', '.join(known)}" if known else "there are none"
