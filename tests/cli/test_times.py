"""cli/times.py: lengths and moments as people type them."""

from __future__ import annotations

import time

import pytest
import typer

from delta_learn.cli.times import moment, seconds, shown


@pytest.mark.parametrize(
    ("text", "length"), [("45s", 45), ("30m", 1800), ("2h", 7200), (" 1d ", 86400), ("2w", 1209600)]
)
def test_lengths(text: str, length: float) -> None:
    assert seconds(text) == length


@pytest.mark.parametrize("text", ["", "h", "2", "-2h", "0h", "2 h", "1e3s", "2hours", "99999999d", "²h"])
def test_what_is_no_length(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="30m, 2h or 1d"):
        seconds(text)


def test_moments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 1e9)
    assert moment("2h") == 1e9 - 7200
    assert moment("2026-11-01") == time.mktime((2026, 11, 1, 0, 0, 0, 0, 0, -1))
    assert moment("2026-11-01 14:30") == time.mktime((2026, 11, 1, 14, 30, 0, 0, 0, -1))
    assert moment("2026-11-01T14:30:00+00:00") == 1793543400
    assert shown(moment("today"))[11:] == "00:00:00"


@pytest.mark.parametrize("text", ["", "yesteryear", "2026-13-01", "25:00"])
def test_what_is_no_moment(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="is no time"):
        moment(text)


def test_a_missing_time_is_a_dash() -> None:
    assert shown(None) == "-"
