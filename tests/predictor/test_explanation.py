"""predictor/explanation.py: the facts behind a suggestion are those of the history."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest

from delta_learn.entry import CommandEntry
from delta_learn.predictor.context import Context
from delta_learn.predictor.contexts import Timeline
from delta_learn.predictor.explanation import Explanation, Use, explanation
from delta_learn.predictor.suggest import Predictor

WEEK = [
    ("git commit", "/srv", 0),
    ("git push", "/srv", 1),
    ("make test", "/srv", 2),
    ("git push", "/srv", 0),
    ("cd docs", "/srv", 0),
    ("git commit", "/srv/docs", 0),
    ("git push", "/srv/docs", 0),
    ("git commit", "/srv/docs", 0),
]


def typed(rows: Sequence[tuple[str, str, int]] = WEEK) -> list[CommandEntry]:
    return [CommandEntry(c, d, 1e9 + i, e, session="s", sequence=i) for i, (c, d, e) in enumerate(rows)]


def taught(when: str, then: str) -> list[CommandEntry]:
    return [CommandEntry(c, session=f"taught-{then}", sequence=i, source="taught") for i, c in enumerate((when, then))]


def explained(text: str, entries: Sequence[CommandEntry] | None = None, prefix: str = "", **how: bool) -> Explanation:
    entries = typed() if entries is None else entries
    timeline = Timeline()
    for entry in entries:
        timeline.prompt_of(entry)
        timeline.follow(entry)
    context = timeline.context("s", "/srv/docs", 1e9 + 100)
    return explanation(Predictor.from_entries(entries), text, context, prefix, **how)


def test_earlier_uses_are_counted_and_the_newest_of_those_that_fit_come_first() -> None:
    found = explained("git push")
    assert (found.after, found.directory) == ("git commit", "/srv/docs")
    assert (found.uses, found.after_same, found.same_directory) == (3, 2, 1)
    assert (found.ended, found.failures) == (3, 1)
    assert found.examples == (
        Use(1e9 + 6, "/srv/docs", "git commit", failed=False),
        Use(1e9 + 1, "/srv", "git commit", failed=True),
        Use(1e9 + 3, "/srv", "make test", failed=False),
    )
    assert found.alike == ()


def test_what_was_first_or_last_of_its_shell() -> None:
    entries = typed()
    first = CommandEntry("git push", "/srv", 1e9 + 50, session="other")
    (use, *_) = explained("git push", [*entries, first]).examples[2:]
    assert use == Use(1e9 + 50, "/srv", "", failed=None)


def test_the_shares_of_the_experts_are_all_of_it() -> None:
    shares = explained("git push").shares
    assert set(shares) == {"history", "ngram"}
    assert sum(shares.values()) == pytest.approx(1, abs=1e-3)
    assert list(shares.values()) == sorted(shares.values(), reverse=True)
    assert explained("git p", prefix="git", whole=False).shares == {}


def test_a_line_never_typed_is_explained_by_those_with_its_words() -> None:
    found = explained("git push docs")
    assert (found.uses, found.examples, found.ended) == (0, (), 0)
    assert found.alike[0] == "git push"
    assert set(found.shares) == {"ngram"}
    assert explained("zzz").alike == ()


def test_a_lesson_is_no_use() -> None:
    entries = [*typed(), *taught("git commit", "git pull")]
    found = explained("git pull", entries)
    assert (found.taught, found.uses) == (True, 0)
    assert not explained("git push", entries).taught


def test_a_meaning_is_said() -> None:
    entries = [*typed(), *taught("# send it", "git push")]
    found = explained("git push", entries, prefix="# send")
    assert (found.meanings, found.shares) == (("send it",), {})


def test_a_correction_and_a_place_that_was_made() -> None:
    wrong = CommandEntry("gti push", "/srv/docs", 1e9 + 20, 127, session="s", sequence=20)
    assert explained("git push", [*typed(WEEK * 3), replace(wrong, sequence=90)]).corrects
    made = CommandEntry("mkdir site", "/srv/docs", 1e9 + 20, 0, session="s", sequence=20)
    assert explained("cd site", [*typed(), made]).enters
    found = explained("git push")
    assert not found.corrects
    assert not found.enters


def test_what_was_said_of_it_counts() -> None:
    about = {"DELTA_SUGGESTION": "git push", "DELTA_SUGGESTION_AFTER": "git commit"}
    said = CommandEntry("unhelpful", timestamp=1e9 + 30, environment=about, session="feedback", source="feedback")
    assert explained("git push").judged == 1
    assert explained("git push", [*typed(), said]).judged == pytest.approx(1 / 40)


def test_it_fits_in_a_message() -> None:
    long = "é" * 2000
    entries = [CommandEntry(long, f"/{long}", 1e9 + i, 0, session="s", sequence=i) for i in range(20)]
    found = explained(long, entries)
    assert len(json.dumps(found.to_json())) < 50_000
    assert found.examples[0].after.endswith("…")


def test_nothing_is_known_of_nothing() -> None:
    found = explanation(Predictor(), "ls", Context())
    assert (found.uses, found.examples, found.after) == (0, (), "")
