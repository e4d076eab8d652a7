"""Spelling: the words that are one or two typing mistakes away from a word."""

from __future__ import annotations

_LENGTHS = range(2, 33)
"""Other words have no neighbours: of one letter all are near, and longer ones are not typed by hand."""

_TWO_MISTAKES_FROM = 6
"""Characters of the shorter word from which two mistakes are believed; in `mv` and `cp` they are two words."""

_PREFIX = 7
"""Characters in which neighbours at two mistakes are looked for: the pairs left out of a long word are too many."""


def distance(a: str, b: str, limit: int) -> int:
    """Mistakes between two words, `limit` + 1 if there are more than `limit`.

    A mistake is a character left out, added or replaced, or two neighbours swapped; no part is edited twice
    (optimal string alignment; Damerau, CACM 7(3), 1964).
    """
    if abs(len(a) - len(b)) > limit:
        return limit + 1
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, start=1):
        older, before, row = before, row, [i]
        for j, y in enumerate(b, start=1):
            best = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                best = min(best, older[j - 2] + 1)
            row.append(best)
        if min(row) > limit:
            return limit + 1
    return min(row[-1], limit + 1)


def allowed(a: str, b: str) -> int:
    """How many mistakes are believed between two words."""
    return 2 if min(len(a), len(b)) >= _TWO_MISTAKES_FROM else 1


class Spelling:
    """Words by what is left of them without one or two characters, so that no look-up compares many.

    Two words within k mistakes have a form in common after at most k deletions from each, also of their
    beginnings (symmetric delete; Garbe, SymSpell, 2012).
    """

    def __init__(self, mistakes: int) -> None:
        self._mistakes = mistakes
        """The most that are looked for: 1 or 2."""
        self._words: dict[str, tuple[str, ...]] = {}
        """By form."""

    def add(self, word: str) -> None:
        """Let `word`, a new one, be found."""
        if len(word) in _LENGTHS:
            for form in self._forms(word, self._mistakes):
                self._words[form] = (*self._words.get(form, ()), word)

    def near(self, word: str, mistakes: int) -> list[str]:
        """The other words nearest to `word`, all at the same number of mistakes, `mistakes` at most."""
        if len(word) not in _LENGTHS:
            return []
        for limit in range(1, min(mistakes, self._mistakes) + 1):
            alike = dict.fromkeys(other for form in self._forms(word, limit) for other in self._words.get(form, ()))
            near = [other for other in alike if limit <= allowed(word, other) and self._is_at(limit, word, other)]
            if near:
                return near
        return []

    @staticmethod
    def _is_at(mistakes: int, word: str, other: str) -> bool:
        # Each mistake changes at most two members of the set: most others need no more than this look.
        return len(set(word) ^ set(other)) <= 2 * mistakes and distance(word, other, mistakes) == mistakes

    def _forms(self, word: str, deletions: int) -> list[str]:
        """`word`, or its beginning, with up to so many characters left out: each form once, in a fixed order."""
        forms = [word if self._mistakes == 1 else word[:_PREFIX]]
        latest = forms
        for _ in range(deletions):
            latest = [form[:i] + form[i + 1 :] for form in latest for i in range(len(form))]
            forms = forms + latest
        return list(dict.fromkeys(forms))
