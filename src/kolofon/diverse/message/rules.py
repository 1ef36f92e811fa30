"""What texts that people write may hold, and what is made of them."""

import unicodedata

# Controls and halves of characters. In a terminal the first give orders.
_UNSHOWN = frozenset({"Cc", "Cs"})


def is_blank(text: str) -> bool:
    """Whether nothing of a text would be seen."""
    return not text.strip()


def plain(text: str) -> str:
    """A text of several lines without control characters, its lines ending as they do here."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(letter for letter in lines if letter in "\n\t" or unicodedata.category(letter) not in _UNSHOWN)


def quoted(text: str) -> str:
    """A text as mails quote it."""
    return "\n".join(f"> {line}".rstrip() for line in plain(text).split("\n"))
