"""Control symbols: the structure around commands, inserted by id so that typed text can never forge it."""

from __future__ import annotations

LAYOUT = 1
"""Raised whenever SYMBOLS or the order of tokens in `sequence` changes: older models then no longer fit."""

PAD = "<pad>"
SESSION = "<session>"
CMD = "<cmd>"
END = "<end>"
CWD = "<cwd>"
HOME = "<home>"
USER = "<user>"
HOST = "<host>"
TAUGHT = "<taught>"
SYNTHETIC = "<synthetic>"
SURROGATE = "<surrogate>"
"""The next three byte pieces are one UTF-16 surrogate, a character that UTF-8 has no bytes for."""

GAPS: tuple[tuple[float, str], ...] = (
    (86400.0, "<gap:days>"),
    (3600.0, "<gap:hours>"),
    (120.0, "<gap:minutes>"),
)
"""Shortest pause before a command, in seconds, and its symbol; longest first."""

EXITS: dict[int, str] = {0: "<exit:0>", 127: "<exit:127>", 130: "<exit:130>"}
"""Exit statuses with a meaning of their own: success, command not found, interrupted."""
EXIT_OTHER = "<exit:n>"

SYMBOLS: tuple[str, ...] = (
    PAD,
    SESSION,
    CMD,
    END,
    CWD,
    EXITS[0],
    EXIT_OTHER,
    EXITS[127],
    EXITS[130],
    "<gap:minutes>",
    "<gap:hours>",
    "<gap:days>",
    HOME,
    USER,
    HOST,
    TAUGHT,
    SYNTHETIC,
    SURROGATE,
)
"""All symbols, in the order of their ids."""


def gap_symbol(seconds: float) -> str | None:
    """The symbol of a pause of this many seconds; None below two minutes."""
    return next((symbol for least, symbol in GAPS if seconds >= least), None)


def exit_symbol(code: int) -> str:
    """The symbol of an exit status."""
    return EXITS.get(code, EXIT_OTHER)
