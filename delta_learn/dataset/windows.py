"""Dataset: token runs packed into rows of equal length, in an order that only seed and epoch decide.

A row holds segments of several sessions. A session longer than a row is cut, at borders between commands
where there is one in reach, and each part but the first begins with `<session>` and some earlier commands
as context, as `tokenizer.sequence.encode_context` cuts them for the prompt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from delta_learn.storage.shards import TokenRun
from delta_learn.tokenizer.symbols import END
from delta_learn.tokenizer.tokenizer import Tokenizer

MIN_ROW_TOKENS = 8

_CUTTINGS = 8
"""Epochs take turns with this many ways to cut the long sessions, so that every epoch has as many rows."""
_CONTEXT_SHARE = 4
"""One part in so many of a row may be context carried over a cut."""

_CHUNK = 1 << 22
"""Tokens looked at together: of a corpus that does not fit in memory, all would be too many."""

_Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Rows for one step; every array is (B, T)."""

    ids: npt.NDArray[np.int64]
    targets: npt.NDArray[np.int64]
    """The token after each of `ids` in its session."""
    segments: npt.NDArray[np.int32]
    """Number of the session inside the row, from 0; tokens see only their own. -1 is padding."""
    weights: npt.NDArray[np.float32]
    """Loss weight of each target; 0 for context and padding."""

    @property
    def tokens(self) -> int:
        """Positions that are not padding."""
        return int(np.count_nonzero(self.segments >= 0))

    @property
    def weighted_tokens(self) -> int:
        """Targets that are trained."""
        return int(np.count_nonzero(self.weights))


