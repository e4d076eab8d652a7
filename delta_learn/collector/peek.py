"""What a shell has recorded and no drain has moved yet, as a drain would keep it: for the prompt that comes next."""

from __future__ import annotations

from pathlib import Path

from delta_learn.collector.drain import without_excluded
from delta_learn.collector.exclude import Exclusions
from delta_learn.collector.redaction.patterns import Patterns, compile_patterns
from delta_learn.collector.repository import Repositories
from delta_learn.collector.spool import recorded
from delta_learn.collector.spoolfiles import read_session, sessions
from delta_learn.collector.store import redacted
from delta_learn.config import Config
from delta_learn.entry import Redacted
from delta_learn.paths import Paths


class Peek:
    """Reads the spool without changing it. Settings are read again when config.json has changed."""

    def __init__(self, paths: Paths) -> None:
        self._paths = paths
        self._settings: tuple[Exclusions, Patterns] | None = None
        self._stamp: tuple[int, int] | None = None

    def ended(self, session: str) -> list[Redacted]:
        """The commands of `session` that have ended, in order, redacted, without what is excluded.

        Raises:
            ConfigError: config.json cannot be read: it says what must not be kept.
            StorageError: the spool cannot be read.
        """
        files = next((each for each in sessions(self._paths.spool) if each[0].session == session), None)
        if files is None:
            return []
        exclusions, patterns = self._current_settings()
        found = recorded(session, {read.file.number: read.generation for read in read_session(files)})
        repositories = Repositories()
        ended = [entry for entry in without_excluded(found, exclusions) if entry.exit_code is not None]
        return redacted(map(repositories.described, ended), patterns)

    def _current_settings(self) -> tuple[Exclusions, Patterns]:
        stamp = _stamp(self._paths.config)
        if self._settings is None or stamp != self._stamp:
            config = Config.load(self._paths.config).collect
            self._settings = Exclusions.from_config(config, str(Path.home())), compile_patterns(config.redact)
            self._stamp = stamp
        return self._settings


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        info = path.stat()
    except OSError:
        return None
    return info.st_mtime_ns, info.st_ino
