"""Where the hook files lie, and the small files that tell the hooks what to do."""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from pathlib import Path

from delta_learn.collector.store import Store
from delta_learn.config import Config
from delta_learn.errors import DeltaError
from delta_learn.paths import Paths
from delta_learn.storage.atomic import private_directory, replace_file

SHELLS = ("zsh", "bash")

_PACKAGE = Path(__file__).resolve().parent.parent
_CLIENT = _PACKAGE / "serving" / "ask.py"
_READS = {
    "zsh": re.compile(r'  \[\[ \$_delta_reading == eval \]\] \|\| builtin source "\$\{_delta_reading:A:h\}/(\S+)".*\n'),
    "bash": re.compile(r'  \. "\$\{BASH_SOURCE\[0\]%/\*\}/(\S+)".*\n'),
}
"""The lines with which a hook file reads those beside it; what is read by `eval` has no folder."""


def hook_file(shell: str) -> Path:
    """The file that a shell sources: inside an installed package, beside it in a clone.

    Raises:
        DeltaError: there are no hooks for `shell`, or the file is not there.
    """
    if shell not in SHELLS:
        raise DeltaError(f"There are no hooks for {shell!r}; there are for {' and '.join(SHELLS)}.")
    places = [_PACKAGE / "shell" / f"delta.{shell}", _PACKAGE.parent / "shell" / f"delta.{shell}"]
    for place in places:
        if place.is_file():
            return place
    raise DeltaError(f"{places[0]} is missing: install delta-learn again.")


def hook_text(shell: str) -> str:
    """What `eval` is to be given: the hook file with those that it reads, for zsh quoted, so that it is read under
    zsh's own options.

    Raises:
        DeltaError: as `hook_file`.
    """
    file = hook_file(shell)
    text = _READS[shell].sub(
        lambda read: file.with_name(read[1]).read_text(encoding="utf-8"), file.read_text(encoding="utf-8")
    )
    if shell != "zsh":
        return text
    options = "'-o' 'no_aliases' '-o' 'no_err_exit' '-o' 'no_xtrace'"
    read = f"'builtin' 'emulate' 'zsh' {options} '-c' {shlex.quote(text)}"
    return f"_delta_reading=eval\n{read}\n'builtin' 'unset' '_delta_reading'\n"


def installed_shells() -> list[str]:
    """The shells of this machine that there are hooks for."""
    return [shell for shell in SHELLS if shutil.which(shell)]


def prepare_state(paths: Paths) -> Store:
    """Make what the hooks need: the spool, the paths of interpreter and client, and the names of variables.

    Raises:
        ConfigError: config.json is wrong. StorageError: a file cannot be written or belongs to somebody else.
    """
    config = Config.load(paths.config)
    store = Store.open(paths)
    private_directory(paths.spool)
    _write_line(paths.python, sys.executable)
    _write_line(paths.client, str(_CLIENT))
    write_variables(paths, config)
    return store


def write_variables(paths: Paths, config: Config) -> None:
    """Tell the hooks which environment variables to record."""
    _write_line(paths.variables, " ".join(config.collect.environment))


def _write_line(path: Path, text: str) -> None:
    line = f"{text}\n".encode("utf-8", "surrogateescape")
    if not path.is_file() or path.read_bytes() != line:
        with replace_file(path) as file:
            file.write(line)
