"""An SVG file of matplotlib's as a part of a page: no style, no colour of its own, no address, no id of another's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from xml.etree import ElementTree

from delta_learn.report.markup import Markup

COLOURS = {
    "ink": "#22262b",
    "muted": "#666d76",
    "line": "#e3e0da",
    "paper": "#fbfaf8",
    "recorded": "#1f6f93",
    "imported": "#957a3e",
    "saved": "#3b7d4f",
    "gain": "#b4572a",
}
"""What the plots are drawn with; on the page each becomes a class, whose colour the style sheet chooses."""

_CLASSES = {colour: name for name, colour in COLOURS.items()}
_KEPT = frozenset({"g", "path", "text", "tspan", "use", "defs", "clipPath", "rect", "circle", "line"})
_STYLES = frozenset(
    {"stroke-width", "stroke-dasharray", "stroke-linecap", "stroke-linejoin", "text-anchor"}
    | {"opacity", "fill-opacity", "stroke-opacity"}
)
"""The font is the page's: how matplotlib writes it differs between its versions."""
_ATTRIBUTES = frozenset({"d", "x", "y", "width", "height", "transform", "cx", "cy", "r", "x1", "x2", "y1", "y2"})
_LOCAL = re.compile(r"#([\w.-]+)")
_NUMBER = re.compile(r"-?\d+\.\d{3,}")


def inline_svg(source: str, *, name: str, label: str) -> Markup:
    """The drawing in `source`, an SVG file, as markup; `name` begins its ids, `label` is read out in its place.

    Raises:
        ValueError: it has a colour that is none of COLOURS.
    """
    root = ElementTree.fromstring(source)  # noqa: S314  (matplotlib wrote it a moment ago)
    view = escape(root.attrib["viewBox"])
    inside = "".join(_written(child, name) for child in root)
    return Markup(f'<svg viewBox="{view}" role="img" aria-label="{escape(label)}">{inside}</svg>')


def _written(element: ElementTree.Element, name: str) -> str:
    tag = element.tag.rpartition("}")[2]
    if tag not in _KEPT:
        return ""
    inside = escape((element.text or "").strip()) + "".join(_written(child, name) for child in element)
    attributes = dict(_attributes(element, name))
    if tag == "g" and not attributes:
        return inside
    if not inside and tag in ("g", "defs"):
        return ""
    pairs = "".join(f' {key}="{escape(value)}"' for key, value in attributes.items())
    return f"<{tag}{pairs}>{inside}</{tag}>" if inside else f"<{tag}{pairs}/>"


def _attributes(element: ElementTree.Element, name: str) -> Iterator[tuple[str, str]]:
    classes: list[str] = []
    for key, value in _flat(element):
        if key == "id":
            if not element.tag.endswith("}g"):
                yield key, f"{name}-{value}"
        elif key in ("href", "clip-path"):
            yield key, _LOCAL.sub(rf"#{name}-\1", value)
        elif key in ("fill", "stroke") and value != "none":
            classes.append(f"{key}-{_class(value)}")
        elif key in _STYLES or key in _ATTRIBUTES or value == "none":
            yield key, _NUMBER.sub(_shorter, " ".join(value.split()))
    if classes:
        yield "class", " ".join(classes)


def _flat(element: ElementTree.Element) -> Iterator[tuple[str, str]]:
    """Attributes, those of `style` among them, without their namespaces."""
    for key, value in element.attrib.items():
        if key != "style":
            yield key.rpartition("}")[2], value
    for rule in filter(None, element.get("style", "").split(";")):
        key, _, value = rule.partition(":")
        yield key.strip(), value.strip()


def _class(colour: str) -> str:
    if colour not in _CLASSES:
        raise ValueError(f"{colour} has no name on the page")
    return _CLASSES[colour]


def _shorter(number: re.Match[str]) -> str:
    return f"{float(number[0]):.2f}"
