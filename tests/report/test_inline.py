"""report/inline.py and report/canvas.py: drawings that are a part of a page."""

from __future__ import annotations

import re
from typing import Any

import matplotlib
import pytest

from delta_learn.report.canvas import Sheet, drawn
from delta_learn.report.inline import COLOURS

SHEET = Sheet("a", 300, 150)


def draw(axes: Any, sheet: Sheet) -> None:
    axes.bar([1, 2], [3, 4], color=COLOURS["saved"])
    axes.plot([1, 2], [1, 2], "o", color=COLOURS["gain"], markeredgecolor=COLOURS["paper"])
    axes.text(1, 1, "$a$ <b> & \u2212")


def test_a_drawing_has_classes_and_neither_styles_nor_addresses() -> None:
    svg = drawn(SHEET, 'A "label" <b>', draw)
    assert svg.startswith('<svg viewBox="0 0 300 150" role="img" aria-label="A &quot;label&quot; &lt;b&gt;">')
    assert "fill-saved" in svg
    assert "fill-gain" in svg
    assert "stroke-paper" in svg
    assert "$a$ &lt;b&gt; &amp; \u2212" in svg
    assert not re.search(r"style|http|<metadata|#[0-9a-f]{6}\b|font", svg)


def test_ids_are_those_of_the_sheet_and_every_reference_has_its_own() -> None:
    svg = drawn(SHEET, "", draw)
    ids = re.findall(r' id="([^"]+)"', svg)
    used = re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', svg)
    assert ids
    assert used
    assert all(name.startswith("a-") for name in ids)
    assert {name for pair in used for name in pair if name} == set(ids)
    assert len(set(ids)) == len(ids)


def test_the_same_is_drawn_the_same() -> None:
    assert drawn(SHEET, "x", draw) == drawn(SHEET, "x", draw)


def test_settings_of_the_person_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = drawn(SHEET, "x", draw)
    with matplotlib.rc_context({"text.usetex": True, "svg.fonttype": "path", "font.size": 30, "axes.grid": True}):
        assert drawn(SHEET, "x", draw) == plain
        assert matplotlib.rcParams["font.size"] == 30


def test_a_colour_without_a_name_is_refused() -> None:
    with pytest.raises(ValueError, match="#123456 has no name"):
        drawn(SHEET, "x", lambda axes, _: axes.plot([1, 2], color="#123456"))


def test_every_colour_of_a_drawing_has_its_classes_in_the_style_sheet() -> None:
    from importlib.resources import files

    style = files("delta_learn.report").joinpath("page.css").read_text()
    for name in COLOURS:
        assert f".fill-{name} {{ fill: var(--{name}); }}" in style
        assert f".stroke-{name} {{ stroke: var(--{name}); }}" in style
        assert style.count(f" --{name}: #") == 2, "one for light, one for dark"
