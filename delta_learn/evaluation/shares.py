"""Where saved keystrokes come from: by source of the accepted suggestion, and on lines never typed before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Saved = Mapping[str, Ints]
"""Keys saved by word with the suggestions of each source: arrays of shape (n,), one value a command."""


class SavedLog:
    """Collects the keys saved while a replay runs."""

    def __init__(self) -> None:
        self._saved: defaultdict[str, dict[int, int]] = defaultdict(dict)
        """By source and number of the command."""

    def record(self, command: int, source: str, keys: int) -> None:
        """An accepted suggestion of `source` saved `keys` at command number `command`."""
        at = self._saved[source]
        at[command] = at.get(command, 0) + keys

    def saved(self, n: int) -> dict[str, Ints]:
        """One array of shape (n,) a source."""
        result = {}
        for source, at in self._saved.items():
            result[source] = np.zeros(n, np.int64)
            result[source][list(at)] = list(at.values())
        return result


def concatenated(parts: Sequence[tuple[int, Saved]]) -> dict[str, Ints]:
    """All parts in one; each is (commands, saved), and a source that a part lacks saved nothing there."""
    sources = dict.fromkeys(source for _, saved in parts for source in saved)
    return {
        source: np.concatenate([saved.get(source, np.zeros(n, np.int64)) for n, saved in parts]) for source in sources
    }


def shares(saved: Saved, saved_full: Ints, repeats: NDArray[np.bool_]) -> dict[str, Any]:
    """`shares` by source and `novel_share` of the keys saved by word, `novel_share_full` of those saved by whole lines.

    `saved_full` and `repeats` (the line had been typed before) have shape (n,). None where nothing was saved.
    """
    by_source = {source: int(keys.sum()) for source, keys in sorted(saved.items())}
    total = sum(by_source.values())
    novel = sum(int(keys[~repeats].sum()) for keys in saved.values())
    return {
        "shares": {source: keys / total for source, keys in by_source.items()} if total else None,
        "novel_share": novel / total if total else None,
        "novel_share_full": float(saved_full[~repeats].sum() / saved_full.sum()) if saved_full.any() else None,
    }
