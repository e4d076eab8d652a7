"""Spans: where secrets stand in a text, and the text without them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Span:
    """A secret of some kind at `text[start:end]`."""

    start: int
    end: int
    kind: str
    reason: str = field(default="", compare=False)
    """The rule that found it, in one phrase; never the secret."""
    sure: bool = field(default=True, compare=False)
    """Whether a rule of grammar found it, not its looks."""

    @property
    def placeholder(self) -> str:
        """What stands in place of the secret."""
        return f"<secret:{self.kind}>"


def merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """In order and apart: overlapping spans become one, of two at the same place the first given stays."""
    result: list[Span] = []
    for span in sorted(spans, key=lambda s: (s.start, -s.end)):
        if not result or span.start >= result[-1].end:
            result.append(span)
        elif span.end > result[-1].end:
            result[-1] = replace(result[-1], end=span.end)
    return tuple(result)


def replaced(text: str, spans: Iterable[Span]) -> str:
    """`text` with each of the `spans`, which are in order and apart, replaced by `<secret:KIND>`."""
    pieces: list[str] = []
    end = 0
    for span in spans:
        pieces += text[end : span.start], span.placeholder
        end = span.end
    return "".join(pieces) + text[end:]


def moved_back(spans: Iterable[Span], replacements: Sequence[Span]) -> list[Span]:
    """Where `spans` of `replaced(text, replacements)` stand in `text`; what cuts a placeholder takes all of it."""
    places: list[int] = []
    shift = 0
    for gone in replacements:
        places.append(gone.start - shift)
        shift += gone.end - gone.start - len(gone.placeholder)

    def origin(place: int, *, is_end: bool) -> int:
        number = bisect_right(places, place) - 1
        if number < 0:
            return place
        gone, into = replacements[number], place - places[number]
        if into >= len(gone.placeholder):
            return gone.end + into - len(gone.placeholder)
        return gone.end if is_end and into else gone.start

    return [replace(s, start=origin(s.start, is_end=False), end=origin(s.end, is_end=True)) for s in spans]
