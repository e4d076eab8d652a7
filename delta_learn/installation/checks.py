"""The facts that `doctor` looks at; each check changes nothing and says how to mend what it finds."""

from __future__ import annotations

import shutil
import stat
import subprocess
import sys
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from delta_learn.collector.pause import FOREVER, paused_until
from delta_learn.collector.redaction.patterns import compile_patterns
from delta_learn.config import Config
from delta_learn.errors import DeltaError
from delta_learn.installation.hooks import SHELLS, hook_file, installed_shells
from delta_learn.installation.rcfile import quoted, rc_file, sourced_hook
from delta_learn.installation.schedule.schedule import installed_schedule
from delta_learn.installation.schedule.stamp import Stamp, read_stamp
from delta_learn.installation.waiting import last_drain, waiting
from delta_learn.paths import Paths
from delta_learn.registry import Registry
from delta_learn.storage.atomic import OPEN_TO_OTHERS, private_directory
from delta_learn.storage.lock import holder
from delta_learn.storage.seal import Keyring

State = Literal["ok", "warning", "problem"]

PACKAGES = ("cryptography", "filelock", "lz4", "msgpack", "numpy", "sentencepiece", "typer")
_LEAST_FREE = 50_000_000
_IMPORT_SECONDS = 20.0
_STALE_SECONDS = 3600.0
_LATE_DAYS = 3.0
INSTALL = "run `delta-learn install`"


@dataclass(frozen=True, slots=True)
class Check:
    """One fact: what was looked at, how it is, and what to do about it."""

    name: str
    state: State
    what: str
    mend: str = ""


def check_packages(paths: Paths) -> Check:  # noqa: ARG001
    """Python and what it must be able to import."""
    version = ".".join(map(str, sys.version_info[:3]))
    missing = [name for name in PACKAGES if find_spec(name) is None]
    if missing:
        return Check("packages", "problem", f"{', '.join(missing)} missing", "install delta-learn again with pip")
    training = "" if find_spec("torch") else "; without torch: records and predicts, does not train"
    return Check("packages", "ok", f"Python {version}{training}")


def check_directories(paths: Paths) -> Check:
    """Owner and modes of the directories that are there."""
    present = [d for d in (paths.home, paths.training, paths.raw, paths.models, paths.state, paths.spool) if d.exists()]
    try:
        for directory in present:
            private_directory(directory)
    except DeltaError as error:
        return Check("directories", "problem", str(error), "do what the sentence says")
    if paths.state not in present:
        return Check("directories", "problem", f"{paths.state} is not there", INSTALL)
    seen = [d for d in present if stat.S_IMODE(d.stat().st_mode) & OPEN_TO_OTHERS and d != paths.home]
    if seen:
        return Check("directories", "warning", f"others can look into {seen[0]}", f"chmod 700 {quoted(str(seen[0]))}")
    return Check("directories", "ok", f"{paths.training} and {paths.state} are yours alone")


def check_key(paths: Paths) -> Check:
    """The key is there, whole and private."""
    try:
        Keyring.load(paths.key)
    except DeltaError as error:
        present = paths.key.exists() or any(paths.raw.glob("*.bin"))
        return Check("key", "problem", str(error), "put the key back from a backup" if present else INSTALL)
    return Check("key", "ok", f"{paths.key} is whole")


def check_config(paths: Paths) -> Check:
    """config.json says something that delta_learn understands."""
    try:
        compile_patterns(Config.load(paths.config).collect.redact)
    except DeltaError as error:
        return Check("config", "problem", str(error), f"mend {paths.config}; `delta-learn config list` shows all")
    return Check("config", "ok", str(paths.config) if paths.config.exists() else "all settings have their defaults")


def check_start_file(shell: str) -> Check:
    """The start file of `shell` sources the hook file that belongs to this delta-learn."""
    name = f"{shell} start file"
    if shell not in installed_shells():
        return Check(name, "ok", f"{shell} is not installed")
    path = rc_file(shell)
    try:
        hook, found = hook_file(shell), sourced_hook(path)
    except DeltaError as error:
        return Check(name, "problem", str(error), "do what the sentence says")
    if found == quoted(str(hook)):
        return Check(name, "ok", f"{path} sources {hook}")
    if found is not None:
        return Check(name, "problem", f"{path} sources {found}, which is not the hook of this delta-learn", INSTALL)
    if _mentions_hook(path, shell):
        return Check(name, "ok", f"{path} loads the hook in a way of its own")
    return Check(name, "warning", f"{path} has no line of delta_learn", f"{INSTALL}, unless a plugin manager loads it")


def _mentions_hook(path: Path, shell: str) -> bool:
    text = path.read_text(errors="replace") if path.is_file() else ""
    return any(word in text for word in ("delta-learn init", f"delta.{shell}", "delta.plugin.zsh"))


