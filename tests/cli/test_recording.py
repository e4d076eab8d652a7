"""cli/recording.py: pause, resume, review, forget."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from delta_learn.collector.never import unwanted
from delta_learn.collector.outcome import Outcome
from delta_learn.collector.pause import FOREVER, paused_until
from delta_learn.collector.store import Store
from delta_learn.entry import CommandEntry
from delta_learn.paths import Paths
from delta_learn.storage.lock import exclusive

Run = Callable[..., Result]
SECRET = "Zk9" + "wLq7TmBx2Rv"
START = time.mktime((2026, 11, 1, 12, 0, 0, 0, 0, -1))


@pytest.fixture
def store(paths: Paths, home: Path) -> Store:
    store = Store.open(paths)
    commands = ["git status", "make\tall\n", f"mysql --password={SECRET}", "git push", "cat \udcff"]
    places = ["/srv", str(home), f"{home}/shop", f"{home}/shop/app", None]
    store.add(
        CommandEntry(command, place, START + 60 * i, exit_code=i or None, session="s", sequence=i)
        for i, (command, place) in enumerate(zip(commands, places, strict=True))
    )
    return store


def left(store: Store) -> int:
    return len(store.entries())


def test_pause_and_resume(run: Run, paths: Paths) -> None:
    assert "`delta-learn resume`" in run("pause").stdout
    assert paused_until(paths) == FOREVER
    assert "again" in run("resume").stdout
    assert paused_until(paths) is None
    assert "Nothing was paused" in run("resume").stdout
    run("pause", "--for", "2h")
    assert abs((paused_until(paths) or 0) - time.time() - 7200) < 60
    assert run("pause", "--for", "soon").exit_code == 2


def test_review_shows_what_is_kept_and_what_was_replaced(run: Run, store: Store) -> None:
    lines = run("review").stdout.splitlines()
    assert lines[0] == "2026-11-01 12:00:00    -  /srv  git status"
    assert lines[1] == r"2026-11-01 12:01:00    1  ~  make\tall\n"
    assert lines[2].startswith("2026-11-01 12:02:00    2  ~/shop  mysql --password=<secret:")
    assert lines[4] == r"2026-11-01 12:04:00    4  -  cat \xff"
    assert lines[5].startswith("5 entries of 5. Secrets replaced in all of them: 1 ")
    assert SECRET not in "".join(lines)


def test_review_can_be_narrowed(run: Run, store: Store) -> None:
    lines = run("review", "git", "-n", "1").stdout.splitlines()
    assert len(lines) == 2
    assert lines[0].endswith("git push")
    assert lines[1].startswith("1 entry of 2.")
    lines = run("review", "--secrets").stdout.splitlines()
    assert len(lines) == 2
    assert "<secret:" in lines[0]
    assert run("review", "-n", "0").exit_code == 2


def test_review_as_json(run: Run, store: Store) -> None:
    found = json.loads(run("review", "git", "--json").stdout)
    assert found["found"] == 2
    assert found["entries"][0] == {
        "command": "git status", "directory": "/srv", "timestamp": START, "session": "s", "source": "typed",
        "sequence": 0, "isolated": False,
    }  # fmt: skip


def test_a_dry_run_forgets_nothing_and_says_what_would_go_where(run: Run, store: Store) -> None:
    (store.paths.models / "delta_model_1.bin").write_bytes(b"a model")
    assert run("forget", "git", "--dry-run").stdout.splitlines() == [
        "2 entries match.",
        "  in the shards of 1 day: 2; recorded since: 0",
        "  removed with them, as made of all entries: 0 token runs, 0 checkpoints, 0 caches",
        "  may know them and must not suggest them any more: 1 model",
    ]
    found = json.loads(run("forget", "git", "--dry-run", "--json").stdout)
    assert (found["found"]["entries"], found["found"]["models"], found["forgotten"]) == (2, 1, None)
    assert run("forget", "nothing-like-it", "--yes").stdout == "0 entries match.\n"
    assert left(store) == 5


def test_what_was_forgotten_is_said_as_json(run: Run, store: Store) -> None:
    said = json.loads(run("forget", "git", "--yes", "--json").stdout)
    assert said["found"]["entries"] == 2
    assert said["forgotten"] == {"entries": 2, "days": 1, "training": False}
    assert left(store) == 3


def test_public_words_stay_and_own_words_go(run: Run, store: Store) -> None:
    (store.paths.models / "delta_model_1.bin").write_bytes(b"a model")
    store.add([CommandEntry("docker run qwxyzzy-image", timestamp=START, session="d")])
    run("forget", "qwxyzzy", "--yes")
    shut = unwanted(store)
    assert "docker ps" not in shut
    assert "docker ps qwxyzzy-image" in shut
    assert "docker run qwxyzzy-image" in shut


def test_a_training_that_runs_is_told_of_before_it_is_ended(run: Run, store: Store) -> None:
    with exclusive(store.paths.training_lock, "delta-learn train"):
        assert "A training runs that has read them" in run("forget", "git", "--dry-run").stdout


@pytest.mark.parametrize(
    ("arguments", "gone"),
    [
        (["git"], 2),
        (["--since", "2026-11-01 12:03"], 2),
        (["--directory", "~/shop"], 2),
        (["git", "--directory", "~/shop/app/../app"], 1),
        (["git*"], 2),
        (["g?t"], 0),
        (["git", "--since", "2026-11-02"], 0),
    ],
)
def test_forget_with_yes(run: Run, store: Store, arguments: list[str], gone: int) -> None:
    result = run("forget", *arguments, "--yes")
    assert result.exit_code == 0
    assert left(store) == 5 - gone
    if gone:
        assert f"{gone} entr" in result.stdout.splitlines()[1]
        assert "`delta-learn train`" in result.stdout


def test_lines_that_are_never_suggested_are_forgotten_too(run: Run, store: Store) -> None:
    assert run("never", "halt --force").exit_code == 0
    result = run("forget", "halt", "--yes")
    assert result.stdout.splitlines()[0] == "0 entries match, and 1 line of those never suggested."
    assert run("never", "--list").stdout.strip() == ""
    assert left(store) == 5


def test_where_nobody_can_be_asked_nothing_goes(run: Run, store: Store) -> None:
    result = run("forget", "git", stdin="y\n")
    assert result.exit_code == 2
    assert "--yes" in result.stderr
    assert left(store) == 5


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize(("answer", "count"), [("y\n", 3), ("n\n", 5), ("\n", 5)])
def test_forget_asks_on_a_terminal(run: Run, store: Store, answer: str, count: int) -> None:
    assert "2 entries" in run("forget", "git", stdin=answer).stdout
    assert left(store) == count


def test_forgetting_everything_by_accident_is_a_usage_error(run: Run, store: Store) -> None:
    result = run("forget", "--yes")
    assert result.exit_code == 2
    assert "PATTERN" in result.stderr
    assert run("forget", "", "--yes").exit_code == 2
    assert run("forget", "--since", "someday", "--yes").exit_code == 2
    assert left(store) == 5


def test_review_shows_what_became_of_suggestions_when_it_is_asked_to(run: Run, store: Store) -> None:
    command = CommandEntry("git push", "/srv", session="zsh-9")
    before = run("review", "-n", "99").stdout
    store.record([Outcome(0, 1e9, "accepted", "git\tpush", 0, 5, 0.5, "history", "").to_entry(command, "")])
    assert run("review", "-n", "99").stdout == before
    (line, _) = run("review", "--suggestions").stdout.splitlines()
    assert line.endswith("/srv  (feedback) accepted: git\\tpush")
