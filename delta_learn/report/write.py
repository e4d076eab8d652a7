"""Where the page is written: whole or not at all, readable by its owner only."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from delta_learn.errors import StorageError
from delta_learn.paths import Paths
from delta_learn.report.canvas import require_matplotlib
from delta_learn.report.facts import read_facts
from delta_learn.report.page import page
from delta_learn.storage.atomic import replace_file, storage_errors, sync_directory


def report_file(paths: Paths) -> Path:
    """Where the page lies by default."""
    return paths.state / "report.html"


def write_report(paths: Paths, output: Path | None = None) -> Path:
    """Write the page to `output`, by default to `report_file`; returns where it is, without links.

    Raises:
        MissingDependencyError: matplotlib is not installed.
        StorageError: something cannot be read, or the page cannot be written; what was there stays.
    """
    require_matplotlib()
    content = page(read_facts(paths))
    if output is None:
        with replace_file(report_file(paths)) as file:
            file.write(content)
        return report_file(paths)
    return _replace_anywhere(output, content)


def _replace_anywhere(path: Path, content: bytes) -> Path:
    """As `replace_file`, in a directory that may be open to others, such as /tmp."""
    with storage_errors(path):
        target = path.resolve()
        if target.exists() and not target.is_file():
            raise StorageError(f"{target} is not a plain file; name another one after --output.")
        descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        temporary = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        sync_directory(target.parent)
    return target
