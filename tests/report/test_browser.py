"""The page in a real browser: light, dark, on a phone; nothing is refused, nothing sticks out."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from delta_learn.collector.store import Store
from delta_learn.entry import CommandEntry

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here (Debian: apt install chromium)"),
]

SECONDS = 120
DARK = "--blink-settings=preferredColorScheme=0"
LONG = "ls " + "a" * 400
MEASURE = """
<!DOCTYPE html><iframe src="report.html" width="WIDTH" height="900" style="border: 0"></iframe><pre></pre><script>
addEventListener("load", () => {
  const inside = document.querySelector("iframe").contentDocument, view = inside.defaultView;
  const shown = [...inside.body.querySelectorAll("*")].filter(e => e.getClientRects().length);
  const out = shown.filter(e => e.getBoundingClientRect().right > WIDTH + 1 && !e.closest(".scroll"));
  const letters = e => e.getBoundingClientRect().height;
  const style = (selector, name) => view.getComputedStyle(inside.querySelector(selector))[name];
  document.querySelector("pre").textContent = JSON.stringify({
    width: inside.documentElement.scrollWidth,
    out: out.map(e => e.outerHTML.slice(0, 80)),
    paper: style("body", "backgroundColor"),
    ink: style("h1", "color"),
    labels: style("svg .fill-muted", "fill"),
    bars: style("svg .fill-recorded", "fill"),
    plots: shown.filter(e => e.matches("svg[role=img]")).map(e => Math.round(e.getBoundingClientRect().width)),
    smallest: Math.min(...shown.filter(e => e.matches("svg text")).map(letters)),
  });
});
</script>
"""


def chromium(directory: Path, page: Path, *options: str) -> tuple[str, str]:
    """Its output and its log; no name is looked up, so nothing can be fetched."""
    assert CHROMIUM is not None
    command = [
        *(CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"),
        *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars"),
        *("--host-resolver-rules=MAP * ~NOTFOUND", "--allow-file-access-from-files", "--enable-logging=stderr"),
        *("--virtual-time-budget=2000", f"--user-data-dir={directory / 'profile'}", *options, page.as_uri()),
    ]
    done = subprocess.run(command, capture_output=True, timeout=SECONDS, check=True, cwd=directory)
    return done.stdout.decode(), done.stderr.decode(errors="replace")


@pytest.fixture
def report(filled: Store, render: Callable[[], bytes], tmp_path: Path) -> Path:
    lines = [LONG, "<script>document.title = 'run'</script>"] * 20
    filled.add([CommandEntry(line, timestamp=1.75e9 + n, session="s", sequence=n) for n, line in enumerate(lines)])
    path = tmp_path / "report.html"
    path.write_bytes(render())
    return path


def measured(report: Path, width: int, *options: str) -> dict[str, object]:
    frame = report.with_name("frame.html")
    frame.write_text(MEASURE.replace("WIDTH", str(width)))
    output, log = chromium(report.parent, frame, "--dump-dom", *options)
    assert "Refused" not in log
    assert "violates" not in log
    found = re.search(r"<pre>(\{.*?\})</pre>", output)
    assert found is not None, log
    result: dict[str, object] = json.loads(html.unescape(found[1]))
    return result


@pytest.mark.parametrize(("width", "plot"), [(390, 350), (320, 280), (1024, 680)])
def test_nothing_sticks_out_and_the_plots_fit(width: int, plot: int, report: Path) -> None:
    found = measured(report, width)
    assert (found["width"], found["out"]) == (width, [])
    plots = found["plots"]
    assert isinstance(plots, list)
    assert len(plots) == 4
    assert set(plots) == {plot}
    assert isinstance(found["smallest"], int | float)
    assert found["smallest"] >= (13 if width > 320 else 10), "letters in the plots can be read"


def test_light_and_dark_have_their_own_colours(report: Path) -> None:
    light, dark = measured(report, 800), measured(report, 800, DARK)
    for name in ("paper", "ink", "labels", "bars"):
        assert light[name] != dark[name]
    for found in (light, dark):
        for name in ("ink", "labels"):
            assert contrast(found[name], found["paper"]) >= 4.5, "WCAG 2.2, 1.4.3"
        assert contrast(found["bars"], found["paper"]) >= 3, "WCAG 2.2, 1.4.11"


def test_the_page_itself_is_painted_and_runs_nothing(report: Path) -> None:
    picture = report.with_name("page.png")
    _, log = chromium(report.parent, report, f"--screenshot={picture}", "--window-size=900,3000")
    assert "Refused" not in log
    assert picture.stat().st_size > 50_000, "an empty page of this size has 10 kB"
    output, _ = chromium(report.parent, report, "--dump-dom")
    assert "<title>delta_learn report</title>" in output
    assert "&lt;script&gt;document.title" in output


def contrast(one: object, other: object) -> float:
    """Of two colours `rgb(r, g, b)`, from 1 to 21 (WCAG 2.2)."""
    low, high = sorted(map(luminance, (str(one), str(other))))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
