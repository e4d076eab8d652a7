"""TokenMemory: every token that was typed, with the place where it stood; the memory of the composer."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from delta_learn.predictor.chain import Chain
from delta_learn.predictor.context import Context
from delta_learn.predictor.directory import FollowedDirectory
from delta_learn.predictor.lexer import END, is_word, tag, tokens
from delta_learn.predictor.lexicon import Lexicon
from delta_learn.predictor.place import COLUMNS as PLACE_COLUMNS
from delta_learn.predictor.place import Place
from delta_learn.predictor.places import places
from delta_learn.predictor.situation import first_words

Numbers = NDArray[np.int32]
Positions = NDArray[np.int64]

PROMPT_COLUMNS = ("line1", "line2", "head1", "directory", "session")
"""Numbers of a prompt: of the last command and the one before, the last command's first word, the place."""

_NOTHING: Final = 0
_SHORT: Final = 0xFFFF
_LIMITS = {"pair": 24, "last": 24, "word": 16}
"""Contexts, and how many of the newest occurrences of each are looked at. Longer contexts than these, or with the
first word or the last command, find no more: docs/log.md."""

_TOLD_APART_BY = tuple(PLACE_COLUMNS.index(name) for name in _LIMITS)
"""The column of a place that says whether a position is of the context, and not of another one in its slot."""


@dataclass(frozen=True, slots=True, eq=False)
class Prompt:
    """A context in numbers, by PROMPT_COLUMNS."""

    numbers: tuple[int, ...]

    def __getitem__(self, column: str) -> int:
        return self.numbers[PROMPT_COLUMNS.index(column)]


class TokenMemory:
    """Positions are tokens in the order typed; an event is a line. Both are columns of numbers.

    Nothing is counted: a distribution is made from the newest positions of each context when it is asked for
    (kNN-LM, Khandelwal et al. 2020, with an exact match of contexts in the place of a distance).
    """

    def __init__(self) -> None:
        self.lexicon = Lexicon()
        self.documented = 0
        """The first so many events were read in documentation: nobody typed them."""
        self._tokens = array("i")
        self._starts = array("i")
        self._places = _Grid(len(PLACE_COLUMNS), "H")
        self._events = _Grid(len(PROMPT_COLUMNS), "i")
        self._chains = [Chain() for _ in _LIMITS]
        self._words = array("i")
        self._latest: list[str] = []
        self._followed = FollowedDirectory()

    def __len__(self) -> int:
        return len(self._tokens)

    @property
    def events(self) -> int:
        """Lines so far."""
        return len(self._events)

    def prompt(self, context: Context, *, alone: bool = False) -> Prompt:
        """A context in numbers; at the first prompt of a session the last commands are those of any session.

        `alone`: whatever came before is not known.
        """
        before = [] if alone else [entry.command for entry in context.previous[-2:]] or self._latest
        last = before[-1] if before else None
        return Prompt(
            (
                _NOTHING if last is None else tag(last),
                tag(before[-2]) if len(before) > 1 else _NOTHING,
                _NOTHING if last is None else tag(first_words(last, 1)),
                tag(self._followed.at(context)),
                tag(context.session),
            )
        )

    def similar(self, place: Place) -> set[int]:
        """The newest positions of the contexts that this place is in."""
        found: set[int] = set()
        numbers = _shortened(place)
        looked_up = zip(self._chains, _keys(place), _LIMITS.values(), _TOLD_APART_BY, strict=True)
        for chain, key, limit, column in looked_up:
            found.update(chain.newest(key, limit, self._places.column(column), numbers[column]))
        return found

    def recent_words(self, count: int) -> Sequence[int]:
        """The newest positions that hold letters and digits."""
        return self._words[-count:]

    def tokens_at(self, positions: Positions) -> Numbers:
        """The tokens at positions: (n,)."""
        return np.frombuffer(self._tokens, np.int32)[positions]

    def events_at(self, positions: Positions) -> Numbers:
        """The events of positions: (n,)."""
        starts = np.frombuffer(self._starts, np.int32)
        return (np.searchsorted(starts, positions, side="right") - 1).astype(np.int32)

    def same_place(self, positions: Positions, place: Place) -> NDArray[np.bool_]:
        """Which numbers of a place the positions have: (columns of a place, n)."""
        rows = self._places.rows.take(positions, axis=0)
        same: NDArray[np.bool_] = rows == np.array(_shortened(place), np.uint16)
        return same.T

    def same_prompt(self, events: Numbers, prompt: Prompt) -> NDArray[np.bool_]:
        """Which numbers of a prompt the events have: (columns of a prompt, n)."""
        same: NDArray[np.bool_] = self._events.rows.take(events, axis=0) == np.array(prompt.numbers, np.int32)
        return same.T

    def record(self, line: Sequence[str], prompt: Prompt) -> None:
        """Add the tokens of a line; END is added."""
        for place in self._append(line, prompt):
            for chain, key in zip(self._chains, _keys(place), strict=True):
                chain.add(key)
        if self._chains[0].full:
            self._rebuild()

    @classmethod
    def of_documentation(cls, lines: Iterable[str]) -> TokenMemory:
        """What there is to know of commands before the first one is typed."""
        memory = cls()
        prompt = memory.prompt(Context())
        for line in lines:
            for _ in memory._append(tokens(line), prompt):
                pass
        memory.documented = memory.events
        memory._words = array("i")  # nothing of it was typed of late
        memory._rebuild()
        return memory

    def follow(self, command: str, context: Context, *, alone: bool = False) -> None:
        """Take note of what the next prompt follows; `alone` says that nothing does."""
        self._followed.follow(command, context)
        self._latest = [] if alone else [*self._latest[-1:], command]

    def _append(self, line: Sequence[str], prompt: Prompt) -> Iterator[Place]:
        """Append an event and its positions; yields the place of each."""
        self._events.append(prompt.numbers)
        self._starts.append(len(self))
        place = Place()
        for token in (*line, END):
            if is_word(token):
                self._words.append(len(self))
            self._tokens.append(self.lexicon.add(token, len(self)))
            self._places.append(_shortened(place))
            yield place
            place = place.after(token)

    def _rebuild(self) -> None:
        """Make places and chains anew; the keys of chains are whole numbers of places, which are not kept."""
        tokens, starts = (np.frombuffer(column, np.int32) for column in (self._tokens, self._starts))
        found = places(tokens, starts, self.lexicon.names.to_record())
        self._places.load_columns(found)
        named = dict(zip(PLACE_COLUMNS, found, strict=True))
        for chain, name in zip(self._chains, _LIMITS, strict=True):
            chain.rebuild(named[name].astype(np.int64))

    def to_record(self) -> dict[str, Any]:
        """Plain lists, numbers and bytes."""
        return {
            "lexicon": self.lexicon.to_record(),
            "documented": self.documented,
            "tokens": _to_bytes(np.frombuffer(self._tokens, np.int32)),
            "starts": _to_bytes(np.frombuffer(self._starts, np.int32)),
            "events": _to_bytes(self._events.rows.T),
            "latest": list(self._latest),
            "followed": self._followed.to_record(),
        }

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> TokenMemory:
        """The inverse of `to_record`.

        Raises:
            KeyError, ValueError: another version wrote it.
        """
        memory = cls()
        memory.lexicon = Lexicon.from_record(record["lexicon"])
        memory.documented = record["documented"]
        memory._tokens, memory._starts = (_from_bytes(record[name]) for name in ("tokens", "starts"))
        memory._events.load_columns(np.frombuffer(record["events"], "<i4").reshape(len(PROMPT_COLUMNS), -1))
        if len(memory._starts) != memory.events:
            raise ValueError("events differ in number")
        memory._latest = list(record["latest"])
        memory._followed = FollowedDirectory(*record["followed"])
        is_word_token = np.array([is_word(name) for name in memory.lexicon.names.to_record()])
        typed = memory._starts[memory.documented] if memory.events > memory.documented else len(memory)
        words = typed + np.flatnonzero(is_word_token[np.frombuffer(memory._tokens, np.int32)[typed:]])
        memory._words = array("i", words.astype(np.int32).tobytes())
        memory._rebuild()
        return memory


