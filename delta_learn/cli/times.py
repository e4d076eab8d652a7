"""Times as people type them: `2h` long, `2h` ago, a date."""

from __future__ import annotations

import re
import time
from datetime import datetime

import typer

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_LENGTH = re.compile(r"(\d{1,6})([smhdw])")


def seconds(text: str) -> float:
    """The length of `30m`, `2h`, `1d`, in seconds.

    Raises:
        typer.BadParameter: it is no length of time.
    """
    found = _LENGTH.fullmatch(text.strip())
    if not found or int(found[1]) == 0:
        raise typer.BadParameter(f"{text!r} is no length of time; write it as 30m, 2h or 1d.")
    return int(found[1]) * _UNITS[found[2]]


def moment(text: str) -> float:
    """`2h` (ago), `2026-11-01`, `2026-11-01 14:30` or `today`, as seconds since the epoch; local time.

    Raises:
        typer.BadParameter: it is no time.
    """
    if _LENGTH.fullmatch(text.strip()):
        return time.time() - seconds(text)
    try:
        date = time.strftime("%Y-%m-%d") if text == "today" else text
        return datetime.fromisoformat(date).timestamp()
    except (ValueError, OverflowError, OSError) as error:
        raise typer.BadParameter(f"{text!r} is no time; write it as 2h, 2026-11-01 or '2026-11-01 14:30'.") from error


def shown(timestamp: float | None) -> str:
    """A local time, to the second; `-` where there is none."""
    return "-" if timestamp is None else time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(timestamp))
