"""collector/normalize.py: names are found exactly where they are names, and nothing is ever lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delta_learn.collector.normalize import Normalizer, from_visible, visible

ann = Normalizer("/home/ann", "ann", "box.example.org")
any_text = st.text(st.characters(codec=None, exclude_categories=()), max_size=60)
near_names = st.lists(
    st.sampled_from(["/home/ann", "ann", "box", ".example.org", "/", "-", ".", " ", "ette", "=", "root", "\udcff"]),
    max_size=12,
).map("".join)


def symbols(text: str, names: Normalizer = ann) -> str:
    """The text with symbols in place of what they stand for."""
    return "".join(symbol or literal for symbol, literal in names.split(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/home/ann", "<home>"),
        ("cd /home/ann/src", "cd <home>/src"),
        ("cd '/home/ann'", "cd '<home>'"),
        ("PATH=/home/ann/bin:/home/ann/.local/bin", "PATH=<home>/bin:<home>/.local/bin"),
        ("gcc -I/home/ann/include", "gcc -I<home>/include"),
        ("curl file:///home/ann/a", "curl file://<home>/a"),
        ("ls /home/annette", "ls /home/annette"),
        ("ls /home/ann-old /home/ann.bak", "ls /home/ann-old /home/<user>.bak"),
        ("ls /backup/home/ann/x", "ls /backup/home/<user>/x"),
        ("cd ~/src", "cd ~/src"),
        ("ssh ann@box", "ssh <user>@<host>"),
        ("chown ann:ann f", "chown <user>:<user> f"),
        ("echo annotate Joann ann-marie", "echo annotate Joann ann-marie"),
        ("ping box.example.org", "ping <host>.example.org"),
        ("ping box.example.orgs", "ping box.example.orgs"),
        ("ping box.other.net mybox inbox box2", "ping box.other.net mybox inbox box2"),
        ("scp box:/tmp/a .", "scp <host>:/tmp/a ."),
        ("", ""),
    ],
)
def test_names_are_found_where_they_are_names(text: str, expected: str) -> None:
    assert symbols(text) == expected


@pytest.mark.parametrize("user", ["", "root", "jo"])
def test_a_user_name_that_is_no_name_is_left_alone(user: str) -> None:
    text = f"sudo -u {user} jo root"
    assert symbols(text, Normalizer("/root", user, "localhost")) == text


def test_localhost_and_missing_names_are_left_alone() -> None:
    text = "ssh localhost.localdomain / // localhost"
    assert symbols(text, Normalizer("/", "", "localhost")) == text
    assert symbols(text, Normalizer("", "", "")) == text


def test_a_name_is_taken_literally_not_as_a_pattern() -> None:
    assert symbols("a+b axb aab", Normalizer("", "a+b", "")) == "<user> axb aab"


@given(st.one_of(any_text, near_names))
def test_the_literals_joined_are_the_text(text: str) -> None:
    assert "".join(literal for _, literal in ann.split(text)) == text


@given(near_names)
def test_a_symbol_always_stands_for_the_same_text(text: str) -> None:
    stands_for = {"<home>": "/home/ann", "<user>": "ann", "<host>": "box"}
    assert all(literal == stands_for[symbol] for symbol, literal in ann.split(text) if symbol)
    assert all(literal for _, literal in ann.split(text))


def test_a_trailing_slash_and_a_domain_are_no_part_of_a_name() -> None:
    assert Normalizer("/home/ann/", "ann", "box.example.org") == ann
    assert (ann.home, ann.host, ann.domain) == ("/home/ann", "box", "example.org")


def test_current_reads_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/eve")
    monkeypatch.setenv("LOGNAME", "eve")
    monkeypatch.setattr("socket.gethostname", lambda: "nest.example.org")
    assert Normalizer.current() == Normalizer("/home/eve", "eve", "nest", "example.org")


def test_current_without_an_account_has_no_user(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_account() -> str:
        raise KeyError(12345)

    monkeypatch.setattr("getpass.getuser", no_account)
    assert Normalizer.current().user == ""


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ls -la", "ls -la"),
        ("größe 日本 🎉", "größe 日本 🎉"),
        ("a\tb\nc\rd", r"a\tb\nc\rd"),
        (r"grep '\.py'", r"grep '\\.py'"),
        ("\x1b[2Jrm\x7f", r"\x1b[2Jrm\x7f"),
        ("\udcff\x80", r"\xff\u0080"),
        ("a\u202eb\U000e0001", r"a\u202eb\U000e0001"),
    ],
)
def test_visible_is_what_the_shell_would_quote(text: str, shown: str) -> None:
    assert visible(text) == shown
    assert from_visible(shown) == text


@given(st.one_of(any_text, st.text("\\xutnr0e8d\n\x1b\udc80\udcff", max_size=20)))
def test_visible_is_printable_and_comes_back_exactly(text: str) -> None:
    assert visible(text).isprintable()
    assert from_visible(visible(text)) == text


def test_from_visible_leaves_other_backslashes() -> None:
    assert from_visible(r"\d \x4 \Uffffffff \q") == r"\d \x4 \Uffffffff \q"
