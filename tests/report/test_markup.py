"""report/markup.py: text is escaped, markup is not, twice is never."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from delta_learn.collector.normalize import from_visible
from delta_learn.report.markup import element, joined, table

ANY_TEXT = st.text(st.characters(exclude_categories=[]))


@given(ANY_TEXT)
def test_any_text_is_read_back_as_it_was_and_is_never_markup(text: str) -> None:
    from html.parser import HTMLParser

    found: list[str] = []
    parser = HTMLParser()
    parser.handle_data = found.append  # type: ignore[method-assign]
    parser.feed(element("p", element("code", text), title=text).encode().decode())
    parser.close()
    assert from_visible("".join(found)) == text


def test_markup_is_escaped_once() -> None:
    assert element("p", element("b", "<&>"), "<") == "<p><b>&lt;&amp;&gt;</b>&lt;</p>"
    assert joined(["<", element("b")]) == "&lt;<b></b>"


def test_an_attribute_cannot_be_left() -> None:
    assert element("p", title='"><script>') == '<p title="&quot;&gt;&lt;script&gt;"></p>'


def test_the_last_columns_are_figures(reading: Callable[[bytes], Any]) -> None:
    read = reading(table("Label", ("a", "b"), [("x", "1"), ("<y>", "2")], numbers=1).encode())
    assert read.text("th") == ["a", "b"]
    assert read.text("td") == ["x", "1", "<y>", "2"]
    assert read.attributes.count(("td", "class", "number")) == 2
    assert ("div", "aria-label", "Label") in read.attributes