def _keys(place: Place) -> tuple[int, ...]:
    """The key of each chain, in the order of _LIMITS; written out, since it is asked for at every token."""
    return (place.pair, place.last, place.word)


def _shortened(place: Place) -> tuple[int, ...]:
    """The numbers of a place in 16 bits, as they are kept: one in 65,536 is taken for another."""
    return tuple([number & _SHORT for number in place.numbers()])


def _to_bytes(numbers: Numbers) -> bytes:
    return numbers.astype("<i4").tobytes()


def _from_bytes(data: bytes) -> array[int]:
    return array("i", np.frombuffer(data, "<i4").astype(np.int32).tobytes())


class _Grid:
    """Rows of numbers, one after the other, so that one look-up of a row takes all its columns."""

    def __init__(self, columns: int, typecode: str) -> None:
        """`typecode` as of array.array."""
        self._columns = columns
        self._values = array(typecode)

    def __len__(self) -> int:
        return len(self._values) // self._columns

    def append(self, values: Iterable[int]) -> None:
        """Add a row."""
        self._values.extend(values)

    @property
    def rows(self) -> NDArray[Any]:
        """(rows, columns); nothing can be added while anyone holds it."""
        return np.frombuffer(self._values, self._values.typecode).reshape(-1, self._columns)

    def column(self, number: int) -> Sequence[int]:
        """One number of each row; nothing can be added while anyone holds it."""
        return memoryview(self._values)[number :: self._columns]

    def load_columns(self, columns: NDArray[np.int32]) -> None:
        """Take these rows, of which only as many bits are kept as there is room for: (columns, rows)."""
        typecode = self._values.typecode
        self._values = array(typecode, columns.T.astype(typecode).tobytes())
