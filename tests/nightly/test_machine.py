"""nightly/machine.py: what a tree of /proc, /sys and /dev says, and what it means where files are missing."""

from __future__ import annotations

import os
import pty
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from delta_learn.nightly.machine import Machine, Supply, written_last
from tests.nightly.conftest import Tree

NOW = 2e9


def test_nothing_is_known_of_a_machine_without_files(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    assert machine.supplies() is None
    assert machine.pressure("cpu") is None
    assert machine.load() is None
    assert machine.busy_seconds() is None
    assert machine.memory_mb() is None
    assert machine.gpu_percent() is None
    assert machine.last_typed(NOW) is None
    assert machine.processors() >= 1
    assert written_last(tmp_path / "spool", NOW) is None


@pytest.mark.parametrize("text", ["", "\n", "nonsense", "cpu", "some avg10=much total=3"])
def test_files_that_say_nothing_are_not_known(tmp_path: Path, text: str) -> None:
    for name in ("proc/pressure/cpu", "proc/loadavg", "proc/stat", "proc/self/status"):
        place = tmp_path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    machine = Machine(tmp_path)
    assert machine.pressure("cpu") is machine.load() is machine.busy_seconds() is machine.memory_mb() is None


def test_the_figures_are_the_kernels(tree: Tree) -> None:
    machine = Machine(tree.root)
    assert machine.supplies() == [Supply("Mains", True, ""), Supply("Battery", None, "Full")]
    tree.press("memory", 12.5)
    assert machine.pressure("memory") == 12.5
    assert machine.processors() == 2
    assert machine.load() == pytest.approx(0.05)
    tree.work(12.0)
    assert machine.busy_seconds() == 12.0
    assert machine.memory_mb() == pytest.approx(209.7, abs=0.1)


def test_a_mouse_does_not_power_the_machine(tree: Tree) -> None:
    tree.write("sys/class/power_supply/hid-0/type", "Battery\n")
    tree.write("sys/class/power_supply/hid-0/scope", "Device\n")
    tree.write("sys/class/power_supply/hid-0/status", "Discharging\n")
    supplies = Machine(tree.root).supplies()
    assert supplies is not None
    assert [supply.status for supply in supplies] == ["", "Full"]


def test_the_busiest_gpu_counts(tree: Tree) -> None:
    for number, percent in enumerate((3, 71, 5)):
        tree.write(f"sys/class/drm/card{number}/device/gpu_busy_percent", f"{percent}\n")
    assert Machine(tree.root).gpu_percent() == 71.0


@pytest.mark.parametrize(
    ("script", "expected"), [("echo 4; echo 87", 87.0), ("echo '[N/A]'", None), ("echo no driver >&2; exit 9", None)]
)
def test_nvidia_is_asked_where_its_driver_is(
    tree: Tree, tmp_path: Path, script: str, expected: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "bin" / "nvidia-smi"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    machine = Machine(tree.root)
    assert machine.gpu_percent() is None
    tree.write("proc/driver/nvidia/version", "")
    assert machine.gpu_percent() == expected


def test_the_newest_terminal_counts_and_times_from_before_a_change_of_the_clock_do_not(tree: Tree) -> None:
    machine = Machine(tree.root)
    for number, moment in ((1, NOW - 900), (2, NOW - 300), (3, NOW - 600), (4, NOW + 3600)):
        os.utime(tree.write(f"dev/pts/{number}", ""), (moment, NOW))
    assert machine.last_typed(NOW) == NOW - 300
    os.utime(tree.write("dev/tty2", ""), (NOW - 5, 0))
    assert machine.last_typed(NOW) == NOW - 5


def test_what_others_type_is_theirs(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    somebody = os.getuid() + 1
    monkeypatch.setattr(os, "getuid", lambda: somebody)
    assert Machine(tree.root).last_typed(time.time()) is None


def test_a_spool_file_was_written_when_the_shell_last_recorded(tmp_path: Path) -> None:
    for name, moment in (("zsh-1", NOW - 700), ("bash-2", NOW - 30)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (NOW, moment))
    assert written_last(tmp_path, NOW) == NOW - 30


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """The two ends of a real terminal that was last used in 2001."""
    person, program = pty.openpty()
    os.utime(os.ttyname(program), (1e9, 1e9))
    yield person, program
    os.close(person)
    os.close(program)


def test_the_kernel_notes_on_a_real_terminal_what_is_typed_and_not_what_is_printed(
    tree: Tree, terminal: tuple[int, int]
) -> None:
    person, program = terminal
    (tree.root / "dev/pts/0").unlink()
    (tree.root / "dev/pts/0").symlink_to(os.ttyname(program))
    machine = Machine(tree.root)
    os.write(program, b"a program prints\n")
    assert machine.last_typed(time.time()) == 1e9
    before = time.time()
    os.write(person, b"ls\n")
    assert os.read(program, 10) == b"ls\n"
    typed = machine.last_typed(time.time())
    assert typed is not None
    assert before - 1 <= typed <= time.time()
