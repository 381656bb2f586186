"""Which category do words suggest? By plain rules that can be said: these words of it are in the text."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from intake.domain.lexicon import Lexicon

#: A word in the title says what the matter is; in the text it may be told by the way.
TITLE_WEIGHT = 3

#: Less than one word of four characters, or one of two in the title, is chance.
ENOUGH = 4


@dataclass(frozen=True)
class Category:
    code: str
    parent: str | None
    name: Mapping[str, str]
    words: tuple[str, ...]
    retired: bool = False
    sealed: bool = False


@dataclass(frozen=True)
class Suggestion:
    """``why`` is the words that spoke for it, the weightiest first."""

    category: str
    why: tuple[str, ...]


class Categories:
    """The category tree with its words, kept in memory."""

    def __init__(self, categories: Iterable[Category] = ()) -> None:
        self._by_code = {category.code: category for category in categories}
        self._words = Lexicon()
        self._of_word: dict[str, list[str]] = {}
        for category in sorted(self._by_code.values(), key=lambda c: c.code):
            self._learn(category)

    def __len__(self) -> int:
        return len(self._by_code)

    def find(self, code: str) -> Category | None:
        return self._by_code.get(code)

    def _learn(self, category: Category) -> None:
        for word in () if category.retired else category.words:
            if len(word) > 1:
                self._words.add(word)
                self._of_word.setdefault(word, []).append(category.code)

    def suggest(self, *, title: str, words: str) -> Suggestion | None:
        """The category whose words weigh most: each word once, by its length; of equals, the first named."""
        weights: dict[str, dict[str, int]] = {}
        for text, times in ((title, TITLE_WEIGHT), (words, 1)):
            for _, word in self._words.find(text):
                for code in self._of_word[word]:
                    heard = weights.setdefault(code, {})
                    heard[word] = max(heard.get(word, 0), len(word) * times)
        if not weights:
            return None
        code, heard = max(weights.items(), key=lambda item: sum(item[1].values()))
        if sum(heard.values()) < ENOUGH:
            return None
        return Suggestion(code, tuple(sorted(heard, key=lambda word: (-heard[word], word))))
