"""install and uninstall: what is put into a home, and how all of it leaves again."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from delta_learn.collector.drain import drain
from delta_learn.collector.never import never_file
from delta_learn.collector.store import Store
from delta_learn.errors import DeltaError
from delta_learn.installation.hooks import SHELLS, hook_file, installed_shells, prepare_state
from delta_learn.installation.rcfile import add_line, rc_file, remove_line
from delta_learn.installation.schedule.schedule import Way, remove_schedule
from delta_learn.installation.schedule.stamp import stamp_file
from delta_learn.paths import Paths
from delta_learn.storage.atomic import storage_errors
from delta_learn.storage.lock import end_holder

_BASH_LOGIN_FILES = (".bash_profile", ".bash_login", ".profile")
"""A login shell reads the first of them that exists, and nothing else (bash(1), INVOCATION)."""

_END_SECONDS = 5.0
"""In which the server, or a training, saves and leaves."""


@dataclass(frozen=True, slots=True)
class Installed:
    """What `install` did."""

    rc_files: dict[str, Path]
    """By shell."""
    changed: tuple[Path, ...]
    login_file: Path | None
    """What bash reads in a login shell, if that never comes to ~/.bashrc."""


@dataclass(slots=True)
class Uninstalled:
    """What `uninstall` did."""

    rc_files: list[Path] = field(default_factory=list)
    """Those that the line was taken out of."""
    drained: int = 0
    """Commands that the shells had written and that were moved to the data set first."""
    scheduled: list[Way] = field(default_factory=list)
    """What started the night by itself, and does no more."""
    purged: bool = False


def install(paths: Paths, shells: Sequence[str] = (), environment: Mapping[str, str] = os.environ) -> Installed:
    """Prepare the state directory and put the marked line into the start files of `shells` (default: all here).

    Raises:
        DeltaError: a start file cannot be changed, or the state directory cannot be made.
    """
    chosen = list(dict.fromkeys(shells)) or installed_shells()
    if not chosen:
        raise DeltaError("Neither zsh nor bash is installed here: name the shell with `delta-learn install --shell`.")
    hooks = {shell: hook_file(shell) for shell in chosen}
    prepare_state(paths)
    files = {shell: rc_file(shell, environment) for shell in chosen}
    changed = tuple(files[shell] for shell in chosen if add_line(files[shell], hooks[shell]))
    return Installed(files, changed, _deaf_login_file(environment) if "bash" in chosen else None)


def uninstall(paths: Paths, *, purge: bool = False, environment: Mapping[str, str] = os.environ) -> Uninstalled:
    """Take lines and schedule out, end server and training, drain a last time, remove what the hooks use.

    With `purge`, remove all data as well.

    Raises:
        DeltaError: a file cannot be changed or removed; what was done until then stays done.
    """
    done = Uninstalled(purged=purge)
    for shell in SHELLS:
        path = rc_file(shell, environment)
        if remove_line(path):
            done.rc_files.append(path)
    done.scheduled = remove_schedule(paths, environment)
    for lock in (paths.server_lock, paths.training_lock):
        end_holder(lock, seconds=_END_SECONDS)
    if paths.spool.is_dir() and not purge:
        done.drained = drain(Store.open(paths)).new
    for path in _hook_files(paths):
        _remove(path)
    if purge:
        _purge(paths)
    return done


def has_data(paths: Paths) -> bool:
    """Whether there is anything that `purge` would remove."""
    return any(path.exists() for path in _data(paths))


def _deaf_login_file(environment: Mapping[str, str]) -> Path | None:
    home = Path(environment.get("HOME") or Path.home())
    for path in (home / name for name in _BASH_LOGIN_FILES):
        if path.is_file():
            return path if b"bashrc" not in path.read_bytes() else None
    return None


def _hook_files(paths: Paths) -> list[Path]:
    return [
        *(paths.spool, paths.python, paths.client, paths.variables, paths.paused, paths.drained),
        *(paths.address.parent, paths.server_lock, stamp_file(paths)),
    ]


def _data(paths: Paths) -> list[Path]:
    return [
        *(paths.raw, paths.processed, paths.models, paths.config, never_file(paths)),
        *(paths.checkpoints, paths.log, paths.registry, paths.abtest, paths.predictor, paths.forgotten, paths.report),
        *(paths.last_night, paths.notice, paths.key),
    ]


def _purge(paths: Paths) -> None:
    """Remove the data; the directories go too if nothing of somebody else is in them."""
    for path in _data(paths):
        _remove(path)
    for path in _leftovers(paths):
        _remove(path)
    for directory in (paths.training, paths.home, paths.state):
        if directory.is_dir() and not directory.is_symlink() and not any(directory.iterdir()):
            with storage_errors(directory):
                directory.rmdir()


def _leftovers(paths: Paths) -> Iterator[Path]:
    """Locks, notes of their holders, and temporary files of a write that was killed."""
    for lock in (paths.lock, paths.training_lock, paths.server_lock):
        yield from (lock, lock.with_name(f"{lock.name}.holder"))
    for file in (*_data(paths), *_hook_files(paths)):
        yield file.with_name(f".{file.name}.tmp")


def _remove(path: Path) -> None:
    """Remove a file, or a directory with all that is in it, also where it lies elsewhere behind a link."""
    with storage_errors(path):
        if path.is_dir():
            shutil.rmtree(path.resolve())
        if path.is_symlink() or path.exists():
            path.unlink()
