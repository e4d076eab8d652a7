"""collector/denied.py: what was forgotten is neither suggested by an older model nor imported again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from delta_learn.collector.denied import Denied
from delta_learn.collector.never import add_never, unwanted
from delta_learn.collector.store import Store
from delta_learn.collector.teaching import give_feedback
from delta_learn.entry import CommandEntry
from delta_learn.errors import StorageError
from delta_learn.paths import Paths

NOON = 1_600_000_000.0
KEPT = ["git status", "git push origin main", "ssh web1", "make deploy", "mysql shop"]
GONE = ["ssh vault-host", "frob -uroot -xhunter2 shop", "make deploy main", "git push origin web1"]


def typed(commands: Sequence[str], first: int = 0, **facts: Any) -> list[CommandEntry]:
    return [
        CommandEntry(command, "/srv", NOON + number, session="s", sequence=number, shell="zsh", **facts)
        for number, command in enumerate(commands, first)
    ]


def add_model(paths: Paths, name: str = "delta_model_1") -> Path:
    path = paths.models / f"{name}.bin"
    path.write_bytes(b"a model")
    return path


@pytest.fixture
def store(paths: Paths) -> Store:
    store = Store.open(paths)
    store.record(typed([*KEPT, *GONE]))
    add_model(paths)
    return store


def forget(store: Store, *lines: str, **how: Any) -> None:
    store.forget(lambda entry: entry.command in (lines or GONE), **how)


@pytest.mark.parametrize(
    "line",
    [
        *GONE,
        "  ssh   vault-host ",
        "cd app && make deploy main",
        "make deploy main | tee log",
        "scp notes ann@vault-host:/srv",
        "ping vault-host",
        "echo xhunter2",
        "frob://ann:xhunter2@db",
    ],
)
def test_a_forgotten_line_and_its_own_words_are_unwanted(store: Store, line: str) -> None:
    assert line not in unwanted(store)
    forget(store)
    assert line in unwanted(store)


@pytest.mark.parametrize(
    "line", [*KEPT, "ssh", "ssh v", "make deploy", "make deploy web1", "git push origin", "web1", "main", ""]
)
def test_what_is_made_of_kept_words_is_not(store: Store, line: str) -> None:
    forget(store)
    assert line not in unwanted(store)


def test_a_line_that_is_kept_elsewhere_is_the_persons(store: Store) -> None:
    store.record(typed(["git status"], 20))
    store.forget(lambda entry: entry.sequence == 20)
    assert "git status" not in unwanted(store)


def test_public_words_are_not_denied_and_public_lines_are(store: Store) -> None:
    forget(store, public={"vault-host", "vault", "host"})
    assert "ping vault-host" not in unwanted(store)
    assert "ssh vault-host" in unwanted(store)


def test_lines_that_were_never_suggested_stay_so(store: Store) -> None:
    add_never(store, "halt --now")
    store.forget(lambda entry: False, lines=["halt --now"])
    assert Denied.load(store.paths, store.keyring).hides("halt --now")


def test_without_a_model_nobody_knows_them(store: Store, paths: Paths) -> None:
    (paths.models / "delta_model_1.bin").unlink()
    forget(store)
    assert GONE[0] not in unwanted(store)


def test_the_list_holds_as_long_as_an_older_model_is_there(store: Store, paths: Paths) -> None:
    add_model(paths, "delta_model_2")
    forget(store, GONE[0])
    add_model(paths, "delta_model_3")
    (paths.models / "delta_model_2.bin").unlink()
    forget(store, GONE[1])
    assert GONE[0] in unwanted(store)
    (paths.models / "delta_model_1.bin").unlink()
    assert GONE[0] not in unwanted(store)
    assert GONE[1] in unwanted(store), "it was forgotten when the third was there"
    (paths.models / "delta_model_3.bin").unlink()
    assert GONE[1] not in unwanted(store)


def test_the_link_to_the_deployed_model_is_no_model(store: Store, paths: Paths) -> None:
    paths.latest_model.symlink_to("delta_model_1.bin")
    forget(store)
    (paths.models / "delta_model_1.bin").rename(paths.models / "delta_model_2.bin")
    assert GONE[0] not in unwanted(store)


def record(store: Store) -> None:
    store.record(typed(["ssh vault-host -v"], 30))


def teach(store: Store) -> None:
    store.add([CommandEntry("ssh vault-host -v", source="taught", session="taught:1")])


def say(store: Store) -> None:
    give_feedback(store, "ssh vault-host -v", "/srv", suggestion="ssh vault-host -v")


@pytest.mark.parametrize(("come_back", "theirs"), [(record, True), (teach, True), (say, False)])
def test_what_is_typed_again_is_the_persons_again(
    store: Store, come_back: Callable[[Store], None], theirs: bool
) -> None:
    forget(store)
    come_back(store)
    assert ("ssh vault-host -v" not in unwanted(store)) is theirs
    assert ("ping vault-host" not in unwanted(store)) is theirs
    assert GONE[0] in unwanted(store), "that very line was not typed"
    store.record(typed([GONE[0]], 31))
    assert GONE[0] not in unwanted(store)
    assert GONE[1] in unwanted(store)


def test_no_text_is_in_the_list(store: Store, paths: Paths) -> None:
    forget(store)
    denied = Denied.load(paths, store.keyring)
    assert {len(item) for denial in denied.denials for item in denial.lines | denial.words} == {16}
    assert paths.forgotten.stat().st_mode & 0o777 == 0o600
    other = Store.open(Paths(paths.home.parent / "h2", paths.home.parent / "s2"))
    add_model(other.paths)
    other.record(typed([*KEPT, *GONE]))
    forget(other)
    theirs = Denied.load(other.paths, other.keyring).denials[0].lines
    assert theirs.isdisjoint(denied.denials[0].lines), "who has not the key cannot guess"


def test_a_damaged_list_suggests_nothing_and_lets_record(store: Store, paths: Paths, caplog: Any) -> None:
    forget(store)
    data = bytearray(paths.forgotten.read_bytes())
    data[-30] ^= 1
    paths.forgotten.write_bytes(data)
    with pytest.raises(StorageError, match=r"forgotten\.bin"):
        unwanted(store)
    assert store.record(typed(["ls"], 40)).new == 1
    assert "stays denied" in caplog.text


TIMED = [
    CommandEntry(command, None, NOON + 100 * number, session="import:zsh:1", sequence=number, source="imported")
    for number, command in enumerate([*KEPT, *GONE, *KEPT])
]
UNTIMED = [
    CommandEntry(command, session="import:bash:1", sequence=number, shell="bash", source="imported")
    for number, command in enumerate([*KEPT, *GONE, *KEPT, GONE[0]])
]


@pytest.mark.parametrize("history", [TIMED, UNTIMED])
def test_a_history_that_is_imported_again_does_not_bring_it_back(paths: Paths, history: list[CommandEntry]) -> None:
    store = Store.open(paths)
    store.add(history, fallback_time=NOON)
    forget(store)
    before = store.entries()
    added = store.add(history, fallback_time=NOON)
    count = sum(entry.command in GONE for entry in history)
    assert (added.new, added.known, added.forgotten) == (0, len(history) - count, count)
    longer = [*history, CommandEntry("new one", session=history[0].session, sequence=99, source="imported")]
    assert store.add(longer, fallback_time=NOON).new == 1
    assert [entry for entry in store.entries() if entry.command != "new one"] == before


def test_it_is_imported_again_when_the_person_says_so(paths: Paths) -> None:
    store = Store.open(paths)
    add_model(paths)
    store.add(TIMED)
    forget(store)
    added = store.add(TIMED, again=True)
    assert (added.new, added.forgotten) == (len(GONE), 0)
    assert GONE[0] not in unwanted(store)
    assert store.add(TIMED).forgotten == 0


@pytest.mark.parametrize("offset", [-2, 0, 2, 3])
def test_what_the_hooks_recorded_is_known_in_the_shells_own_history(paths: Paths, offset: int) -> None:
    store = Store.open(paths)
    store.record(typed(GONE[:1]))
    forget(store)
    again = CommandEntry(GONE[0], None, NOON + offset, session="import:zsh:1", source="imported", shell="zsh")
    added = store.add([again])
    assert (added.new, added.forgotten) == ((0, 1) if abs(offset) <= 2 else (1, 0))


@pytest.mark.parametrize(("shell", "new"), [("zsh", 1), ("bash", 2)])
def test_a_history_without_times_knows_it_by_its_shell(paths: Paths, shell: str, new: int) -> None:
    store = Store.open(paths)
    store.record(typed([GONE[0], KEPT[0], KEPT[0]]))
    store.forget(lambda entry: entry.sequence < 2)
    history = [
        CommandEntry(command, session="import:x:1", sequence=number, source="imported", shell=shell)
        for number, command in enumerate([KEPT[0], GONE[0], KEPT[0]])
    ]
    added = store.add(history)
    assert added.forgotten == (shell == "zsh")
    assert [e.command for e in store.entries() if e.source == "imported"].count(KEPT[0]) == (1 if shell == "zsh" else 2)
    assert added.new == new + (shell == "bash")


def test_what_was_typed_later_is_imported(paths: Paths) -> None:
    store = Store.open(paths)
    store.add(TIMED)
    forget(store)
    later = CommandEntry(GONE[0], None, NOON + 9_999, session="import:zsh:1", source="imported")
    assert store.add([*TIMED, later]).new == 1


def test_an_empty_list_is_no_file(store: Store, paths: Paths) -> None:
    store.forget(lambda entry: False)
    assert not paths.forgotten.exists()
    forget(store, GONE[0])
    assert paths.forgotten.exists()
    Denied(paths, store.keyring).save()
    assert not paths.forgotten.exists()
