"""The night as a line of the user's crontab, which asks every hour."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from delta_learn.config import TIME_OF_DAY, ScheduleConfig
from delta_learn.errors import DeltaError
from delta_learn.installation.schedule.clock import TimeOfDay
from delta_learn.installation.schedule.commands import ask
from delta_learn.installation.schedule.night import command, environment
from delta_learn.paths import Paths
from delta_learn.storage.atomic import private_directory

_MARK = " # delta_learn: `delta-learn schedule remove` takes this line out"
_LINE = re.compile(rb"^.*%b(?:\n|\Z)" % re.escape(_MARK.encode()), re.MULTILINE)
_DUE = re.compile(rf"^\d.* --due ({TIME_OF_DAY.pattern}) ".encode())
_NONE = ("no crontab", "no fcrontab", "no such file")
"""What the crontab of Vixie, cronie and the BSDs, of fcron, and of BusyBox says to someone who has none."""
_DAEMONS = frozenset({"cron", "crond", "fcron"})


class Crontab:
    """One marked line, the first; what else is in the crontab is never touched."""

    def __init__(self, paths: Paths) -> None:
        """Touches nothing."""
        self._paths = paths

    def works(self) -> bool:
        """Whether there is a `crontab` that this user may use."""
        return _read() is not None

    def installed(self) -> TimeOfDay | None:
        """From when on a night is due; None where no line is about this data set."""
        for line in self._lines(_read() or b""):
            if found := _DUE.search(line):
                return TimeOfDay.parse(found[1].decode())
        return None

    def install(self, at: TimeOfDay, config: ScheduleConfig) -> None:
        """Put the line in, in the place of an older one.

        Raises:
            DeltaError: the crontab cannot be read or cron refuses the new one; the old one stays.
            StorageError: the directory for what it writes cannot be made.
        """
        private_directory(self._paths.log)
        before = _read()
        if before is None:
            raise DeltaError("`crontab -l` failed: see what it says, and whether cron lets you use it.")
        # First, as variables in a crontab (SHELL!) are those of the lines below them.
        after = f"{entry(self._paths, at, config)}\n".encode() + _LINE.sub(b"", before)
        if after != before:
            _write(after)

    def remove(self, *, of_any: bool = False) -> bool:
        """Take the line about this, or any, data set out: the rest stays byte for byte; says whether there was one.

        Raises:
            DeltaError: cron refuses it.
        """
        before = _read() or b""
        lines = _LINE.findall(before) if of_any else self._lines(before)
        if lines:
            _write(_LINE.sub(lambda line: b"" if line[0] in lines else line[0], before))
        return bool(lines)

    def _lines(self, crontab: bytes) -> list[bytes]:
        data = f" {_variables(self._paths)} ".encode(errors="surrogateescape")
        return [line for line in _LINE.findall(crontab) if data in line]


def entry(paths: Paths, at: TimeOfDay, config: ScheduleConfig) -> str:
    """The line for crontab(5); only errors are kept, as the night has a log of its own."""
    words = f"nice -n {config.nice} {_escaped(shlex.join(command(at)))}"
    log = _escaped(shlex.quote(str(paths.log / "cron.log")))
    return f"{at.minute} * * * * umask 77; env {_variables(paths)} {words} >/dev/null 2>>{log}{_MARK}"


def daemon_runs(processes: Path = Path("/proc")) -> bool | None:
    """Whether a cron is seen among the processes; None where they cannot be seen."""
    names = set()
    for file in processes.glob("[0-9]*/comm"):
        try:
            names.add(file.read_text().strip())
        except OSError:
            continue  # it has ended
    return bool(names & _DAEMONS) if names else None


def _variables(paths: Paths) -> str:
    return " ".join(f"{name}={_escaped(shlex.quote(value))}" for name, value in environment(paths).items())


def _escaped(words: str) -> str:
    r"""`words` of sh as cron must be given them: `\%` is a `%`, which else ends the command (crontab(5)).

    cron pairs backslashes, whatever their quotes, so `\` and `%` must not meet: `''` parts them inside quotes.
    """
    return words.replace("\\%", "\\''%").replace("%", "\\%")


def _read() -> bytes | None:
    """The crontab; empty where there is none yet, None where it cannot be had."""
    answer = ask(["crontab", "-l"])
    if answer.ok:
        return answer.output
    return b"" if answer.status != 127 and any(text in answer.error.lower() for text in _NONE) else None


def _write(crontab: bytes) -> None:
    """Hand a whole crontab to cron, which checks it before it takes the place of the old one."""
    answer = ask(["crontab", "-"], crontab) if crontab else ask(["crontab", "-r"])
    if not answer.ok:
        raise DeltaError(f"cron refuses the new crontab ({answer.error or answer.status}); the old one stays.")
