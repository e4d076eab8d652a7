"""How sessions become ids: the one place that knows the order of symbols around commands.

`<session>`, then for every command: `<gap:*>` after a pause, `<cwd>` and the directory when it changed,
`<exit:*>` of the previous command, `<cmd>`, the command's pieces, `<end>`. A session that was taught or
invented, not typed, says so after `<session>`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from delta_learn.entry import CommandEntry, Session
from delta_learn.tokenizer.symbols import (
    CMD,
    CWD,
    END,
    HOME,
    SESSION,
    SYNTHETIC,
    TAUGHT,
    exit_symbol,
    gap_symbol,
)
from delta_learn.tokenizer.tokenizer import Tokenizer

_ORIGINS = {"taught": TAUGHT, "synthetic": SYNTHETIC}
_DIRECTORY_COMPONENTS = 2


@dataclass(frozen=True, slots=True, eq=False)
class TokenRunArrays:
    """A session as tokens; `weights[i]` is the loss weight of predicting `ids[i]`, 0 = context only."""

    ids: npt.NDArray[np.uint16]
    weights: npt.NDArray[np.float16]


def encode_session(session: Session, tokenizer: Tokenizer, weight: Callable[[CommandEntry], float]) -> TokenRunArrays:
    """The tokens of a whole session; only commands and their `<end>` carry weight."""
    ids = [tokenizer.symbol(SESSION)]
    weights = [0.0]
    for index, entry in enumerate(session.entries):
        lead_in = _lead_in(session.entries, index, entry.directory, entry.timestamp, tokenizer)
        line = _line(entry, tokenizer)
        ids += lead_in + line
        weights += [0.0] * len(lead_in) + [weight(entry)] * len(line)
    return TokenRunArrays(np.array(ids, dtype=np.uint16), np.array(weights, dtype=np.float16))


def encode_context(
    entries: Sequence[CommandEntry],
    directory: str | None,
    timestamp: float | None,
    tokenizer: Tokenizer,
    max_tokens: int,
) -> list[int]:
    """What `encode_session` writes before the command that follows `entries` of the same session.

    Args:
        entries: the session so far, newest last.
        directory: where the next command will run.
        timestamp: when, seconds since the epoch.
        tokenizer: of the model that will read the ids.
        max_tokens: at most this many ids are returned; whole commands are left out, oldest first, and what
            remains begins with `<session>`. It always ends with `<cmd>`.

    Raises:
        ValueError: `max_tokens` is below 2.
    """
    if max_tokens < 2:
        raise ValueError(f"max_tokens must be at least 2, not {max_tokens}")
    start = [tokenizer.symbol(SESSION)]
    parts = [_lead_in(entries, len(entries), directory, timestamp, tokenizer)]
    budget = max_tokens - len(start) - len(parts[0])
    if budget < 0:
        return [*start, tokenizer.symbol(CMD)]
    for index in range(len(entries) - 1, -1, -1):
        entry = entries[index]
        part = _lead_in(entries, index, entry.directory, entry.timestamp, tokenizer) + _line(entry, tokenizer)
        budget -= len(part)
        if budget < 0:
            break
        parts.append(part)
    return start + [token for part in reversed(parts) for token in part]


def _line(entry: CommandEntry, tokenizer: Tokenizer) -> list[int]:
    return [*tokenizer.encode(entry.command), tokenizer.symbol(END)]


def _lead_in(
    entries: Sequence[CommandEntry],
    index: int,
    directory: str | None,
    timestamp: float | None,
    tokenizer: Tokenizer,
) -> list[int]:
    """The ids between `entries[index - 1]` and the pieces of the command at `index`, which may be to come."""
    previous = entries[index - 1] if index else None
    ids = []
    if index == 0 and entries and entries[0].source in _ORIGINS:
        ids.append(tokenizer.symbol(_ORIGINS[entries[0].source]))
    gap = _gap(previous, timestamp)
    if gap is not None:
        ids.append(tokenizer.symbol(gap))
    if directory is not None and directory != _last_directory(entries, index):
        ids += [tokenizer.symbol(CWD), *tokenizer.encode(_shortened(directory, tokenizer))]
    if previous is not None and previous.exit_code is not None:
        ids.append(tokenizer.symbol(exit_symbol(previous.exit_code)))
    return [*ids, tokenizer.symbol(CMD)]


def _gap(previous: CommandEntry | None, timestamp: float | None) -> str | None:
    """The pause between the end of the previous command and the start of this one."""
    if previous is None or previous.timestamp is None or timestamp is None:
        return None
    return gap_symbol(timestamp - previous.timestamp - (previous.duration_ms or 0) / 1000)


def _last_directory(entries: Sequence[CommandEntry], index: int) -> str | None:
    """The last directory known before `entries[index]`."""
    before = (entries[i].directory for i in range(index - 1, -1, -1))
    return next((directory for directory in before if directory is not None), None)


def _shortened(directory: str, tokenizer: Tokenizer) -> str:
    """The last two components; the home directory counts as one."""
    home = tokenizer.decode([tokenizer.symbol(HOME)])
    path = directory.rstrip("/") or "/"
    if home and (path == home or path.startswith(home + "/")):
        components = [home, *path[len(home) + 1 :].split("/")] if path != home else [home]
    else:
        components = path.split("/")
    return "/".join(components[-_DIRECTORY_COMPONENTS:])
