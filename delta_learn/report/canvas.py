"""One set of axes on matplotlib's SVG canvas, and its drawing as part of a page."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from delta_learn.errors import MissingDependencyError
from delta_learn.report.inline import COLOURS, inline_svg
from delta_learn.report.markup import Markup

if TYPE_CHECKING:
    from matplotlib.axes import Axes


POINTS_PER_INCH = 72
"""So that a point is a unit of the drawing, and a pixel of the page where it is as wide as the drawing."""
FONT_SIZE = 12
_OF_THE_MACHINE = ("backend", "date.", "interactive", "savefig.directory", "timezone", "tk.", "toolbar", "webagg.")
"""Settings that no drawing depends on, some of which cannot be set twice."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """Where a drawing goes: a wide one is for screens, a narrow one for phones."""

    name: str
    """Part of the ids in the drawing: unique on the page."""
    width: int
    height: int
    """In points."""


Draw = Callable[["Axes", Sheet], None]


def require_matplotlib() -> None:
    """Check that anything can be drawn.

    Raises:
        MissingDependencyError: matplotlib is not installed.
    """
    try:
        import_module("matplotlib")
    except ModuleNotFoundError as error:
        raise MissingDependencyError(
            "The report needs matplotlib for its plots; install it with `pip install 'delta-learn[report]'`."
        ) from error


def drawn(sheet: Sheet, label: str, draw: Draw) -> Markup:
    """What `draw` does to empty axes; `label` says to who cannot see it what is on it. Same input, same bytes."""
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with matplotlib.rc_context(_settings(matplotlib.rcParamsDefault.items())):
        size = (sheet.width / POINTS_PER_INCH, sheet.height / POINTS_PER_INCH)
        figure = Figure(figsize=size, layout="constrained", frameon=False)
        FigureCanvasSVG(figure)
        axes = figure.add_subplot(frameon=False)
        axes.tick_params(length=0, pad=6)
        draw(axes, sheet)
        file = io.StringIO()
        figure.savefig(file, format="svg", metadata={"Date": None})
    return inline_svg(file.getvalue(), name=sheet.name, label=label)


def _settings(defaults: Iterable[tuple[str, Any]]) -> Any:  # the type of their names is another in each version
    """Matplotlib's defaults, whatever the person's own matplotlibrc says, and ours."""
    general = {name: value for name, value in defaults if not name.startswith(_OF_THE_MACHINE)}
    return {
        **general,
        "figure.dpi": POINTS_PER_INCH,
        "font.family": "DejaVu Sans",  # comes with matplotlib; only its widths matter
        "font.size": FONT_SIZE,
        "svg.fonttype": "none",
        "svg.hashsalt": "delta_learn",
        "text.parse_math": False,
        "text.color": COLOURS["ink"],
        "axes.labelcolor": COLOURS["muted"],
        "xtick.color": COLOURS["muted"],
        "ytick.color": COLOURS["muted"],
    }
