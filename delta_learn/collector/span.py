"""Spans: where secrets stand in a text, and the text without them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """A secret of some kind at `text[start:end]`."""

    start: int
    end: int
    kind: str

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
            result[-1] = Span(result[-1].start, span.end, result[-1].kind)
    return tuple(result)


def replaced(text: str, spans: Iterable[Span]) -> str:
    """`text` with each of the `spans`, which are in order and apart, replaced by `<secret:KIND>`."""
    pieces: list[str] = []
    end = 0
    for span in spans:
        pieces += text[end : span.start], span.placeholder
        end = span.end
    return "".join(pieces) + text[end:]


def moved_back(span: Span, replacements: Iterable[Span]) -> Span:
    """Where a span of `replaced(text, replacements)` stands in `text`; one that cuts a placeholder takes all of it."""
    start, end = span.start, span.end
    for gone in replacements:
        longer = gone.end - gone.start - len(gone.placeholder)
        if gone.start + len(gone.placeholder) <= start:
            start, end = start + longer, end + longer
        elif gone.start < end:
            start = min(start, gone.start)
            end = max(end, gone.start + len(gone.placeholder)) + longer
    return Span(start, end, span.kind)
