from __future__ import annotations

import pytest

from delta_learn.tokenizer.symbols import LAYOUT, SYMBOLS, exit_symbol, gap_symbol


def test_layout_is_raised_when_symbols_change() -> None:
    # A model's embedding rows are named by these places: change LAYOUT together with this list.
    assert LAYOUT == 1
    assert " ".join(SYMBOLS) == (
        "<pad> <session> <cmd> <end> <cwd> <exit:0> <exit:n> <exit:127> <exit:130> <gap:minutes> <gap:hours> "
        "<gap:days> <home> <user> <host> <taught> <synthetic> <surrogate>"
    )


@pytest.mark.parametrize(
    ("seconds", "symbol"),
    [
        (-5.0, None),
        (119.9, None),
        (120.0, "<gap:minutes>"),
        (3599.0, "<gap:minutes>"),
        (3600.0, "<gap:hours>"),
        (86399.0, "<gap:hours>"),
        (86400.0, "<gap:days>"),
        (float("nan"), None),
    ],
)
def test_gap_symbol(seconds: float, symbol: str | None) -> None:
    assert gap_symbol(seconds) == symbol


@pytest.mark.parametrize(
    ("code", "symbol"),
    [(0, "<exit:0>"), (1, "<exit:n>"), (127, "<exit:127>"), (130, "<exit:130>"), (-9, "<exit:n>")],
)
def test_exit_symbol(code: int, symbol: str) -> None:
    assert exit_symbol(code) == symbol
    assert symbol in SYMBOLS
