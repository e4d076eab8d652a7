"""cli/output.py: what people read."""

from __future__ import annotations

import pytest

from delta_learn.cli.output import plural, table


@pytest.mark.parametrize(
    ("n", "noun", "text"),
    [(1, "entry", "1 entry"), (2, "entry", "2 entries"), (3, "day", "3 days"), (0, "line", "0 lines")],
)
def test_nouns_have_their_plural(n: int, noun: str, text: str) -> None:
    assert plural(n, noun) == text
    assert plural(1000, "key") == "1,000 keys"


def test_columns_are_aligned() -> None:
    rows = [["a", "10"], ["bcd", "7"]]
    assert table(["name", "n"], rows).splitlines() == ["name   n", "----  --", "a     10", "bcd    7"]
    assert table(["name", "n"], rows, left=True).splitlines() == ["name  n", "----  --", "a     10", "bcd   7"]
