"""WordCounts: words by group with their uses; those that are established are found by a misspelling.

The commands are the group without a name; the words after a command are the group of its name.
"""

from __future__ import annotations

from collections.abc import Mapping

from delta_learn.predictor.spelling import Spelling

ESTABLISHED = 2
"""Uses that make a word one that others can be slips of."""

MAX_WORDS = 50_000
"""Beyond, the words that are not established are dropped."""


class WordCounts:
    """Counts words; made again from its record by `WordCounts(record)`."""

    def __init__(self, counts: Mapping[str, Mapping[str, int]] | None = None) -> None:
        self._counts = {group: dict(words) for group, words in (counts or {}).items()}
        self._size = sum(map(len, self._counts.values()))
        self._spelling: dict[str, Spelling] = {}
        """By group; of the established words."""
        for group, words in self._counts.items():
            for word, uses in words.items():
                if uses >= ESTABLISHED:
                    self._establish(group, word)

    def uses(self, group: str, word: str) -> int:
        """How often a word was used, 0 for one that is not known."""
        return self._counts.get(group, {}).get(word, 0)

    def add(self, group: str, word: str, uses: int) -> None:
        """Count uses of a word."""
        before = self.uses(group, word)
        self._counts.setdefault(group, {})[word] = before + uses
        if before < ESTABLISHED <= before + uses:
            self._establish(group, word)
        self._size += not before
        if self._size > MAX_WORDS:
            self._drop_rare()

    def near(self, group: str, word: str, mistakes: int) -> list[tuple[str, int]]:
        """The nearest established words and their uses, most used first: all equally far from `word`.

        None is further than `mistakes`, 1 or 2. Two are found among commands only: they are few, and of the
        words after them hardly one was ever corrected so.
        """
        spelling = self._spelling.get(group)
        near = spelling.near(word, mistakes) if spelling else []
        return sorted(((other, self.uses(group, other)) for other in near), key=lambda item: (-item[1], item[0]))

    def to_record(self) -> dict[str, dict[str, int]]:
        """Uses by group and word."""
        return {group: dict(words) for group, words in self._counts.items()}

    def _establish(self, group: str, word: str) -> None:
        if group not in self._spelling:
            self._spelling[group] = Spelling(mistakes=1 if group else 2)
        self._spelling[group].add(word)

    def _drop_rare(self) -> None:
        for group, words in list(self._counts.items()):
            self._counts[group] = {word: uses for word, uses in words.items() if uses >= ESTABLISHED}
            if not self._counts[group]:
                del self._counts[group]
        self._size = sum(map(len, self._counts.values()))
