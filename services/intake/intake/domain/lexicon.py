"""Finding many words in a text in the time that the text is long, however many words there are."""

from collections.abc import Iterator


class Lexicon:
    """Words of two characters and more. At each character only those that begin with the next two are looked up."""

    def __init__(self) -> None:
        self._words: set[str] = set()
        self._lengths: dict[str, list[int]] = {}

    def add(self, word: str) -> None:
        self._words.add(word)
        lengths = self._lengths.setdefault(word[:2], [])
        if len(word) not in lengths:
            lengths.append(len(word))
            lengths.sort(reverse=True)

    def discard(self, word: str) -> None:
        """Its length stays known: at worst one look-up in vain."""
        self._words.discard(word)

    def find(self, text: str) -> Iterator[tuple[int, str]]:
        """Where which word begins: left to right, the longest first, none overlapping."""
        at = 0
        while at < len(text) - 1:
            word = self._word_at(text, at)
            if word:
                yield at, word
            at += len(word) or 1

    def _word_at(self, text: str, at: int) -> str:
        for length in self._lengths.get(text[at : at + 2], ()):
            if (word := text[at : at + length]) in self._words:
                return word
        return ""
