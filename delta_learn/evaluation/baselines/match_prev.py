"""zsh-autosuggestions' `match_prev_cmd` strategy, asked at the empty prompt too."""

from __future__ import annotations

import numpy as np

from delta_learn.entry import CommandEntry
from delta_learn.evaluation.baselines.lines import Ids, LineRanker
from delta_learn.predictor.context import Context


class MatchPrevious(LineRanker):
    """The newest line with the prefix that came after the same previous command, else the newest with it.

    The shell script looks at the newest 200 events with the prefix only, to be quick; here all are looked at,
    which makes it a slightly stronger opponent.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._previous: int | None = None
        self._followers: dict[int, dict[int, int]] = {}
        """Of each line: the lines that followed it, and the newest event at which they did."""
        self._scores: Ids = np.zeros(0, np.int64)

    def scores(self, prefix: str, lines: Ids, context: Context) -> Ids:  # noqa: ARG002
        """Newest event of each line; for those that followed the previous command, that event put first."""
        return self._scores[lines]

    def observe(self, entry: CommandEntry, context: Context) -> None:  # noqa: ARG002
        """Add an executed line and its place after the one before."""
        event = len(self.table.events)
        line = self.table.record(entry)
        if self._previous is not None:
            self._followers.setdefault(self._previous, {})[line] = event
        self._previous = line
        self._scores = self._all_scores(line)

    def _all_scores(self, previous: int) -> Ids:
        scores = self.table.last_use.copy()
        followers = self._followers.get(previous, {})
        lines = np.fromiter(followers, np.int64, len(followers))
        scores[lines] = np.fromiter(followers.values(), np.int64, len(followers)) + len(self.table.events)
        return scores
