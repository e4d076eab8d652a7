"""What commands print: JSON, tables, and progress that is silent where nobody watches."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


def echo_json(value: Any) -> None:
    """One JSON object on stdout; bytes that were not UTF-8 come as surrogate escapes."""
    typer.echo(json.dumps(value))


def table(header: Sequence[str], rows: Sequence[Sequence[str]], *, left: bool = False) -> str:
    """Plain aligned columns: the first to the left, the others to the right unless all go to the `left`."""
    cells = [list(header), *[list(row) for row in rows]]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    lines = [
        "  ".join(
            c.ljust(w) if left or i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True))
        )
        for row in cells
    ]
    lines.insert(1, "  ".join("-" * w for w in widths))
    return "\n".join(line.rstrip() for line in lines)


def plural(n: int, noun: str) -> str:
    """`1 entry`, `2 entries`, `3 days`, `1,000 lines`."""
    if n != 1:
        noun = noun[:-1] + "ies" if noun.endswith("y") and noun[-2] not in "aeou" else noun + "s"
    return f"{n:,} {noun}"


def on_terminal() -> bool:
    """Whether somebody can be asked."""
    return sys.stdin.isatty()


@contextmanager
def progress() -> Iterator[Progress]:
    """A progress display on stderr; nothing is shown when stderr is not a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:.0f}/{task.total:.0f} {task.fields[note]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(
        *columns,
        console=console,
        transient=True,
        disable=not console.is_terminal,
        redirect_stdout=False,  # else what is piped elsewhere would end on the terminal
    ) as display:
        yield display


def bars(display: Progress) -> Callable[[str, float, float, str], None]:
    """A bar for each step that reports; the one of the step before disappears."""
    tasks: dict[str, TaskID] = {}

    def show(step: str, done: float, total: float, note: str) -> None:
        if step not in tasks:
            for task in tasks.values():
                display.update(task, visible=False)
            tasks[step] = display.add_task(step, total=total, note="")
        display.update(tasks[step], completed=done, total=total, note=note)

    return show


def tell(display: Progress, text: str, *, err: bool = False) -> None:
    """Print a line on stdout, or stderr; on a terminal above the bars of `display`, which would write over it."""
    if not display.disable and (err or sys.stdout.isatty()):
        display.console.print(text, markup=False, highlight=False)
    else:
        typer.echo(text, err=err)


def with_tilde(path: str | os.PathLike[str]) -> str:
    """The path with `~` for the home directory."""
    text, home = os.fspath(path), os.environ.get("HOME", "").rstrip("/")
    return "~" + text[len(home) :] if home and (text == home or text.startswith(home + "/")) else text
