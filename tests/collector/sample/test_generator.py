"""collector/sample: believable, varied, and the same on every machine."""

from __future__ import annotations

import hashlib
from itertools import pairwise

from delta_learn.collector.redaction.redact import redact
from delta_learn.collector.sample.generator import sample_entries

FIRST_LIFE = "9a343883712c0253"


def test_a_seed_is_a_life() -> None:
    life = sample_entries(2_000, seed=3)
    assert sample_entries(2_000, seed=3) == life
    assert sample_entries(2_000, seed=4) != life
    text = "\n".join(entry.command for entry in life)
    assert hashlib.sha256(text.encode()).hexdigest().startswith(FIRST_LIFE)


def test_it_repeats_about_as_much_as_people_do() -> None:
    seen: set[str] = set()
    follower: dict[str, str] = {}
    repeats = hits = 0
    previous = ""
    for entry in sample_entries():
        repeats += entry.command in seen
        hits += follower.get(previous) == entry.command
        seen.add(entry.command)
        follower[previous] = previous = entry.command
    assert 0.55 < repeats / 10_000 < 0.8
    assert 0.10 < hits / 10_000 < 0.25


def test_sessions_are_in_order_and_know_where_they_are() -> None:
    entries = sample_entries(3_000)
    for before, after in pairwise(entries):
        if before.session == after.session:
            assert after.sequence == before.sequence + 1
            assert (after.timestamp or 0) > (before.timestamp or 0)
        else:
            assert (after.sequence, after.directory) == (0, "~")
    assert len({entry.directory for entry in entries}) > 5


def test_typos_fail_and_are_corrected() -> None:
    entries = sample_entries(5_000)
    slips = [i for i, entry in enumerate(entries[:-1]) if entry.exit_code == 127]
    assert len(slips) > 20
    corrected = [entries[i].command.split()[-1] == entries[i + 1].command.split()[-1] for i in slips]
    assert sum(corrected) > len(slips) / 2


def test_there_is_something_to_redact() -> None:
    assert sum(bool(redact(entry.command).spans) for entry in sample_entries()) >= 10
