from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from delta_learn.dataset.synthetic import rare_variants
from delta_learn.entry import CommandEntry, Session, split_sessions

OFTEN = [
    "git checkout main",
    "git checkout feature/parser",
    "git switch fix-typo",
    "vim src/main.py",
    "vim tests/test_main.py",
    "cd src",
    "cd docs/guide",
    "ssh build.example.org",
    "ssh db.example.org",
    "pip install numpy",
    "npm run lint",
    "cat data/raw/a data/raw/b",
]


def history(*commands: str, exit_code: int | None = None) -> list[Session]:
    entries = [
        CommandEntry(command, "/home/alice", float(i), exit_code=exit_code, session="s", sequence=i, shell="zsh")
        for i, command in enumerate(commands)
    ]
    return [Session("s", tuple(entries))]


def variants(*commands: str, seed: int = 1, count: int = 30) -> set[str]:
    made = rare_variants(history(*OFTEN * 3, *commands), variants=count, seed=seed)
    return {entry.command for entry in made}


@pytest.mark.parametrize(
    ("rare", "expected"),
    [
        ("git merge release", {"git merge main", "git merge feature/parser", "git merge fix-typo"}),
        ("python run.py -v", {"python src/main.py -v", "python tests/test_main.py -v"}),
        ("ls build", {"ls src", "ls docs/guide"}),
        ("ping ci", {"ping build.example.org", "ping db.example.org"}),
        ("sudo mkdir out && cd src", {"sudo mkdir src && cd src", "sudo mkdir docs/guide && cd src"}),
        ("pip3 install rich", {"pip3 install numpy"}),
        ("yarn run build", {"yarn run lint"}),
        ("wc -l a/b", {"wc -l data/raw/a", "wc -l data/raw/b"}),
    ],
)
def test_arguments_are_replaced_by_others_of_their_kind(rare: str, expected: set[str]) -> None:
    assert expected <= variants(rare)


def test_the_shape_of_a_command_stays() -> None:
    for command in variants("git rebase -i release", "make && ssh host.example.org 'ls -la /tmp'"):
        assert command.startswith(("git rebase -i ", "make && ssh "))
        assert command.count("'") in (0, 2)


@pytest.mark.parametrize(
    "rare",
    [
        "rm -r src/old.py",
        "sudo rm notes/x.py",
        "make; rm a/b.py",
        "git branch -D release",
        "git checkout --force release",
        "git push --force-with-lease origin release",
        "dd if=a/b.py of=c/d.py",
        "cat src/x.py > src/y.py",
        "kubectl delete pod a/b.py",
        "pkill main.py",
    ],
)
def test_what_destroys_is_never_varied(rare: str) -> None:
    assert variants(rare) == set()


@pytest.mark.parametrize(
    "rare",
    [
        "ssh <secret:host>",
        "cd $HOME/src",
        "vim 'a b.py'",
        "cd 1234",
        "ssh -4",
        "mkdir a\nmkdir b",
        "cat /dev/sda",
    ],
)
def test_syntax_and_redactions_are_left_alone(rare: str) -> None:
    assert not {command for command in variants(rare) if command.split()[0] == rare.split()[0]} - set(OFTEN)


def test_redactions_are_never_put_elsewhere() -> None:
    assert not any("secret" in command for command in variants("ssh <secret:host>", "ping ci"))


def test_frequent_and_failed_commands_get_none() -> None:
    assert variants() == set()
    failed = history("vim main.py", "cat other.py", exit_code=1)
    assert rare_variants(failed, variants=2, seed=1) == []
    assert len(rare_variants(history("vim main.py", "cat other.py", exit_code=0), variants=2, seed=1)) == 2


def test_twice_typed_counts_once() -> None:
    made = rare_variants(history(*OFTEN * 3, "git merge release", "git merge release"), variants=2, seed=1)
    assert len(made) == 2


@settings(max_examples=60, deadline=None)
@given(
    commands=st.lists(
        st.sampled_from([*OFTEN, "git merge x", "ls /a/b", "vim \udcff.py", "", "make test"]), max_size=20
    ),
    count=st.integers(0, 3),
    seed=st.integers(0, 5),
)
def test_variants_are_new_few_and_marked(commands: list[str], count: int, seed: int) -> None:
    sessions = history(*commands)
    made = rare_variants(sessions, variants=count, seed=seed)
    new = [entry.command for entry in made]
    assert len(set(new)) == len(new)
    assert not set(new) & set(commands)
    rare = sum(1 for times in Counter(commands).values() if times <= 2)
    assert len(made) <= count * rare
    assert all(entry.source == "synthetic" and entry.directory is None for entry in made)
    assert rare_variants(sessions, variants=count, seed=seed) == made


def test_each_variant_is_a_session_of_its_own() -> None:
    made = rare_variants(history(*OFTEN), variants=2, seed=3)
    assert len(made) > 3
    assert [len(one) for one in split_sessions(made)] == [1] * len(made)
    assert all(a.session != b.session for a, b in pairwise(made))


def test_the_seed_decides() -> None:
    made = [{e.command for e in rare_variants(history(*OFTEN), variants=1, seed=seed)} for seed in range(4)]
    assert len({frozenset(commands) for commands in made}) > 1
