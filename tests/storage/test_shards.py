"""shards.py: entries by day, token runs by month."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from delta_learn.entry import CommandEntry, Redacted
from delta_learn.errors import DamagedFileError, StorageError
from delta_learn.storage import shards
from delta_learn.storage.seal import Keyring
from delta_learn.storage.shards import UNDATED, RawShards, TokenRun, TokenShards, day_of, days_near

NOON = 1_795_348_800.0
"""2026-11-22 12:00 UTC."""
DAY = 86_400.0

typed = st.binary().map(lambda data: data.decode("utf-8", "surrogateescape"))
entries = st.builds(
    CommandEntry,
    command=typed,
    directory=st.none() | typed,
    timestamp=st.none() | st.floats(allow_nan=False) | st.floats(NOON, NOON + 3 * DAY),
    exit_code=st.none() | st.integers(0, 255),
    environment=st.dictionaries(typed, typed, max_size=2),
    session=st.text("ab", max_size=1),
    sequence=st.integers(0, 99),
    isolated=st.booleans(),
)


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def raw(tmp_path: Path, keyring: Keyring) -> RawShards:
    return RawShards(tmp_path / "raw", keyring)


@pytest.fixture
def tokens(tmp_path: Path, keyring: Keyring) -> TokenShards:
    return TokenShards(tmp_path / "processed", keyring)


def _entry(command: str, timestamp: float | None = NOON) -> Redacted:
    return Redacted(CommandEntry(command, timestamp=timestamp))


def test_nothing_recorded_yet(raw: RawShards, tmp_path: Path) -> None:
    raw.append([], NOON)
    assert raw.days() == []
    assert list(raw.read_all()) == []
    assert not (tmp_path / "raw").exists()


def test_entries_go_to_their_days_in_order(raw: RawShards, tmp_path: Path) -> None:
    raw.append([_entry("b1", NOON + DAY), _entry("a1"), _entry("b2", NOON + DAY)], NOON)
    raw.append([_entry("a2")], NOON)
    assert raw.days() == ["2026-11-22", "2026-11-23"]
    assert [e.command for e in raw.read("2026-11-22")] == ["a1", "a2"]
    assert [e.command for e in raw.read_all()] == ["a1", "a2", "b1", "b2"]
    assert (tmp_path / "raw" / "commands_2026-11-22.bin").exists()


def test_the_day_is_the_local_one(raw: RawShards, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC-14")
    time.tzset()
    raw.append([_entry("late", NOON)], NOON)
    assert raw.days() == ["2026-11-23"]


@pytest.mark.parametrize("timestamp", [None, -1.0, math.nan, math.inf, 1e12, 1e300])
def test_entries_without_a_usable_time_go_to_the_fallback_day(raw: RawShards, timestamp: float | None) -> None:
    raw.append([_entry("ls", timestamp)], NOON)
    (entry,) = raw.read("2026-11-22")
    assert entry.command == "ls"
    assert repr(entry.timestamp) == repr(timestamp), "the entry itself must not be given a time"


@given(batches=st.lists(st.lists(entries.map(Redacted), max_size=5), max_size=3))
@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_entry_comes_back(raw: RawShards, batches: list[list[Redacted]]) -> None:
    for day in raw.days():
        raw.replace(day, [])
    numbers = itertools.count()
    batches = [[Redacted(replace(entry, sequence=next(numbers))) for entry in batch] for batch in batches]
    for batch in batches:
        raw.append(batch, NOON)
    expected = [entry for batch in batches for entry in batch]
    assert sorted(map(repr, raw.read_all())) == sorted(map(repr, expected))


def test_many_entries_are_cut_into_blocks(raw: RawShards, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "RECORDS_PER_BLOCK", 3)
    raw.append([_entry(str(n)) for n in range(10)], NOON)
    assert [e.command for e in raw.read("2026-11-22")] == [str(n) for n in range(10)]


def test_replacing_a_day_forgets_and_goes_on(raw: RawShards, tmp_path: Path) -> None:
    raw.append([_entry("keep"), _entry("forget")], NOON)
    raw.replace("2026-11-22", [_entry("keep")])
    raw.append([_entry("more")], NOON)
    assert [e.command for e in raw.read_all()] == ["keep", "more"]
    raw.replace("2026-11-22", [])
    assert raw.days() == []
    assert list((tmp_path / "raw").iterdir()) == []


def _recorded(sequence: int, exit_code: int | None = None, session: str = "zsh-1") -> Redacted:
    return Redacted(
        CommandEntry(f"c{sequence}", timestamp=NOON, exit_code=exit_code, session=session, sequence=sequence)
    )


def test_a_completed_entry_stands_once_at_the_place_of_the_first(raw: RawShards) -> None:
    raw.append([_recorded(0), _recorded(1), _recorded(0, session="zsh-2")], NOON)
    raw.append_days({"2026-11-22": [_recorded(2), _recorded(0, 7)]})
    found = [(e.session, e.sequence, e.exit_code) for e in raw.read_all()]
    assert found == [("zsh-1", 0, 7), ("zsh-1", 1, None), ("zsh-2", 0, None), ("zsh-1", 2, None)]
    raw.replace("2026-11-22", [Redacted(entry) for entry in raw.read("2026-11-22")])
    assert [(e.session, e.sequence, e.exit_code) for e in raw.read_all()] == found


def test_entries_without_a_session_are_never_taken_for_one(raw: RawShards) -> None:
    raw.append([_entry("a"), _entry("b"), _recorded(0), _entry("c")], NOON)
    assert [e.command for e in raw.read_all()] == ["a", "b", "c0", "c"]


def test_wanted_entries_are_found_with_their_day(raw: RawShards) -> None:
    later = Redacted(replace(_recorded(1), timestamp=NOON + DAY))
    raw.append([_recorded(0), _recorded(0, session="zsh-2"), later], NOON)
    raw.append([_recorded(0, 3)], NOON)
    found = raw.find({"2026-11-22", "2026-11-23", "2026-11-24"}, {("zsh-1", 0), ("zsh-1", 1), ("zsh-1", 2)})
    assert found == {("zsh-1", 0): ("2026-11-22", _recorded(0, 3)), ("zsh-1", 1): ("2026-11-23", later)}
    assert raw.find({"2026-11-23"}, {("zsh-2", 0)}) == {}


@pytest.mark.parametrize("zone", ["UTC", "UTC+12", "UTC-14", "UTC-5:30"])
@given(timestamp=st.floats(0, 4e9) | st.none())
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_local_day_is_one_of_the_days_near(
    timestamp: float | None, zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    assert day_of(timestamp, NOON) in days_near(timestamp, NOON)
    assert len(days_near(timestamp, NOON)) <= 3


def test_other_files_in_the_directory_are_passed_over(raw: RawShards, tmp_path: Path) -> None:
    raw.append([_entry("ls")], NOON)
    for name in (
        ".commands_2026-11-23.bin.tmp",
        "commands_2026-11-23.bin.bak",
        "commands_2026-11-23.bin.bin",
    ):
        (tmp_path / "raw" / name).write_bytes(b"x")
    assert raw.days() == ["2026-11-22"]


def test_a_day_under_the_name_of_another_is_refused(raw: RawShards, tmp_path: Path) -> None:
    raw.append([_entry("ls")], NOON)
    (tmp_path / "raw" / "commands_2026-11-22.bin").rename(tmp_path / "raw" / "commands_2026-11-23.bin")
    with pytest.raises(DamagedFileError, match=r"commands_2026-11-23\.bin"):
        raw.read("2026-11-23")


def test_a_missing_day_is_named(raw: RawShards) -> None:
    with pytest.raises(StorageError, match="commands_2026-11-22"):
        raw.read("2026-11-22")


def _run(session: str, timestamp: float | None = NOON) -> TokenRun:
    return TokenRun(session, timestamp, 2, False, True, b"\1\0\2\0", b"\0\0\0\x3c")


def test_runs_come_back_by_month(tokens: TokenShards, tmp_path: Path) -> None:
    runs = [_run("dec", NOON + 30 * DAY), _run("nov"), _run("none", None), _run("dec2", NOON + 30 * DAY)]
    tokens.replace_all(iter(runs), "v1")
    assert tokens.months() == [UNDATED, "2026-11", "2026-12"]
    assert tokens.read_all("v1") == [runs[2], runs[1], runs[0], runs[3]]
    assert (tmp_path / "processed" / "tokenized_2026-11.bin").exists()


def test_months_without_runs_disappear(tokens: TokenShards) -> None:
    tokens.replace_all([_run("nov"), _run("dec", NOON + 30 * DAY)], "v1")
    tokens.replace_all([_run("dec", NOON + 30 * DAY)], "v2")
    assert tokens.months() == ["2026-12"]
    assert [run.session for run in tokens.read_all("v2")] == ["dec"]
    tokens.replace_all([], "v2")
    assert tokens.months() == []
    assert tokens.read_all("v2") == []


def test_shards_of_another_tokenizer_are_refused(tokens: TokenShards) -> None:
    tokens.replace_all([_run("nov")], "v1")
    with pytest.raises(StorageError, match=r"processed were made by another tokenizer than v2: run"):
        tokens.read_all("v2")


def test_months_of_two_nights_are_never_read_together(tokens: TokenShards, tmp_path: Path) -> None:
    both = [_run("nov"), _run("dec", NOON + 30 * DAY)]
    path = tmp_path / "processed" / "tokenized_2026-11.bin"
    tokens.replace_all(both, "v1")
    old = path.read_bytes()
    tokens.replace_all(both, "v1")
    new = path.read_bytes()
    path.write_bytes(old)
    with pytest.raises(StorageError, match="processed were not all written together"):
        tokens.read_all("v1")
    path.unlink()
    with pytest.raises(StorageError, match="processed were not all written together"):
        tokens.read_all("v1")
    path.write_bytes(new)
    assert tokens.read_all("v1") == both


def test_months_under_each_others_names_are_refused(tokens: TokenShards, tmp_path: Path) -> None:
    tokens.replace_all([_run("nov"), _run("dec", NOON + 30 * DAY)], "v1")
    november, december = (tmp_path / "processed" / f"tokenized_2026-{month}.bin" for month in (11, 12))
    november.rename(tmp_path / "aside")
    december.rename(november)
    (tmp_path / "aside").rename(december)
    with pytest.raises(DamagedFileError, match=r"tokenized_2026-11\.bin is another file under this name"):
        tokens.read_all("v1")


def test_a_cut_month_is_damaged(tokens: TokenShards, tmp_path: Path) -> None:
    tokens.replace_all([_run("nov")], "v1")
    path = tmp_path / "processed" / "tokenized_2026-11.bin"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DamagedFileError, match=r"tokenized_2026-11\.bin"):
        tokens.read_all("v1")
