"""Method: what a replay asks, scores and teaches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from delta_learn.entry import CommandEntry
from delta_learn.predictor.context import Context
from delta_learn.predictor.suggestion import Suggestion


class Method(Protocol):
    """Anything that suggests lines."""

    def suggest(self, prefix: str, context: Context, k: int) -> Sequence[Suggestion]:
        """At most k whole lines that begin with `prefix`, best first."""

    def bits(self, entry: CommandEntry, context: Context) -> float | None:
        """-log2 P(command and its end) before it is observed; None without a distribution over lines."""

    def observe(self, entry: CommandEntry, context: Context) -> None:
        """Learn an executed command."""
