"""Figures and times as they stand on the page, the same in every locale."""

from __future__ import annotations

import time


def signed(value: float, places: int) -> str:
    """`+1.5`, `−0.2` with a true minus, `0.0`."""
    text = f"{value:+.{places}f}"
    return text.replace("-", "\u2212") if float(text) else text.lstrip("+-")


def points(share: float) -> str:
    """A difference of shares, in keystrokes of 100."""
    return signed(100 * share, 1)


def percent(part: int, whole: int) -> str:
    """`part` of `whole`, which is not 0."""
    return f"{part / whole:.0%}"


def many(n: int, noun: str) -> str:
    """`1 day`, `1,000 days`."""
    return f"{n:,} {noun}{'s' * (n != 1)}"


def moment(timestamp: float) -> str:
    """A local time, to the minute."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(timestamp))
