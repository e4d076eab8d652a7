"""The text of the systemd units; quoting as in systemd.syntax(7) and systemd.service(5)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from delta_learn.config import TIME_OF_DAY, ScheduleConfig
from delta_learn.installation.schedule.clock import TimeOfDay
from delta_learn.installation.schedule.night import command, environment
from delta_learn.paths import Paths

SERVICE = "delta-learn.service"
TIMER = "delta-learn.timer"

_DUE = re.compile(rf'^ExecStart=.* "?--due"? "?({TIME_OF_DAY.pattern})\b', re.MULTILINE)


def service_text(paths: Paths, at: TimeOfDay, config: ScheduleConfig) -> str:
    """One night, below everything else that the machine does."""
    return "\n".join(
        [
            "[Unit]",
            "Description=delta_learn learns from the shell history",
            "",
            "[Service]",
            "Type=oneshot",
            _variables(paths),
            f"ExecStart={start_line(command(at))}",
            f"Nice={config.nice}",
            f"CPUQuota={config.cpu_percent}%",
            f"MemoryMax={config.memory_mb}M",
            "IOSchedulingClass=idle",
            "",
        ]
    )


def timer_text(at: TimeOfDay, config: ScheduleConfig) -> str:
    """Every hour, as a night whose conditions do not hold stays due; when the machine was off, at once (Persistent)."""
    return "\n".join(
        [
            "[Unit]",
            "Description=delta_learn asks whether a night is due",
            "",
            "[Timer]",
            f"OnCalendar=*-*-* *:{at.minute:02d}:00",
            "Persistent=true",
            f"RandomizedDelaySec={config.spread_minutes * 60:.0f}",
            "",
            "[Install]",
            "WantedBy=timers.target",
            "",
        ]
    )


def due_in(service: str) -> TimeOfDay | None:
    """From when on a night is due, by the text of a service."""
    found = _DUE.search(service)
    return TimeOfDay.parse(found[1]) if found else None


def learns_from(service: str, paths: Paths) -> bool:
    """Whether this is the text of a service for this data set."""
    return _variables(paths) in service.split("\n")


def start_line(words: Sequence[str]) -> str:
    """A value of ExecStart that starts exactly these words."""
    # Through env, as systemd takes no program whose path holds quotes or backslashes.
    return " ".join(["/usr/bin/env", *(_quoted(word).replace("$", "$$") for word in words)])


def _variables(paths: Paths) -> str:
    return "Environment=" + " ".join(_quoted(f"{name}={value}") for name, value in environment(paths).items())


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped}"'
