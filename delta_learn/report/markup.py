"""HTML in which every text is escaped unless it is markup already."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from delta_learn.collector.normalize import visible

_VOID = frozenset({"meta"})


class Markup(str):
    """Text that is HTML; every other `str` is escaped where it becomes a part of a page."""

    __slots__ = ()


def escaped(text: str) -> Markup:
    """`text` as a browser shows it: control characters, marks of direction and broken bytes are made visible."""
    return text if isinstance(text, Markup) else Markup(escape(visible(text)))


def element(name: str, /, *children: str, **attributes: str) -> Markup:
    """`<name attributes>children</name>`; `class_` is the attribute class, `aria_label` is aria-label."""
    pairs = ((key.rstrip("_").replace("_", "-"), escape(visible(value))) for key, value in attributes.items())
    start = " ".join([name, *(f'{key}="{value}"' for key, value in pairs)])
    return Markup(f"<{start}>" if name in _VOID else f"<{start}>{joined(children)}</{name}>")


def joined(parts: Iterable[str]) -> Markup:
    """All parts, one behind the other."""
    return Markup("".join(map(escaped, parts)))


def table(label: str, header: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: int = 0) -> Markup:
    """A table that scrolls inside a box of its own; the last `numbers` columns are figures."""
    first = len(header) - numbers
    sides = [{"class_": "number"} if i >= first else {} for i in range(len(header))]
    head = [element("th", text, scope="col", **side) for text, side in zip(header, sides, strict=True)]
    body = [
        element("tr", *(element("td", text, **side) for text, side in zip(row, sides, strict=True))) for row in rows
    ]
    whole = element("table", element("thead", element("tr", *head)), element("tbody", *body))
    return element("div", whole, class_="scroll", role="region", aria_label=label, tabindex="0")
