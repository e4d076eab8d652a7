"""What the kernel says about this machine: power, people, load; None where it does not say."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_TERMINALS = (("dev/pts", re.compile(r"\d+")), ("dev", re.compile(r"ttys?\d+")))
"""Those of terminal programs and ssh; the consoles, and those of macOS."""

_LOST_SECONDS = 10.0
"""A time so far in the future was written before the clock was set back, and says nothing of now."""

_NVIDIA_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Supply:
    """One entry of /sys/class/power_supply."""

    kind: str
    """`Mains`, `USB`, `Battery`, `UPS`, ..."""
    online: bool | None
    """Whether it gives power; batteries do not say."""
    status: str
    """`Charging`, `Discharging`, `Full`, ...; empty for what is no battery."""


class Machine:
    """Reads below `root`, so that another tree can stand for this machine."""

    def __init__(self, root: Path = Path("/"), own_seconds: Callable[[], float] = time.process_time) -> None:
        """`own_seconds`: processor time of this process so far."""
        self.root = root
        self.own_seconds = own_seconds

    def supplies(self) -> list[Supply] | None:
        """What powers the machine; mice and the like, which have batteries of their own, are left out."""
        directory = self.root / "sys/class/power_supply"
        if not directory.is_dir():
            return None
        places = [place for place in sorted(directory.iterdir()) if _text(place / "scope") != "Device"]
        return [
            Supply(_text(place / "type") or "", _flag(place / "online"), _text(place / "status") or "")
            for place in places
        ]

    def pressure(self, resource: str) -> float | None:
        """Percent of the last ten seconds in which something waited for `cpu`, `memory` or `io`.

        Linux, Documentation/accounting/psi.rst.
        """
        line = next(iter((_text(self.root / "proc/pressure" / resource) or "").splitlines()), "")
        facts = dict(word.split("=", 1) for word in line.split() if "=" in word)
        return _number(facts.get("avg10"))

    def load(self) -> float | None:
        """Processes that ran or waited to, on average over the last minute, for each processor."""
        text = _text(self.root / "proc/loadavg")
        total = _number(text.split()[0] if text else None)
        return None if total is None else total / self.processors()

    def processors(self) -> int:
        """How many there are."""
        lines = (_text(self.root / "proc/stat") or "").splitlines()
        return sum(line[:3] == "cpu" and line[3:4].isdigit() for line in lines) or os.cpu_count() or 1

    def busy_seconds(self) -> float | None:
        """Time that all processors together have worked so far, for whomever."""
        name, *columns = (_text(self.root / "proc/stat") or "none").splitlines()[0].split()
        if name != "cpu" or len(columns) < 7:
            return None
        user, nice, system, _idle, _iowait, irq, softirq = map(int, columns[:7])
        return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")

    def memory_mb(self) -> float | None:
        """What this process holds in memory."""
        for line in (_text(self.root / "proc/self/status") or "").splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024 / 1e6
        return None

    def helpers_seconds(self) -> float:
        """Processor time of the processes that this one started, and of theirs: distributed training."""
        ended = os.times()
        running = sum(self._family_seconds(child) for child in self._children(os.getpid()))
        return ended.children_user + ended.children_system + running

    def _family_seconds(self, pid: int) -> float:
        fields = (_text(self.root / f"proc/{pid}/stat") or "").rpartition(")")[2].split()
        own = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") if len(fields) > 12 else 0.0
        return own + sum(self._family_seconds(child) for child in self._children(pid))

    def _children(self, pid: int) -> list[int]:
        tasks = (self.root / f"proc/{pid}/task").glob("*/children")
        return [int(child) for task in tasks for child in (_text(task) or "").split()]

    def gpu_percent(self) -> float | None:
        """How busy the busiest GPU is; NVIDIA's own program is asked where its driver is loaded."""
        files = (self.root / "sys/class/drm").glob("card*/device/gpu_busy_percent")
        found = [_number(_text(file)) for file in files]
        if (self.root / "proc/driver/nvidia").exists():
            found += _nvidia()
        known = [percent for percent in found if percent is not None]
        return max(known, default=None)

    def last_typed(self, now: float) -> float | None:
        """When something was last typed in a terminal of this user, as `w` tells it; seconds since the epoch.

        The kernel sets a terminal's access time when a program reads keys from it (every 8 s at most), whatever
        the mount options are; what programs print changes the other time.
        """
        found = ((self.root / directory, name) for directory, name in _TERMINALS)
        places = [place / name for place, pattern in found for name in _names(place) if pattern.fullmatch(name)]
        return newest([_status(place) for place in places], now)


def newest(statuses: list[os.stat_result | None], now: float, *, written: bool = False) -> float | None:
    """The newest time of access (or, if `written`, of change) among files of this user; None without any."""
    own = [status for status in statuses if status is not None and status.st_uid == os.getuid()]
    times = [status.st_mtime if written else status.st_atime for status in own]
    return max((moment for moment in times if moment <= now + _LOST_SECONDS), default=None)


def written_last(directory: Path, now: float) -> float | None:
    """When a file of this user in `directory` was last written to; seconds since the epoch."""
    return newest([_status(directory / name) for name in _names(directory)], now, written=True)


def _names(directory: Path) -> list[str]:
    try:
        return [place.name for place in directory.iterdir()]
    except OSError:  # there is none
        return []


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:  # closed meanwhile
        return None


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:  # this kernel has no such file, or the device cannot say now
        return None


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None


def _flag(path: Path) -> bool | None:
    number = _number(_text(path))
    return None if number is None else number > 0


def _nvidia() -> list[float | None]:
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    try:
        done = subprocess.run(  # noqa: S603 (found on the PATH, fixed arguments)
            [program, "--query-gpu=utilization.gpu", "--format=csv,noheader,nounits"],
            capture_output=True, text=True, timeout=_NVIDIA_SECONDS, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return []
    return [_number(line) for line in done.stdout.splitlines()]