@dataclass(frozen=True, slots=True, eq=False)
class Tokens:
    """Runs, one after the other; the arrays may lie in a file (mapped.py)."""

    ids: npt.NDArray[np.uint16]
    weights: npt.NDArray[np.float16]
    """As many: the loss weight of predicting that token."""
    ends: npt.NDArray[np.int64]
    """Where each run ends in them, ascending."""
    entries: int

    @classmethod
    def of(cls, runs: Sequence[TokenRun]) -> Tokens:
        """The tokens of `runs`, in memory."""
        return cls(
            np.frombuffer(b"".join(run.ids for run in runs), dtype="<u2"),
            np.frombuffer(b"".join(run.weights for run in runs), dtype="<f2"),
            np.cumsum([len(run.ids) // 2 for run in runs], dtype=np.int64),
            sum(run.entries for run in runs),
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Packing:
    """One way to cut and pack: `segments[first_segments[r] : first_segments[r + 1]]` are those of row r.

    A segment is (begin, first, learn, stop), places in the data set's tokens: targets are `first` to `stop`,
    those from `learn` on are trained, and the first of them is predicted from the session's token `begin`.
    """

    segments: _Ints  # (n_segments, 4)
    first_segments: _Ints  # (n_rows + 1,)

    @property
    def rows(self) -> int:
        return len(self.first_segments) - 1


class Dataset:
    """Rows of runs. Every token with a weight is a target exactly once an epoch."""

    def __init__(self, runs: Sequence[TokenRun] | Tokens, *, row_tokens: int, seed: int, pad: int) -> None:
        """Plan the rows.

        Args:
            runs: as `tokens.tokenize` makes them; each begins with `<session>`.
            row_tokens: positions in a row, T.
            seed: of cuts, packing and order.
            pad: id that fills rows.

        Raises:
            ValueError: `row_tokens` is below MIN_ROW_TOKENS.
        """
        if row_tokens < MIN_ROW_TOKENS:
            raise ValueError(f"row_tokens must be at least {MIN_ROW_TOKENS}, not {row_tokens}")
        self._row_tokens = row_tokens
        self._seed = seed
        self._pad = pad
        tokens = runs if isinstance(runs, Tokens) else Tokens.of(runs)
        self.entries, self._ids, self._weights, self._ends = tokens.entries, tokens.ids, tokens.weights, tokens.ends
        self._borders = _borders(self._weights)
        self._packings = [self._pack(cutting) for cutting in range(_CUTTINGS)]
        self._rows = max(packing.rows for packing in self._packings)
        self._ordered: tuple[int, _Ints] = (-1, np.empty(0, dtype=np.int64))

    def rows_per_epoch(self) -> int:
        """Rows in every epoch; 0 where nothing has a weight."""
        return self._rows

    def batch(self, epoch: int, index: int, rows: int) -> Batch:
        """Rows `index * rows` and following of an epoch; the last batch may have fewer.

        Raises:
            IndexError: the epoch has no such batch.
        """
        order = self._order(epoch)
        chosen = order[index * rows : (index + 1) * rows] if index >= 0 else order[:0]
        if not len(chosen):
            raise IndexError(f"an epoch has {self._rows} rows, and none in batch {index} of {rows} rows")
        packing = self._packings[epoch % _CUTTINGS]
        shape = (len(chosen), self._row_tokens)
        batch = Batch(
            ids=np.full(shape, self._pad, dtype=np.int64),
            targets=np.full(shape, self._pad, dtype=np.int64),
            segments=np.full(shape, -1, dtype=np.int32),
            weights=np.zeros(shape, dtype=np.float32),
        )
        for place, row in enumerate(chosen):
            # A packing that needs fewer rows than another leaves the last ones empty.
            if row < packing.rows:
                self._fill(batch, place, packing.segments[slice(*packing.first_segments[row : row + 2])])
        return batch

    def text_bytes(self, tokenizer: Tokenizer) -> int:
        """Bytes of the text that an epoch predicts, a newline for each `<end>`; for bits per byte."""
        lengths = np.array([len(tokenizer.piece_bytes(token)) for token in range(tokenizer.vocab_size)])
        lengths[tokenizer.symbol(END)] = len("\n")
        return int(lengths[self._ids[self._weights > 0]].sum())

    def _order(self, epoch: int) -> _Ints:
        """The rows of an epoch in its order, drawn once."""
        known, order = self._ordered
        if known != epoch:
            order = np.random.default_rng([self._seed, epoch]).permutation(self._rows)
            self._ordered = (epoch, order)
        return order

    def _fill(self, batch: Batch, place: int, segments: _Ints) -> None:
        start = 0
        for number, (begin, first, learn, stop) in enumerate(segments):
            row = (place, slice(start, start + stop - first))
            batch.targets[row] = self._ids[first:stop]
            batch.ids[row] = self._ids[first - 1 : stop - 1]
            batch.ids[place, start] = self._ids[begin]
            batch.segments[row] = number
            batch.weights[place, start + learn - first : start + stop - first] = self._weights[learn:stop]
            start += stop - first

    def _pack(self, cutting: int) -> _Packing:
        random = np.random.default_rng([self._seed, cutting, len(self._ids)])
        segments = _with_weight(self._cut_all(random), self._weights)
        lengths = segments[:, 3] - segments[:, 1]
        order = np.lexsort((random.random(len(segments)), -lengths))
        rows = _best_fit(lengths[order].tolist(), self._row_tokens)
        packed = [segment for row in rows for segment in row]
        first_segments = np.cumsum([0, *map(len, rows)], dtype=np.int64)
        return _Packing(segments[order][packed], first_segments)

    def _cut_all(self, random: np.random.Generator) -> _Ints:
        """The segments of all runs, (n, 4)."""
        segments: list[tuple[int, int, int, int]] = []
        for begin, end in pairwise([0, *self._ends.tolist()]):
            if end - begin - 1 <= self._row_tokens:
                segments.append((begin, begin + 1, begin + 1, end))
            else:
                room = self._row_tokens - int(random.integers(self._row_tokens // 2))
                segments.extend(_cut(begin, end, self._borders, room, self._row_tokens))
        return np.array(segments, dtype=np.int64).reshape(-1, 4)


def _cut(begin: int, end: int, borders: _Ints, first_room: int, row_tokens: int) -> list[tuple[int, int, int, int]]:
    """Cut one run; the first segment has at most `first_room` targets.

    `borders` are the places of the first token after each command, of all runs, ascending.
    """
    segments = []
    first = learn = begin + 1
    room = first_room
    while learn < end:
        stop = min(first + room, end)
        if stop < end:
            between = borders[slice(*np.searchsorted(borders, (learn, stop), side="right"))]
            stop = int(between[-1]) if len(between) else stop
        segments.append((begin, first, learn, stop))
        learn, room = stop, row_tokens
        first = _context(begin, learn, borders, row_tokens // _CONTEXT_SHARE)
    return segments


def _context(begin: int, learn: int, borders: _Ints, most: int) -> int:
    """Where the context of the targets from `learn` on begins: at a command, if one begins in reach."""
    earliest = max(begin + 1, learn - most)
    place = int(np.searchsorted(borders, earliest))
    if earliest > begin + 1 and place < len(borders) and borders[place] <= learn:
        return int(borders[place])
    return earliest


def _borders(weights: npt.NDArray[np.float16]) -> _Ints:
    """The places of the first token after each command, ascending."""
    found = [np.empty(0, dtype=np.int64)]
    for start in range(0, len(weights), _CHUNK):
        carries = weights[start : start + _CHUNK + 1] > 0
        found.append(np.flatnonzero(carries[:-1] & ~carries[1:]) + start + 1)
    return np.concatenate(found)


def _with_weight(segments: _Ints, weights: npt.NDArray[np.float16]) -> _Ints:
    """The segments, of ascending places, that train at least one token."""
    before = [_weighted_before(weights, segments[:, column]) for column in (2, 3)]
    return segments[before[1] > before[0]]


def _weighted_before(weights: npt.NDArray[np.float16], places: _Ints) -> _Ints:
    """How many tokens with a weight come before each of the ascending `places`."""
    counts = np.zeros(len(places), dtype=np.int64)
    total = 0
    for start in range(0, len(weights), _CHUNK):
        weighted = np.concatenate([[0], np.cumsum(weights[start : start + _CHUNK] > 0)])
        inside = slice(*np.searchsorted(places, (start, start + len(weighted))))
        counts[inside] = total + weighted[places[inside] - start]
        total += int(weighted[-1])
    return counts


def _best_fit(lengths: list[int], row_tokens: int) -> list[list[int]]:
    """Pack lengths into rows, each into the fullest row that has room: the indices in each row."""
    rows: list[list[int]] = []
    by_free: list[list[int]] = [[] for _ in range(row_tokens + 1)]
    available = 0  # bit f is set where by_free[f] is not empty
    for item, length in enumerate(lengths):
        fitting = available >> length
        if fitting:
            free = length + (fitting & -fitting).bit_length() - 1
            row = by_free[free].pop()
            if not by_free[free]:
                available ^= 1 << free
        else:
            free, row = row_tokens, len(rows)
            rows.append([])
        rows[row].append(item)
        by_free[free - length].append(row)
        available |= 1 << (free - length)
    return rows
