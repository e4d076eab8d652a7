"""Escapes of fields."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delta_learn.collector.escape import EscapeError, escape, unescape

SPECIAL = st.lists(st.sampled_from([b"\x1e", b"\n", b"\0", b"e", b"n", b"0", b"x", b"\xff"])).map(b"".join)


@given(SPECIAL | st.binary())
def test_what_was_escaped_comes_back(text: bytes) -> None:
    assert unescape(escape(text)) == text


@given(SPECIAL)
def test_no_escaped_field_holds_what_separates_fields_or_records(text: bytes) -> None:
    escaped = escape(text)
    assert b"\n" not in escaped
    assert b"\0" not in escaped
    assert b"\x1e1" not in escaped


@pytest.mark.parametrize("text", [b"\x1e", b"a\x1e", b"\x1ex", b"\x1e1", b"\x1e\x1e"])
def test_other_escapes_are_refused(text: bytes) -> None:
    with pytest.raises(EscapeError):
        unescape(text)
