"""collector/redaction/span.py: spans made orderly, and put to use."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from delta_learn.collector.redaction.span import Span, merged, moved_back, replaced

spans = st.lists(
    st.builds(
        lambda start, length, kind: Span(start, start + length, kind),
        st.integers(0, 20), st.integers(1, 8), st.sampled_from("ab"),
    )
)  # fmt: skip


def covered(among: list[Span] | tuple[Span, ...]) -> set[int]:
    return {place for span in among for place in range(span.start, span.end)}


@given(spans)
def test_merged_spans_are_in_order_apart_and_cover_the_same(given_spans: list[Span]) -> None:
    result = merged(given_spans)
    assert all(a.end <= b.start for a, b in pairwise(result))
    assert covered(result) == covered(given_spans)
    assert merged(result) == result


def test_the_first_given_wins_at_one_place_and_the_longer_one_otherwise() -> None:
    assert merged([Span(1, 4, "github"), Span(1, 4, "token")]) == (Span(1, 4, "github"),)
    assert merged([Span(2, 3, "github"), Span(1, 4, "token")]) == (Span(1, 4, "token"),)
    assert merged([Span(1, 3, "github"), Span(1, 4, "token")]) == (Span(1, 4, "token"),)
    assert merged([Span(3, 6, "b"), Span(1, 4, "a")]) == (Span(1, 6, "a"),)
    assert merged([Span(3, 6, "b"), Span(1, 3, "a")]) == (Span(1, 3, "a"), Span(3, 6, "b"))


@given(spans, st.integers(0, 60), st.integers(1, 9))
def test_a_span_moved_back_is_what_was_there_with_whole_placeholders(
    found: list[Span], start: int, length: int
) -> None:
    text = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    gone = merged(found)
    redacted = replaced(text, gone)
    piece = redacted[start : start + length]
    (back,) = moved_back([Span(start, start + len(piece), "c")], gone)
    inside = [
        Span(g.start - back.start, g.end - back.start, g.kind)
        for g in gone
        if back.start <= g.start < g.end <= back.end
    ]
    there = replaced(text[back.start : back.end], inside)
    assert piece in there
    assert piece == there or "<" in there


def test_replaced_text_has_placeholders_in_place_of_spans() -> None:
    assert replaced("abcdef", [Span(0, 1, "x"), Span(3, 6, "y")]) == "<secret:x>bc<secret:y>"
    assert replaced("abc", []) == "abc"


def test_the_reason_moves_with_a_span_and_makes_no_other_span_of_it() -> None:
    (span,) = merged([Span(1, 3, "a", "why", False), Span(2, 5, "b", "other")])
    assert (span.reason, span.sure, span) == ("why", False, Span(1, 5, "a"))
    (back,) = moved_back([Span(3, 4, "a", "why", False)], [])
    assert (back.reason, back.sure) == ("why", False)
