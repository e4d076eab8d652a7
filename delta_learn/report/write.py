"""Where the page is written: whole or not at all, readable by its owner only."""

from __future__ import annotations

from pathlib import Path

from delta_learn.errors import StorageError
from delta_learn.paths import Paths
from delta_learn.report.canvas import require_matplotlib
from delta_learn.report.facts import read_facts
from delta_learn.report.page import page
from delta_learn.storage.atomic import replace_anywhere, replace_file, storage_errors


def write_report(paths: Paths, output: Path | None = None) -> Path:
    """Write the page to `output`, by default to `Paths.report`; returns where it is, without links.

    Raises:
        MissingDependencyError: matplotlib is not installed.
        StorageError: something cannot be read, or the page cannot be written; what was there stays.
    """
    require_matplotlib()
    content = page(read_facts(paths))
    if output is None:
        with replace_file(paths.report) as file:
            file.write(content)
        return paths.report
    with storage_errors(output):
        target = output.resolve()
        if target.exists() and not target.is_file():
            raise StorageError(f"{target} is not a plain file; name another one after --output.")
    replace_anywhere(target, content)
    return target