def check_interpreter(paths: Paths) -> Check:
    """The interpreter that the hooks start can import delta_learn."""
    try:
        python = paths.python.read_text(encoding="utf-8", errors="surrogateescape").removesuffix("\n")
        done = subprocess.run(  # noqa: S603  (the path is ours)
            [python, "-E", "-P", "-c", "import delta_learn.collector.record"],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=_IMPORT_SECONDS, check=False, cwd="/",
        )  # fmt: skip
    except FileNotFoundError:
        return Check("interpreter", "problem", f"{paths.python} or what it names is not there", INSTALL)
    except (OSError, subprocess.TimeoutExpired) as error:
        return Check("interpreter", "problem", f"{paths.python} names what does not run ({error})", INSTALL)
    if done.returncode:
        return Check("interpreter", "problem", f"{python} cannot import delta_learn", INSTALL)
    return Check("interpreter", "ok", python)


def check_spool(paths: Paths) -> Check:
    """What waits to be drained, how long, and what the last drain said."""
    if not paths.spool.is_dir():
        return Check("spool", "problem", f"{paths.spool} is not there, so no shell records", INSTALL)
    now, last = waiting(paths), last_drain(paths)
    text = f"{now.files} file{'s' * (now.files != 1)} waiting, {now.bytes / 1e6:.1f} MB"
    if last.error:
        return Check("spool", "problem", f"{text}; the last drain failed: {last.error}", "run `delta-learn status`")
    if last.dropped_sessions:
        sessions = f"{last.dropped_sessions} old sessions were dropped because collect.spool_mb was reached"
        return Check("spool", "warning", f"{text}; {sessions}", "`delta-learn config set collect.spool_mb 256`")
    if now.bytes and now.oldest is not None and time.time() - now.oldest > _STALE_SECONDS:
        hours = (time.time() - now.oldest) / 3600
        return Check("spool", "warning", f"{text}, the oldest {hours:.0f} h old", "run `delta-learn status`")
    return Check("spool", "ok", text)


def check_pause(paths: Paths) -> Check:
    """Whether shells record at all."""
    until = paused_until(paths)
    if until is None:
        return Check("recording", "ok", "not paused")
    end = "" if until == FOREVER else time.strftime(" until %Y-%m-%d %H:%M", time.localtime(until))
    return Check("recording", "warning", f"paused{end}: no shell records", "run `delta-learn resume`")


def check_disk(paths: Paths) -> Check:
    """There is room for what comes."""
    place = next(p for p in (paths.state, *paths.state.parents) if p.exists())
    free = shutil.disk_usage(place).free
    state: State = "ok" if free >= _LEAST_FREE else "problem"
    return Check("disk", state, f"{free / 1e6:,.0f} MB free", "" if state == "ok" else "make room on the disk")


def check_model(paths: Paths) -> Check:
    """The deployed model is whole and is the one that predicts."""
    mend = "run `delta-learn models rollback` or `delta-learn train`"
    try:
        registry = Registry(paths, Keyring.load(paths.key))
    except DeltaError as error:
        return Check("model", "problem", str(error), mend)
    if registry.deployed is None:
        return Check("model", "ok", "none deployed: predictions come from your history alone")
    problem = registry.in_use(lambda model: model).problem
    if problem:
        return Check("model", "problem", problem, mend)
    return Check("model", "ok", f"{registry.deployed} is whole")


def check_training(paths: Paths) -> Check:
    """Whether a training runs."""
    busy = holder(paths.training_lock)
    return Check("training", "ok", f"{busy} runs" if busy else "none runs")


def check_schedule(paths: Paths) -> Check:
    """What starts the night, and whether it does."""
    schedule = installed_schedule(paths)
    if schedule is None:
        return Check(
            "schedule", "ok", "none: it trains when you run `delta-learn train` (`delta-learn schedule install`)"
        )
    text = f"{schedule.way} asks every hour whether the night from {schedule.at} on is due"
    stamp = read_stamp(paths) or Stamp()
    days = (time.time() - stamp.done) / 86_400
    if days < _LATE_DAYS:
        return Check("schedule", "ok", text)
    ago = f"for {days:,.0f} days" if stamp.done else "yet"
    look = "systemctl --user list-timers" if schedule.way == "systemd" else "crontab -l"
    mend = f"see `delta-learn status` and `{look}`, then run `delta-learn schedule install`"
    return Check("schedule", "warning", f"{text}, but none was done {ago}", mend)


def run_checks(paths: Paths) -> list[Check]:
    """Every check but the live round trips, in the order in which they are shown."""
    before = (check_packages, check_directories, check_key, check_config)
    after = (check_interpreter, check_spool, check_pause, check_disk, check_model, check_schedule, check_training)
    return [
        *(check(paths) for check in before),
        *(check_start_file(shell) for shell in SHELLS),
        *(check(paths) for check in after),
    ]
