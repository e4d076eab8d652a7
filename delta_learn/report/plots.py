"""The four plots: commands over time, keystrokes saved over time, gain on each rival, gain of each model."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from delta_learn.report.calendar import MONTHS, Calendar
from delta_learn.report.canvas import Draw, Sheet, drawn
from delta_learn.report.facts import Growth, Savings
from delta_learn.report.inline import COLOURS
from delta_learn.report.markup import Markup
from delta_learn.report.models import Band, Model, Rival
from delta_learn.report.words import signed

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDE, NARROW = 680, 350
_TIME_HEIGHT = 210
_ROW_HEIGHT = 30
_FRAME_HEIGHT = 56
"""The axis below and what it is called."""
_POINTS_A_LABEL = 80
_FILL = 0.82
"""Of a bar's place; the rest is air."""
_MOST_MODELS = 7
"""As many as `gate.keep_models` keeps; their dates stand side by side on a phone."""


def growth_plot(growth: Growth, label: str) -> tuple[Markup, Markup]:
    """Bars of commands: those recorded, on top of them those imported."""

    def draw(axes: Axes, sheet: Sheet) -> None:
        bottom = [0] * len(growth.recorded)
        for counts, colour in ((growth.recorded, "recorded"), (growth.imported, "imported")):
            _bars(axes, growth.calendar, counts, bottom, COLOURS[colour])
            bottom = [below + n for below, n in zip(bottom, counts, strict=True)]
        _time_axes(axes, growth.calendar, sheet)

    return _both("growth", _TIME_HEIGHT, label, draw)


def savings_plot(savings: Savings, label: str) -> tuple[Markup, Markup]:
    """Bars of keystrokes that suggestions saved."""

    def draw(axes: Axes, sheet: Sheet) -> None:
        saved = [counts.saved for counts in savings.counts]
        _bars(axes, savings.calendar, saved, [0] * len(saved), COLOURS["saved"])
        _time_axes(axes, savings.calendar, sheet)

    return _both("savings", _TIME_HEIGHT, label, draw)


def rivals_plot(rivals: Sequence[Rival], label: str) -> tuple[Markup, Markup]:
    """A row for each rival: how many more of 100 keystrokes the model saves, with the interval."""
    rows = [(rival.label, rival.gain) for rival in rivals if rival.gain]

    def draw(axes: Axes, _: Sheet) -> None:
        axes.axvline(0, color=COLOURS["muted"], linewidth=1)
        for place, gain in enumerate(gain for _, gain in rows):
            _whisker(axes, _percent(gain), place, filled=True)
        axes.set_yticks(range(len(rows)), [name for name, _ in rows], color=COLOURS["ink"])
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.margins(x=0.06)
        axes.locator_params(axis="x", nbins=5)
        axes.xaxis.set_major_formatter(lambda value, _: signed(value, 0 if value == round(value) else 1))
        axes.grid(axis="x", color=COLOURS["line"], linewidth=1)
        axes.set_axisbelow(True)

    return _both("rivals", _FRAME_HEIGHT + _ROW_HEIGHT * len(rows), label, draw)


def models_plot(models: Sequence[Model], label: str) -> tuple[Markup, Markup]:
    """A column for each model: keys a command that it gains, full where it passed the gate, hollow where not."""
    columns = [(model, model.gain) for model in models if model.gain][-_MOST_MODELS:]

    def draw(axes: Axes, sheet: Sheet) -> None:
        axes.axhline(0, color=COLOURS["muted"], linewidth=1)
        for place, (model, gain) in enumerate(columns):
            _whisker(axes, gain, place, filled=model.passed, upright=True)
        days = [_short(date.fromtimestamp(model.created)) for model, _ in columns]
        names = days if sheet.width == WIDE else [day.replace(" ", "\n") for day in days]
        axes.set_xticks(range(len(columns)), names, color=COLOURS["ink"])
        axes.set_xlim(-0.6, len(columns) - 0.4)
        axes.margins(y=0.15)
        axes.locator_params(axis="y", nbins=5)
        axes.yaxis.set_major_formatter(lambda value, _: signed(value, 2))
        axes.grid(axis="y", color=COLOURS["line"], linewidth=1)
        axes.set_axisbelow(True)

    return _both("models", _TIME_HEIGHT, label, draw)


