"""Newest line with the prefix: zsh-autosuggestions' `history` strategy, and fish's autosuggestion."""

from __future__ import annotations

from typing import ClassVar

from delta_learn.entry import CommandEntry
from delta_learn.evaluation.baselines.lines import EmptyPrompt, Ids, LineRanker
from delta_learn.predictor.context import Context


class MostRecent(LineRanker):
    """zsh-autosuggestions 0.7, strategy `history`: the most recent line with the prefix."""

    empty_prompt: ClassVar[EmptyPrompt] = "nothing"

    def scores(self, prefix: str, lines: Ids, context: Context) -> Ids:  # noqa: ARG002
        """The newest event of each line."""
        return self.table.last_use[lines]


class Fish(MostRecent):
    """fish 3.7: the newest item with the prefix; items of several lines are passed over.

    fish also passes over items that name files no longer there, which a replay cannot know.
    """

    def observe(self, entry: CommandEntry, context: Context) -> None:
        """Add an executed line, unless fish would never suggest it."""
        if "\n" not in entry.command:
            super().observe(entry, context)
