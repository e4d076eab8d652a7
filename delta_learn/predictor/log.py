"""CommandLog: what was typed and in which situation, as numpy columns; the memory of the history ranker."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from delta_learn.entry import CommandEntry
from delta_learn.predictor.context import Context
from delta_learn.predictor.directory import FollowedDirectory
from delta_learn.predictor.names import UNKNOWN, Names
from delta_learn.predictor.situation import COLUMNS, DEPTH, Situation, first_words
from delta_learn.predictor.sortednames import Ids, SortedNames
from delta_learn.predictor.table import Table

NOT_FOUND = 127
"""Exit status of a command that the shell could not find."""

_MAX_LOG_SIZE = 5.0
"""Lines of 150 characters and more count as equally long."""

_TAUGHT_WEIGHT = 4.0
"""An entry that the person taught counts as this many typed ones."""


class CommandLog:
    """Every observed command in order (`events`) and every distinct line (`lines`), by number."""

    def __init__(self) -> None:
        self.texts = SortedNames()
        """The distinct lines, in the order first seen."""
        self.words = Names()
        """First words, and first two words, of the lines."""
        self.events = Table(
            line=np.int32,
            word=np.int32,
            **dict.fromkeys(COLUMNS, np.int32),
            fresh=np.int32,
            log_weight=np.float32,
            time=np.float64,
            log_pause=np.float32,
        )
        self.lines = Table(
            word=np.int32,
            head=np.int32,
            count=np.int32,
            log_size=np.float32,
            last_event=np.int32,
            last_time=np.float64,
            mean_log_gap=np.float32,
            outcomes=np.int32,
            failures=np.int32,
            failure_rate=np.float32,
            last_failed=np.int32,
            last_missing=np.int32,
        )
        self._directories = Names()
        self._sessions = Names()
        self._followed = FollowedDirectory()
        self._latest: list[str] = []
        """The last commands of all sessions together, oldest first; none after an isolated entry."""

    def matching(self, prefix: str) -> Ids:
        """Numbers of the lines that begin with `prefix`; a view that is valid until `record`."""
        return self.texts.matching(prefix)

    def situation(self, context: Context) -> Situation:
        """A context in numbers; changes nothing.

        At the first prompt of a session the last commands are those before it, of whichever session: what
        opens a session depends on how the last one ended.
        """
        commands = [entry.command for entry in context.previous[-DEPTH:]] or self._latest
        ids = dict.fromkeys(COLUMNS, UNKNOWN)
        for back, command in enumerate(reversed(commands), start=1):
            ids[f"line{back}"] = self.texts.find(command)
            ids[f"word{back}"] = self.words.find(first_words(command, 1))
            ids[f"head{back}"] = self.words.find(first_words(command, 2))
        ids["directory"] = self._directories.find(self._followed.at(context))
        ids["session"] = self._sessions.find(context.session)
        ids["opens"] = int(not context.previous)
        exit_code = context.previous[-1].exit_code if context.previous else None
        ids["failed"] = UNKNOWN if exit_code is None else int(exit_code != 0)
        time = np.nan if context.timestamp is None else context.timestamp
        return Situation(ids, time, self._log_pause(time))

    def directory(self, number: int) -> str:
        """The directory of that number in an event, empty for none."""
        return self._directories[number] if number >= 0 else ""

    def record(self, entry: CommandEntry, context: Context) -> None:
        """Add an executed command."""
        self._directories.add(self._followed.at(context))
        self._sessions.add(context.session)
        situation = self.situation(context)
        line = self.texts.find(entry.command)
        fresh = line == UNKNOWN
        if fresh:
            line = self._add_line(entry.command)
        self._count_use(line, entry, situation.time)
        self.events.append(
            line=line,
            word=self.lines["word"][line],
            **situation.to_event(alone=entry.isolated),
            fresh=fresh,
            log_weight=np.log(_TAUGHT_WEIGHT) if entry.source == "taught" else 0.0,
            time=situation.time,
            log_pause=np.nan if entry.isolated else situation.log_pause,
        )
        self._followed.follow(entry.command, context)
        self._latest = [] if entry.isolated else [*self._latest[1 - DEPTH :], entry.command]

    def _log_pause(self, time: float) -> float:
        before = self.events["time"][-1] if len(self.events) else np.nan
        return float(np.log1p(max(0.0, time - before))) if np.isfinite(time - before) else np.nan

    def _add_line(self, text: str) -> int:
        line = self.texts.add(text)
        self.lines.append(
            word=self.words.add(first_words(text, 1)),
            head=self.words.add(first_words(text, 2)),
            log_size=min(np.log1p(len(text)), _MAX_LOG_SIZE),
            last_time=np.nan,
        )
        return line

    def _count_use(self, line: int, entry: CommandEntry, time: float) -> None:
        table, now = self.lines, len(self.events)
        uses = table["count"][line]
        if uses:
            gap = np.log1p(now - table["last_event"][line])
            table["mean_log_gap"][line] += (gap - table["mean_log_gap"][line]) / uses
        table["count"][line] += 1
        table["last_event"][line] = now
        if not np.isnan(time):
            table["last_time"][line] = time
        if entry.exit_code is not None:
            table["outcomes"][line] += 1
            table["failures"][line] += entry.exit_code != 0
            table["failure_rate"][line] = table["failures"][line] / table["outcomes"][line]
            table["last_failed"][line] = entry.exit_code != 0
            table["last_missing"][line] = entry.exit_code == NOT_FOUND

    def to_record(self) -> dict[str, Any]:
        """Plain lists and bytes."""
        return {
            "texts": self.texts.to_record(),
            "words": self.words.to_record(),
            "directories": self._directories.to_record(),
            "sessions": self._sessions.to_record(),
            "followed": self._followed.to_record(),
            "latest": list(self._latest),
            "events": self.events.to_record(),
            "lines": self.lines.to_record(),
        }

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> CommandLog:
        """The inverse of `to_record`.

        Raises:
            KeyError, ValueError: another version wrote it.
        """
        log = cls()
        log.texts, log.words = SortedNames(record["texts"]), Names(record["words"])
        log._directories, log._sessions = Names(record["directories"]), Names(record["sessions"])
        log._followed = FollowedDirectory(*record["followed"])
        log._latest = list(record["latest"])
        log.events.load(record["events"])
        log.lines.load(record["lines"])
        return log