def _both(name: str, height: int, label: str, draw: Draw) -> tuple[Markup, Markup]:
    """The drawing for screens and the one for phones: letters are as large on both."""
    wide, narrow = Sheet(f"{name}-wide", WIDE, height), Sheet(f"{name}-narrow", NARROW, height)
    return drawn(wide, label, draw), drawn(narrow, label, draw)


def _bars(axes: Axes, calendar: Calendar, counts: Sequence[int], bottom: Sequence[int], colour: str) -> None:
    edges = [day.toordinal() for day in (*calendar.starts, calendar.end)]
    rows = zip(edges, edges[1:], counts, bottom, strict=False)
    drawn = [(start, end - start, n, below) for start, end, n, below in rows if n]
    if drawn:
        starts, widths, heights, below = zip(*drawn, strict=True)
        axes.bar(
            [start + width * (1 - _FILL) / 2 for start, width in zip(starts, widths, strict=True)],
            heights,
            [width * _FILL for width in widths],
            below,
            align="edge",
            color=colour,
            clip_on=False,
        )


def _time_axes(axes: Axes, calendar: Calendar, sheet: Sheet) -> None:
    first, last = calendar.starts[0].toordinal(), calendar.end.toordinal()
    ticks = _ticks(calendar, sheet.width // _POINTS_A_LABEL)
    axes.set_xlim(first, last)
    axes.set_xticks([day.toordinal() for day, _ in ticks], [text for _, text in ticks], ha="left")
    axes.locator_params(axis="y", nbins=4, integer=True)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.grid(axis="y", color=COLOURS["line"], linewidth=1)
    axes.set_axisbelow(True)
    axes.axhline(0, color=COLOURS["muted"], linewidth=1)


def _ticks(calendar: Calendar, most: int) -> list[tuple[date, str]]:
    """Days with their names: first days of months where there are months enough, else of parts."""
    months = [day for day in calendar.starts if day.day <= (7 if calendar.unit == "week" else 1)]
    days = months if len(months) > 2 else list(calendar.starts)
    every = -(-len(days) // most)
    chosen = days[::every]
    if calendar.unit == "year":
        return [(day, str(day.year)) for day in chosen]
    if days is not months:
        return [(day, _short(day)) for day in chosen]
    years = [None, *(day.year for day in chosen)]
    return [
        (day, MONTHS[day.month - 1] if day.year == before else f"{MONTHS[day.month - 1]} {day.year}")
        for day, before in zip(chosen, years, strict=False)
    ]


def _whisker(axes: Axes, band: Band, place: float, *, filled: bool, upright: bool = False) -> None:
    """An interval with a dot at its mean, and the mean in figures at its upper end."""
    ends, across = [band.low, band.high], [place, place]
    axes.plot(*((across, ends) if upright else (ends, across)), color=COLOURS["gain"], linewidth=2)
    dot = (place, band.mean) if upright else (band.mean, place)
    face = COLOURS["gain" if filled else "paper"]
    axes.plot(*dot, "o", markersize=9, markerfacecolor=face, markeredgecolor=COLOURS["gain"], markeredgewidth=2)
    axes.annotate(
        signed(band.mean, 2 if upright else 1),
        (place, band.high) if upright else (band.high, place),
        xytext=(0, 5) if upright else (9, 0),
        textcoords="offset points",
        ha="center" if upright else "left",
        va="bottom" if upright else "center",
        color=COLOURS["ink"],
    )


def _percent(band: Band) -> Band:
    return Band(100 * band.mean, 100 * band.low, 100 * band.high)


def _short(day: date) -> str:
    return f"{day.day} {MONTHS[day.month - 1]}"
