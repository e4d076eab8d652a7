"""collector/traces.py: a line and its words are found again in another line."""

from __future__ import annotations

import pytest

from delta_learn.collector.traces import phrases, words


def test_a_line_is_known_whole_and_by_each_simple_command() -> None:
    assert phrases("  cd   app && make\tdeploy; ls | wc\n") == {
        "cd app && make deploy; ls | wc", "cd app", "make deploy", "ls", "wc",
    }  # fmt: skip
    assert phrases(" \n") == set()


@pytest.mark.parametrize(
    "line",
    ["ssh vault-host", "scp a 'vault-host':b", "curl https://vault-host/x", "ssh ann@vault-host:/srv", "H=vault-host"],
)
def test_a_word_is_known_by_its_part_wherever_it_stands(line: str) -> None:
    assert "vault-host" in words(line)


def test_runs_of_letters_and_digits_are_parts_and_short_ones_are_not() -> None:
    assert words("mysql -phunter2 db") == {"mysql", "-phunter2", "phunter2"}
    assert words("cp a.b 12-34 9876-x") == {"a.b", "12-34", "9876-x", "9876"}


def test_what_stands_for_a_secret_is_no_word() -> None:
    assert words("export TOKEN=<secret:token>") == {"export", "TOKEN=", "TOKEN"}
