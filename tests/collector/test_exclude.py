"""collector/exclude.py: places, patterns, programs, and what is never kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from delta_learn.collector.exclude import Exclusions
from delta_learn.config import CollectConfig
from delta_learn.entry import CommandEntry


def excludes(command: str, directory: str | None = "/srv", author: str = "", **collect: object) -> bool:
    config = CollectConfig(**{name: tuple(v) if isinstance(v, list) else v for name, v in collect.items()})  # type: ignore[arg-type]
    return Exclusions.from_config(config, "/home/ann").excludes(CommandEntry(command, directory), author)


@pytest.mark.parametrize(
    "command",
    [" ls", "\tls", "", "\n", ":train now", ":train", ":feedback helpful", ":pause", ":resume; ls", ":pause\n"],
)
def test_never_kept(command: str) -> None:
    assert excludes(command)


@pytest.mark.parametrize("command", ["ls", ":", ":trainer", "echo :train", ": > file", ":pauses", "\\ ls"])
def test_kept(command: str) -> None:
    assert not excludes(command)


@pytest.mark.parametrize(
    ("pattern", "directory", "excluded"),
    [
        ("~/private", "/home/ann/private", True),
        ("~/private/", "/home/ann/private/deep/er", True),
        ("~/private", "/home/ann/privateer", False),
        ("~/private", "/home/bob/private", False),
        ("~", "/home/ann", True),
        ("~/clients/*", "/home/ann/clients/acme/src", True),
        ("~/clients/*", "/home/ann/clients", False),
        ("/srv/[ab]", "/srv/a/x", True),
        ("/srv/[ab]", "/srv/c", False),
        ("/", "/anything", True),
        (".password-store", "/home/ann/.password-store/mail", True),
        (".password-store", "/home/ann/my.password-store", False),
        ("/srv", None, False),
        ("/SRV", "/srv", False),
        ("/a.b", "/axb", False),
        ("/srv/caf\udce9", "/srv/caf\udce9/x", True),
    ],
)
def test_directories(pattern: str, directory: str | None, excluded: bool) -> None:
    assert excludes("ls", directory, exclude_directories=["/elsewhere", pattern]) is excluded


def test_a_link_and_what_it_points_to_are_one_place(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    for recorded in ("real", "link"):
        assert excludes("ls", str(tmp_path / recorded / "x"), exclude_directories=[str(tmp_path / "link")])


@pytest.mark.parametrize(
    ("pattern", "command", "excluded"),
    [
        ("pass *", "pass show mail", True),
        ("pass *", "compass x", False),
        ("pass", "pass show mail", False),
        ("*secret*", "a\nsecret\nb", True),
        ("PASS *", "pass x", False),
        ("a|b", "b", False),
    ],
)
def test_commands(pattern: str, command: str, excluded: bool) -> None:
    assert excludes(command, exclude_commands=["never-typed", pattern]) is excluded


def test_programs_that_type_unless_they_are_wanted() -> None:
    assert excludes("ls", author="CLAUDECODE")
    assert not excludes("ls", author="CLAUDECODE", agents=True)
    assert excludes(" ls", author="CLAUDECODE", agents=True)
