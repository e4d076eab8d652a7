"""installation/roundtrip.py and doctor.py: real shells, with start files that are well and that are not."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from delta_learn.collector.store import Store
from delta_learn.entry import CommandEntry
from delta_learn.installation import doctor, roundtrip
from delta_learn.installation.install import install
from delta_learn.installation.roundtrip import RoundTrip, round_trip
from delta_learn.paths import Paths

pytestmark = pytest.mark.slow

SHELLS = [
    pytest.param(s, marks=pytest.mark.skipif(not shutil.which(s), reason="not installed")) for s in ("zsh", "bash")
]
HISTORY = {
    "zsh": "HISTFILE=~/.history; SAVEHIST=100; HISTSIZE=100; setopt share_history inc_append_history\n",
    "bash": "HISTFILE=~/.history; shopt -s histappend; HISTCONTROL=ignoreboth; PROMPT_COMMAND='history -a'\n",
}


def files(home: Path) -> dict[str, bytes]:
    return {str(p.relative_to(home)): p.read_bytes() if p.is_file() else b"" for p in home.rglob("*")}


@pytest.mark.parametrize("shell", SHELLS)
def test_two_commands_come_back(paths: Paths, home: Path, shell: str) -> None:
    (home / f".{shell}rc").write_text(HISTORY[shell])
    (home / ".history").write_text("the person's own\n")
    install(paths, (shell,))
    before = files(home)
    trip = round_trip(shell)
    assert trip.problem == ""
    assert trip.ok
    assert trip.hooked
    assert files(home) == before  # neither the data, nor the history, nor a temporary directory


@pytest.mark.parametrize("shell", SHELLS)
def test_agents_and_pauses_are_not_in_the_way(paths: Paths, shell: str, monkeypatch: pytest.MonkeyPatch) -> None:
    install(paths, (shell,))
    paths.paused.touch()
    monkeypatch.setenv("CLAUDECODE", "1")
    assert round_trip(shell).ok


def ran(word: str, number: int, **changes: object) -> CommandEntry:
    entry = CommandEntry(
        f"{word} delta-doctor-n", "/srv", 1e9, exit_code=number, duration_ms=3, session="s", sequence=number
    )
    return replace(entry, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("entries", "problem"),
    [
        ([ran("true", 0), ran("false", 1)], ""),
        ([ran("true", 0)], "`false` was typed and not recorded"),
        ([ran("false", 1)], "`true` was typed and not recorded"),
        ([ran("true", 0), ran("false", 0)], "`false` was recorded with exit status 0, not 1"),
        ([ran("true", 0, exit_code=None), ran("false", 1)], "`true` was recorded with exit status None, not 0"),
        ([ran("true", 0, directory=None), ran("false", 1)], "`true` was recorded without its directory"),
        ([ran("true", 0, duration_ms=None), ran("false", 1)], "`true` was recorded without its duration"),
    ],
)
def test_what_is_missing_is_told(paths: Paths, entries: list[CommandEntry], problem: str) -> None:
    Store.open(paths).add(entries)
    assert roundtrip._find(paths, "n") == problem


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("rc", "problem", "hooked"),
    [
        ("", "the hook is not loaded", False),
        ("exit 3\n", "leaves the shell", False),
        ("sleep 60\n", "no prompt came", False),
    ],
)
def test_a_start_file_that_spoils_it_is_told(
    home: Path, shell: str, rc: str, problem: str, hooked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(roundtrip, "_STEP_SECONDS", 0.5)
    (home / f".{shell}rc").write_text(rc)
    before = files(home)
    trip = round_trip(shell, deadline=4.0)
    assert not trip.ok
    assert problem in trip.problem
    assert trip.hooked is hooked
    assert files(home) == before


@pytest.mark.skipif(not shutil.which("zsh"), reason="not installed")
def test_zsh_is_started_with_the_directory_that_its_own_file_chooses(
    paths: Paths, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ZDOTDIR")
    (home / ".zshenv").write_text(f"ZDOTDIR='{tmp_path}'\n")
    install(paths, ("zsh",))
    assert (tmp_path / ".zshrc").exists()
    assert round_trip("zsh").ok


@pytest.mark.parametrize("shell", SHELLS)
def test_nothing_is_left(home: Path, tmp_path: Path, shell: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (home / f".{shell}rc").write_text("trap '' HUP TERM INT\nsleep 4242\n")
    round_trip(shell, deadline=1.5)
    assert [pid for pid in Path("/proc").glob("[0-9]*") if str(home).encode() in _environment(pid)] == []
    assert list(tmp_path.iterdir()) == []


def _environment(process: Path) -> bytes:
    try:
        return (process / "environ").read_bytes()
    except OSError:  # it has just ended, or is somebody else's
        return b""


WELL = RoundTrip("zsh", ok=True, seconds=1.0)
SILENT = RoundTrip("zsh", ok=False, problem="nothing was recorded", hooked=False)
BROKEN = RoundTrip("zsh", ok=False, problem="`true` was not recorded")


@pytest.mark.parametrize(
    ("trip", "line", "state", "mend"),
    [
        (WELL, True, "ok", ""),
        (BROKEN, True, "problem", "put the line of delta_learn last in the start file of zsh"),
        (BROKEN, False, "problem", "put the line of delta_learn last in the start file of zsh"),
        (SILENT, True, "problem", "run `delta-learn install`"),
        (SILENT, False, "warning", "run `delta-learn install`"),
    ],
)
def test_doctor_says_what_a_round_trip_found(
    paths: Paths, monkeypatch: pytest.MonkeyPatch, trip: RoundTrip, line: bool, state: str, mend: str
) -> None:
    monkeypatch.setattr("delta_learn.installation.checks.installed_shells", lambda: ["zsh"])
    monkeypatch.setattr(doctor, "round_trip", lambda shell: trip)
    if line:
        install(paths, ("zsh",))
    check = doctor.check_round_trip("zsh")
    assert check.state == state
    assert check.mend.startswith(mend)
    assert bool(check.mend) is bool(mend)


@pytest.mark.parametrize(
    ("trips", "states"), [([WELL, SILENT], ["ok", "warning"]), ([SILENT, SILENT], ["problem"] * 2)]
)
def test_one_shell_that_records_is_enough(
    paths: Paths, monkeypatch: pytest.MonkeyPatch, trips: list[RoundTrip], states: list[str]
) -> None:
    monkeypatch.setattr(doctor, "installed_shells", lambda: ["zsh", "bash"])
    monkeypatch.setattr(doctor, "round_trip", lambda shell: trips[["zsh", "bash"].index(shell)])
    assert [check.state for check in doctor.examine(paths)][-2:] == states


def test_a_shell_that_is_not_here_is_no_problem(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "installed_shells", list)
    assert doctor.examine(paths)[-1] == doctor.Check("bash round trip", "ok", "bash is not installed")


def test_without_a_terminal_it_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> tuple[int, int]:
        raise OSError(2, "out of pty devices")

    monkeypatch.setattr("pty.openpty", none)
    check = doctor.check_round_trip("bash")
    assert (check.state, check.what) == (
        "problem",
        "bash cannot be started on a pseudo terminal (out of pty devices).",
    )
