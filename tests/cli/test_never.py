"""cli/never.py: what is never suggested, as a person says it."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from click.testing import Result

from delta_learn.collector.never import never_lines
from delta_learn.collector.store import Store
from delta_learn.errors import DeltaError
from delta_learn.paths import Paths

Run = Callable[..., Result]


def test_a_line_goes_on_the_list_and_off(run: Run, paths: Paths) -> None:
    assert run("never", "git push --force").stdout == "It is never suggested again.\n"
    assert run("never", "git push --force").stdout == "It was not suggested anyway.\n"
    assert run("never", "--", "--lsit").exit_code == 0
    assert never_lines(Store.open(paths)) == {"git push --force", "--lsit"}
    assert run("never", "--remove", "git push --force").stdout == "It may be suggested again.\n"
    with pytest.raises(DeltaError, match="not on the list") as caught:
        run("never", "--remove", "git push --force")
    assert "push" not in str(caught.value)
    assert never_lines(Store.open(paths)) == {"--lsit"}


def test_the_list_is_shown(run: Run) -> None:
    assert run("never", "--list").stdout == ""
    assert json.loads(run("never", "--list", "--json").stdout) == {"never": []}
    for line in ("make\ttest", "ls", "cat caf\udce9"):
        run("never", line)
    listed = run("never", "--list")
    assert listed.stdout.splitlines()[1:] == ["ls", "make\\ttest"]
    assert listed.stderr == "3 lines never suggested.\n"
    assert json.loads(run("never", "--list", "--json").stdout) == {"never": ["cat caf\udce9", "ls", "make\ttest"]}


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--json"],
        ["--remove"],
        ["--lsit"],
        ["ls", "--list"],
        ["ls", "--json"],
        ["--remove", "--list"],
        ["git", "push"],
    ],
)
def test_what_makes_no_sense_is_a_usage_error(run: Run, paths: Paths, arguments: list[str]) -> None:
    assert run("never", *arguments).exit_code == 2
    assert never_lines(Store.open(paths)) == frozenset()
