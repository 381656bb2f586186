"""Which text is taken from outside: what shows what it says."""

import re
import unicodedata

#: Controls that turn around the order in which what stands beside them is shown.
_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
#: Letters and signs by their class, and yet nothing is to be seen of them.
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
#: Not Cn and Co: rare characters of names stand there.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zs", "Zl", "Zp", "Mn", "Me"})


def fault_of(text: str, *, filled: bool = False) -> str | None:
    """What is wrong with it, and the remedy. ``filled``: something is to be seen of it."""
    if found := _TURNING.search(text):
        return f"holds the invisible character U+{ord(found[0]):04X}, which turns the text around: remove it"
    if filled and not any(map(_is_seen, text)):
        return "holds no visible character: write something"
    return None


def _is_seen(character: str) -> bool:
    return character not in _BLANK and unicodedata.category(character) not in _UNSEEN


def unturned(text: str) -> str:
    """For what is kept as it came, whatever it is: a mark stands where such a control stood."""
    return _TURNING.sub("\ufffd", text)
