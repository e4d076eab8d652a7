"""Tact: what of the suggestions is shown, and what one key must not accept."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from delta_learn.predictor.suggestion import Suggestion
from delta_learn.serving.threshold import Threshold
from delta_learn.surroundings.danger import is_destructive
from delta_learn.surroundings.deadline import Deadline
from delta_learn.surroundings.exists import stands

_ACCEPT_KEYS = 1

Stands = Callable[[str, str, Deadline], bool]
"""Whether a command can work in a directory: surroundings/exists.py."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A suggestion as it is sent to a shell."""

    text: str
    marks: str
    """`s` sure enough to be shown unasked, `p` the beginning of a line only, `d` destructive."""
    probability: float
    source: str


class Tact:
    """Judges the suggestions of all shells; `threshold` is to learn what becomes of them."""

    def __init__(self, threshold: Threshold | None = None, stands: Stands = stands) -> None:
        self.threshold = Threshold() if threshold is None else threshold
        self._stands = stands

    def judge(
        self,
        suggestions: Sequence[Suggestion],
        prefix: str,
        directory: str | None,
        failed: Collection[str] = (),
        *,
        turn: int = 0,
        deadline: Deadline | None = None,
    ) -> list[Judged]:
        """The suggestions that may be shown, best first.

        Nothing where `prefix` begins with a space: what is private is not helped with. What is left out makes the
        others more probable: nobody types what cannot work.

        Args:
            suggestions: best first; all begin with `prefix`.
            prefix: what is typed.
            directory: of the shell; None where nobody knows: then all commands can work.
            failed: lines that ended in "command not found" the last time.
            turn: a number of the prompt: the same one tries the same of what is not sure enough.
            deadline: for looking at files; what comes late can work.
        """
        if prefix[:1].isspace():
            return []
        time = deadline or Deadline()
        kept = [
            each for each in suggestions if each.command not in failed and self._works(each, prefix, directory, time)
        ]
        lost = sum(each.probability for each in suggestions if each not in kept and each.whole)
        return [
            self._judged(each, prefix, min(1.0, each.probability / max(1 - lost, each.probability)), turn)
            for each in kept
        ]

    def _works(self, suggestion: Suggestion, prefix: str, directory: str | None, deadline: Deadline) -> bool:
        """Of a beginning nobody can tell: its last word may go on."""
        command = suggestion.command
        if command[:1].isspace() or len(command) <= len(prefix):
            return False
        return not suggestion.whole or directory is None or self._stands(command, directory, deadline)

    def _judged(self, suggestion: Suggestion, prefix: str, probability: float, turn: int) -> Judged:
        text = suggestion.command
        possible = len(text) - len(prefix) - _ACCEPT_KEYS
        sure = self.threshold.shows(text, probability, possible, empty=not prefix, turn=turn)
        marks = "s" * sure + "p" * (not suggestion.whole) + "d" * is_destructive(text)
        return Judged(text, marks, probability, suggestion.source)
