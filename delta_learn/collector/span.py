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
        pieces += text[end : span.start], f"<secret:{span.kind}>"
        end = span.end
    return "".join(pieces) + text[end:]
