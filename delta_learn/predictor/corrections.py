"""Corrections: the last command once more, without its typing mistake."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from delta_learn.entry import CommandEntry
from delta_learn.predictor.commandwords import CommandWord, command_words, substitute_of, substituted
from delta_learn.predictor.context import Context
from delta_learn.predictor.spelling import allowed, distance
from delta_learn.predictor.wordcounts import ESTABLISHED, WordCounts

MAX_TYPOS = 2_000
"""Known typos; those longest not corrected go first."""

_NOT_FOUND = 127
_NO_MISTAKE = (0, 130)
"""Exit statuses that speak against a typing mistake: success, and Ctrl-C."""

_MORE = 4
"""A slip of a word is a word that is used less often than one in this many times."""

_KNOWN_SHARE = 1 / 3
"""A known typo is a word that is corrected at least at this share of its uses."""

_BEST = 3
"""Corrections of one word that are proposed."""

_PRIORS = {"missing": 0.5, "failed": 0.25, "unknown": 0.25}
_KNOWN_PRIOR = 0.5
_PRIOR_TRIALS = 4
"""The rate at which a correction is wanted starts at the prior, as if it had been seen in so many cases."""

_DIGITS = re.compile(r"\d+")

Kind = tuple[str, str, bool]
"""Place of the word, what speaks against it ("missing", "failed", "unknown"), whether it is a known typo."""


@dataclass(frozen=True, slots=True)
class _Proposal:
    line: str
    probability: float
    kind: Kind


class Corrections:
    """Counts the words of commands, remembers which was typed for which, and how often a correction was wanted."""

    def __init__(self) -> None:
        self._words = WordCounts()
        self._typos: dict[tuple[str, str], dict[str, int]] = {}
        """(group, wrong word) -> right word -> times it was typed instead."""
        self._rates: dict[Kind, tuple[int, int]] = {}
        """How often a correction was wanted, and how often one was proposed."""

    def observe(self, entry: CommandEntry, context: Context) -> None:
        """Learn an executed command: its words, and whether it corrects the one before."""
        if entry.source not in ("typed", "imported", "taught"):
            return
        last = context.previous[-1] if context.previous else None
        if last and entry.source != "taught" and last.exit_code not in _NO_MISTAKE:
            self._learn_rates(entry.command, last)
            self._learn_typos(last, entry)
        for words in command_words(entry.command):
            for word in words:
                self._count(word, entry.exit_code)

    def propose(self, context: Context) -> list[tuple[str, float]]:
        """The last command with its wrong word replaced, best first, with ln of a rough P(line | context).

        Nothing unless it looks wrong: it ended in "command not found", or how it ended is unknown and its
        command is new or a known typo; or that is so of its argument, and it failed or its end is unknown.
        """
        best: dict[str, float] = {}
        for proposal in self._proposals(context.previous[-1]) if context.previous else ():
            best[proposal.line] = max(proposal.probability, best.get(proposal.line, 0.0))
        return sorted(((line, math.log(p)) for line, p in best.items()), key=lambda item: -item[1])

    def to_record(self) -> dict[str, Any]:
        """Plain dicts, lists and numbers."""
        return {
            "words": self._words.to_record(),
            "typos": [[*key, dict(rights)] for key, rights in self._typos.items()],
            "rates": [[*kind, *rate] for kind, rate in self._rates.items()],
        }

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Corrections:
        """The inverse of `to_record`.

        Raises:
            KeyError, ValueError: another version wrote it.
        """
        corrections = cls()
        corrections._words = WordCounts(record["words"])
        corrections._typos = {(group, wrong): dict(rights) for group, wrong, rights in record["typos"]}
        corrections._rates = {
            (place, evidence, known): (hits, trials) for place, evidence, known, hits, trials in record["rates"]
        }
        return corrections

    def _count(self, word: CommandWord, exit_code: int | None) -> None:
        known = self._words.uses(word.group, word.text)
        if known or exit_code != _NOT_FOUND:  # else it may be the word that was not found
            self._words.add(word.group, word.text, ESTABLISHED if exit_code == 0 and not known else 1)

    def _learn_rates(self, command: str, last: CommandEntry) -> None:
        wanted: dict[Kind, bool] = {}
        for proposal in self._proposals(last):
            wanted[proposal.kind] = wanted.get(proposal.kind, False) or proposal.line == command
        for kind, hit in wanted.items():
            hits, trials = self._rates.get(kind, (0, 0))
            self._rates[kind] = (hits + hit, trials + 1)

    def _learn_typos(self, last: CommandEntry, entry: CommandEntry) -> None:
        if entry.exit_code == _NOT_FOUND:
            return
        for words in command_words(last.command):
            for word in words:
                right = substitute_of(word, last.command, entry.command)
                if right and self._corrects(right, word, last):
                    rights = self._typos.pop((word.group, word.text), {})
                    self._typos[word.group, word.text] = {**rights, right: rights.get(right, 0) + 1}
        if len(self._typos) > MAX_TYPOS:
            del self._typos[next(iter(self._typos))]

    def _corrects(self, right: str, word: CommandWord, last: CommandEntry) -> bool:
        """Whether `right`, typed at once in the place of `word`, shows that `word` was a mistake."""
        near = distance(word.text, right, 2) <= allowed(word.text, right)
        if word.place == "command" and last.exit_code == _NOT_FOUND:
            return near or word.end < len(last.command)  # the same arguments say enough
        return near and self._may_be_slip(word, right)

    def _may_be_slip(self, word: CommandWord, right: str) -> bool:
        if _DIGITS.sub("", word.text) == _DIGITS.sub("", right):
            return False  # another number is no slip
        # The first use may be the slip itself.
        return self._words.uses(word.group, right) > _MORE * max(0, self._words.uses(word.group, word.text) - 1)

    def _proposals(self, last: CommandEntry) -> Iterator[_Proposal]:
        for command, *arguments in command_words(last.command):
            rights = self._rights(command, last.exit_code)
            for right, probability, kind in rights:
                fixes = [(command, right)]
                fixes += [(each, also) for each in arguments if (also := self._argument_of(right, each.text))]
                yield _Proposal(substituted(last.command, fixes), probability, kind)
            for argument in [] if rights else arguments:
                for right, probability, kind in self._rights(argument, last.exit_code):
                    yield _Proposal(substituted(last.command, [(argument, right)]), probability, kind)

    def _rights(self, word: CommandWord, exit_code: int | None) -> list[tuple[str, float, Kind]]:
        """What `word` should have been, each with its probability and kind; nothing where it looks right."""
        evidence = _evidence(word, exit_code)
        if evidence is None:
            return []
        rights = self._typos.get((word.group, word.text), {})
        uses = self._words.uses(word.group, word.text)
        known = sum(rights.values()) >= max(1.0, _KNOWN_SHARE * uses)
        if not known:
            unsure = uses > 1 and evidence != "missing"
            mistakes = 2 if evidence == "missing" else 1  # of two, without evidence, none was ever corrected
            near = [] if unsure else self._words.near(word.group, word.text, mistakes)
            rights = {right: count for right, count in near if self._may_be_slip(word, right)}
        kind = (word.place, evidence, known)
        total = sum(rights.values())
        best = sorted(rights.items(), key=lambda item: -item[1])[:_BEST]
        return [(right, self._rate(kind) * count / total, kind) for right, count in best]

    def _argument_of(self, command: str, text: str) -> str | None:
        """The argument of the corrected command that is misspelt, too."""
        near = [] if self._words.uses(command, text) else self._words.near(command, text, mistakes=1)
        return near[0][0] if near else None

    def _rate(self, kind: Kind) -> float:
        hits, trials = self._rates.get(kind, (0, 0))
        _, evidence, known = kind
        prior = _KNOWN_PRIOR if known else _PRIORS[evidence]
        return (hits + prior * _PRIOR_TRIALS) / (trials + _PRIOR_TRIALS)


def _evidence(word: CommandWord, exit_code: int | None) -> str | None:
    """What the exit status of its line says against a word; None where it clears it."""
    if exit_code is None:
        return "unknown"
    if word.place == "command":
        return "missing" if exit_code == _NOT_FOUND else None
    return None if exit_code in (*_NO_MISTAKE, _NOT_FOUND) else "failed"
