"""cli/report.py: where the page goes, and who may read it."""

from __future__ import annotations

import os
import stat
import sys
import webbrowser
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from delta_learn.collector.store import Store
from delta_learn.entry import CommandEntry
from delta_learn.errors import MissingDependencyError, StorageError
from delta_learn.paths import Paths

Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def store(paths: Paths) -> Store:
    store = Store.open(paths)
    store.add([CommandEntry("make test")])
    return store


def test_the_page_is_in_the_state_directory_and_private(run: Run, paths: Paths) -> None:
    result = run("report")
    path = paths.state / "report.html"
    assert result.stdout == "The report is in ~/delta_state_home/report.html.\n"
    assert path.read_bytes().startswith(b"<!DOCTYPE html>\n<html")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_it_goes_where_it_is_told_to_even_where_others_may_write(run: Run, home: Path) -> None:
    place = home / "shared"
    place.mkdir()
    place.chmod(0o1777)
    os.umask(0)
    result = run("report", "--output", str(place / "page.html"))
    assert "~/shared/page.html" in result.stdout
    assert stat.S_IMODE((place / "page.html").stat().st_mode) == 0o600
    assert [path.name for path in place.iterdir()] == ["page.html"]


def test_a_link_stays_one_and_its_file_is_replaced(run: Run, home: Path) -> None:
    target, link = home / "real.html", home / "link.html"
    target.write_text("old")
    link.symlink_to(target)
    run("report", "-o", str(link))
    assert link.is_symlink()
    assert target.read_text().startswith("<!DOCTYPE")


@pytest.mark.parametrize("name", ["directory", "pipe"])
def test_what_is_no_file_is_not_replaced(name: str, run: Run, home: Path) -> None:
    (home / "directory").mkdir()
    os.mkfifo(home / "pipe")
    with pytest.raises(StorageError, match="is not a plain file; name another"):
        run("report", "--output", str(home / name))
    assert not (home / name).is_file()


def test_what_was_there_stays_when_the_disk_refuses(run: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = home / "page.html"
    path.write_text("old")

    def refuse(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(StorageError, match="No space left for"):
        run("report", "--output", str(path))
    assert path.read_text() == "old"
    assert not list(home.glob(".page*"))


def test_a_browser_is_asked_only_when_it_is_wanted(run: Run, paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(webbrowser, "open", lambda address: bool(asked.append(address)))
    run("report")
    assert asked == []
    result = run("report", "--open")
    assert asked == [(paths.state / "report.html").as_uri()]
    assert "open the file yourself" in result.stderr


def test_without_matplotlib_one_sentence_says_what_to_do(
    run: Run, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'delta-learn\[report\]'"):
        run("report")
    assert not (paths.state / "report.html").exists()
