"""Meanings: `# words` leads to the command that was taught with such words (collector/teaching.py)."""

from __future__ import annotations

import math
import re
from collections import Counter

from delta_learn.entry import CommandEntry
from delta_learn.predictor.context import Context

MARK = "# "
"""Begins a line that says what a command is for."""

_WORD = re.compile(r"\w+")

_UNFINISHED = 0.7
"""The share of a word of a meaning that is asked for when only its beginning is typed."""

_UNASKED = 0.2
"""What a word of a meaning that was not asked for takes from the score, as a share of its weight."""

_BEST = 0.95
"""Score of a meaning in exactly the words asked for."""


class Meanings:
    """Pairs of a meaning and a command, found by the words of the meaning, rare words first (idf)."""

    def __init__(self) -> None:
        self._pairs: dict[tuple[str, str], frozenset[str]] = {}
        """Words by (meaning, command), the pair taught last at the end: taught by hand, so they are few."""
        self._occurrences: Counter[str] = Counter()
        """In how many meanings a word is."""

    def observe(self, entry: CommandEntry, context: Context) -> None:
        """Learn a taught command whose previous command is a taught meaning; anything else changes nothing."""
        if entry.source != "taught" or not context.previous:
            return
        said = context.previous[-1]
        if said.source == "taught" and said.command.startswith(MARK) and not entry.command.startswith(MARK):
            self._add(said.command.removeprefix(MARK), entry.command)

    def suggest(self, prefix: str, k: int) -> list[tuple[str, float]]:
        """At most `k` commands for the words after `# `, best first, the one taught last among equals.

        Scores lie in (0, 1). The last word may be unfinished; words that a meaning lacks lower its score.
        """
        asked = _WORD.findall(prefix.removeprefix(MARK).casefold()) if prefix.startswith(MARK) else []
        unfinished = asked.pop() if asked and _WORD.fullmatch(prefix[-1]) else ""
        scores: dict[str, float] = {}
        for (_, command), words in reversed(self._pairs.items()):
            score = self._score(words, frozenset(asked), unfinished)
            if score > scores.get(command, 0.0):
                scores[command] = score
        return sorted(scores.items(), key=lambda item: -item[1])[:k]

    def of(self, command: str) -> list[str]:
        """What `command` was taught to be for, the last first."""
        return [meaning for meaning, taught in reversed(self._pairs) if taught == command]

    def to_record(self) -> list[list[str]]:
        """Meaning and command of each pair, in the order taught."""
        return [list(pair) for pair in self._pairs]

    @classmethod
    def from_record(cls, record: list[list[str]]) -> Meanings:
        """The inverse of `to_record`.

        Raises:
            ValueError: another version wrote it.
        """
        meanings = cls()
        for meaning, command in record:
            meanings._add(meaning, command)
        return meanings

    def _add(self, meaning: str, command: str) -> None:
        words = self._pairs.pop((meaning, command), None)  # taught again: now the last
        if words is None:
            words = frozenset(_WORD.findall(meaning.casefold()))
            self._occurrences.update(words)
        self._pairs[meaning, command] = words

    def _score(self, words: frozenset[str], asked: frozenset[str], unfinished: str) -> float:
        """How well a meaning of these words fits, 0 where it does not: the share of the weight it answers."""
        finished = self._finished(words - asked, unfinished)
        part = self._weight(finished) * (1 if finished == unfinished else _UNFINISHED)
        answered = self._total(words & asked) + part
        if not answered:
            return 0.0
        missing = self._total(asked - words) + (0 if finished else self._weight(unfinished))
        unasked = self._total(words - asked) - part
        return _BEST * answered / (answered + missing + _UNASKED * unasked)

    def _finished(self, words: frozenset[str], unfinished: str) -> str:
        """The word that may be meant by its beginning, or the word itself; empty where there is none."""
        if unfinished in words:
            return unfinished
        return max((w for w in words if unfinished and w.startswith(unfinished)), key=self._weight, default="")

    def _total(self, words: frozenset[str]) -> float:
        return math.fsum(map(self._weight, words))  # exact: of a set the order may differ between runs

    def _weight(self, word: str) -> float:
        """Inverse document frequency, at least that of a word in one meaning; 0 for no word."""
        return math.log(1 + len(self._pairs) / max(1, self._occurrences[word])) if word else 0.0
