"""predictor/composer.py: whole lines, with P(line) as the product over their tokens."""

from __future__ import annotations

import math
import random
import tracemalloc
from collections.abc import Collection, Sequence
from itertools import pairwise
from typing import Any

import msgpack
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from delta_learn.entry import CommandEntry
from delta_learn.predictor.composer import Composer
from delta_learn.predictor.context import Context
from delta_learn.predictor.lexer import END, tokens
from delta_learn.predictor.memory import TokenMemory
from delta_learn.predictor.nexttoken import SOURCES, NextToken
from delta_learn.predictor.place import Place

FILES = ("main.c", "parser.c", "notes.md", "Makefile", "src/lexer.c")


def entry(command: str, **values: Any) -> CommandEntry:
    return CommandEntry(command, session="s", **values)


def prompt(*before: str) -> Context:
    return Context(tuple(map(entry, before)), directory="/x", session="s")


def observed(lines: Sequence[str], sources: Collection[str] = SOURCES, composer: Composer | None = None) -> Composer:
    """What a composer knows after one session with these lines."""
    composer = composer or Composer(sources)
    for number, line in enumerate(lines):
        composer.observe(entry(line), prompt(*lines[max(0, number - 5) : number]))
    return composer


def sessions_with_git(count: int) -> list[str]:
    """Files are edited, added and committed, each time another one."""
    rng = random.Random(5)
    lines = []
    for number in range(count):
        name = rng.choice(FILES)
        lines += [
            f"vim {name}",
            f"git add {name}",
            f"git commit -m fix{number}",
            rng.choice(["ls", "make", "git push"]),
        ]
    return lines


HISTORY = sessions_with_git(12)
TYPED = st.lists(st.sampled_from([*HISTORY, "git add -A", "cd src/", "caf\udce9 -x"]), min_size=1, max_size=10)
PREFIXES = st.sampled_from(
    ["", "g", "git", "git ", "git a", "git add ", "git add m", "vim src/", "x", "ls", "git commit -m"]
)


def test_the_probability_of_a_line_is_the_product_over_its_tokens_and_its_end() -> None:
    """Nothing is learned here, so that the same can be asked token by token."""
    composer, memory = Composer(), TokenMemory()
    for line in HISTORY:
        composer.observe(entry(line), Context(directory="/x"), learn=False)
        memory.record(tokens(line), memory.prompt(Context(directory="/x")))
        memory.follow(line, Context(directory="/x"))
    following = NextToken(memory)
    lines = ["git add main.c", "git push", "git add brand-new.txt", "", "make -j8"]
    expected = []
    for line in lines:
        total, place = 0.0, Place()
        for token in (*tokens(line), END):
            total += math.log(
                following.probability(following.choice(place, memory.prompt(Context(directory="/x"))), token)
            )
            place = place.after(token)
        expected.append(total)
    scores = composer.log_probabilities(lines, Context(directory="/x"))
    assert scores == pytest.approx(np.array(expected), rel=1e-9)


@given(TYPED, PREFIXES)
@settings(max_examples=40)
def test_a_beginning_is_at_least_as_probable_as_the_lines_that_begin_so(lines: list[str], prefix: str) -> None:
    composer = observed(lines)
    here = prompt(*lines[-5:])
    fitting = [line for line in {*lines, *HISTORY, prefix, f"{prefix}xyz", f"{prefix} -q"} if line.startswith(prefix)]
    mass = composer.log_prefix(prefix, here)
    assert np.logaddexp.reduce(composer.log_probabilities(fitting, here)) <= mass + 1e-6
    for end in range(len(prefix)):
        assert mass <= composer.log_prefix(prefix[:end], here) + 1e-6


def test_the_beginning_of_every_line_is_certain() -> None:
    assert observed(HISTORY).log_prefix("", prompt()) == 0
    assert observed([]).log_prefix("", prompt()) == 0


def test_a_beginning_sums_over_what_may_follow() -> None:
    """The letters of the next word, and that there is none."""
    composer = observed(HISTORY)
    here = prompt(*HISTORY[-3:])
    whole = math.exp(composer.log_prefix("git ", here))
    words = {token for line in HISTORY for token in tokens(line)}
    letters = {word[0] for word in words} | set("qxyzj0123456789")
    longer = math.fsum(math.exp(composer.log_prefix(f"git {letter}", here)) for letter in letters)
    end = math.exp(composer.log_probabilities(["git "], here)[0])
    assert 0.9 * whole < longer + end <= whole * (1 + 1e-6)


def test_a_habit_is_composed_with_a_changed_argument() -> None:
    """No line is ever repeated here; its parts are, in this order."""
    names = [f"{first}{second}le" for first in "pqrs" for second in "aeio"]
    lines = [f"{command} {name}.py" for name in names for command in ("vim", "git add", "git commit")]
    composer = observed([*lines, "vim beam.py", "git add beam.py"])
    here = prompt(*lines[-2:], "vim beam.py", "git add beam.py")
    composed = dict(composer.propose("git c", here, 4))
    assert "git commit beam.py" in composed
    others = [f"git commit {name}.py" for name in (*names[:-1], "never")]
    assert composed["git commit beam.py"] > composer.log_probabilities(others, here).max()
    before = observed([*lines, "vim beam.py"])
    edited = prompt(*lines[-3:], "vim beam.py")
    assert "git add beam.py" in dict(before.propose("git add ", edited, 4))
    assert before.log_probabilities(["git commit beam.py"], edited)[0] < composed["git commit beam.py"]


def test_what_is_likely_depends_on_the_command_before() -> None:
    composer = observed(HISTORY)
    after_edit, after_add = (
        composer.log_probabilities(["git add main.c", "git commit -m fix3"], prompt("ls", before)).tolist()
        for before in ("vim main.c", "git add main.c")
    )
    assert after_edit[0] > after_edit[1] + 1
    assert after_add[1] > after_edit[1] + 1


def test_an_argument_of_the_last_line_is_copied() -> None:
    lines = [*HISTORY, "vim tests/brandnew.c"]
    composer = observed(lines)
    here = prompt(*lines[-5:])
    composer.beginnings("zip ", here)
    assert composer.copied("zip ", "zip brandnew.c", here)
    assert not composer.copied("zip ", "zip tests/brandnew.c", here)  # it stood after a space as well
    assert not composer.copied("zip ", "zip neverseen", here)
    assert not composer.copied("git ", "git add tests/brandnew.c", here)  # `add` is the word that is added first
    composer.beginnings("git add ", here)
    assert not composer.copied("git add ", "git add main.c", here)
    assert not composer.copied("", "tests", here)  # no argument
    only = observed(lines, ["copy"])
    only.beginnings("zip ", here)
    assert only.copied("zip ", "zip brandnew", here)


@given(TYPED, PREFIXES)
@settings(max_examples=40)
def test_proposals_are_longer_lines_best_first_with_their_probability(lines: list[str], prefix: str) -> None:
    composer = observed(lines)
    here = prompt(*lines[-5:])
    found = composer.propose(prefix, here, 4)
    assert len(found) <= 4
    assert all(line.startswith(prefix) and line != prefix for line, _ in found)
    values = [score for _, score in found]
    assert values == sorted(values, reverse=True)
    assert all(score <= composer.log_prefix(prefix, here) + 1e-6 for score in values)


def test_what_is_typed_already_is_not_proposed() -> None:
    composer = observed(["ls", "ls -l"] * 5)
    found = [line for line, _ in composer.propose("ls", prompt("ls"), 9)]
    assert "ls -l" in found
    assert "ls" not in found


def test_the_score_of_a_proposal_is_that_of_its_line() -> None:
    """But for what the line's tokens have as tokens that are not similar, which the search leaves out."""
    composer = observed(HISTORY)
    here = prompt(*HISTORY[-5:])
    found = composer.propose("git ", here, 3)
    assert len(found) == 3
    lines = [line for line, _ in found]
    scores = [score for _, score in found]
    exact = composer.log_probabilities(lines, here)
    assert (exact >= scores).all()
    assert exact == pytest.approx(np.array(scores), abs=0.05)
    assert composer.log_probabilities(lines, here, among="git ").tolist() == scores


def test_lines_that_the_search_did_not_find_are_left_out() -> None:
    composer = observed(HISTORY)
    here = prompt(*HISTORY[-5:])
    found = dict(composer.propose("git add", here, 9))
    lines = [*found, "unheard of", "git add neverseen"]
    scores = composer.log_probabilities(lines, here, among="git add")
    assert scores.tolist() == [*found.values(), -np.inf, -np.inf]
    assert np.isfinite(composer.log_probabilities(lines, here)).all()
    assert np.isinf(composer.log_probabilities(list(found), here, among="vim ")).all()


def test_a_keystroke_changes_nothing_and_a_command_does() -> None:
    composer = observed(HISTORY)
    here = prompt(*HISTORY[-5:])
    before = composer.to_record()
    lines = [composer.propose(prefix, here, 4) for prefix in ("", "g", "git", "git ", "g")]
    assert lines[1] == lines[4]
    assert composer.to_record() == before
    composer.observe(entry("gawk -f new.awk"), here)
    assert composer.propose("ga", here, 4)[0][0] == "gawk -f new.awk"


def test_synthetic_entries_change_nothing() -> None:
    composer = observed(HISTORY)
    before = composer.to_record()
    composer.observe(entry("made up", source="synthetic"), prompt())
    assert composer.to_record() == before


@pytest.mark.parametrize("source", ["typed", "imported", "taught"])
def test_what_a_person_typed_or_taught_is_remembered(source: str) -> None:
    composer = observed(HISTORY)
    composer.observe(CommandEntry("xyzzy --plugh", source=source), prompt())  # type: ignore[arg-type]
    assert composer.propose("xy", prompt(), 1)[0][0] == "xyzzy --plugh"


def test_remembering_learns_no_weights() -> None:
    learned, remembered = Composer(), Composer()
    for line in HISTORY:
        learned.observe(entry(line), prompt())
        remembered.observe(entry(line), prompt(), learn=False)
    assert remembered.to_record()["next"] == Composer().to_record()["next"] != learned.to_record()["next"]
    assert remembered.to_record()["memory"] == learned.to_record()["memory"]


def likes_pair(isolated: bool) -> float:
    """How much more probable `beta` is after `alpha` than after `gamma`, where it came after `alpha` only."""
    composer = Composer()
    here = Context(session="s")
    for line in ("gamma", "delta", "alpha", "beta") * 6:
        composer.observe(entry(line, isolated=isolated), here)
    alpha, gamma = (composer.log_probabilities(["beta"], prompt(line))[0] for line in ("alpha", "gamma"))
    return float(alpha - gamma)


def test_isolated_entries_teach_the_line_but_not_the_order() -> None:
    assert likes_pair(isolated=False) > 1
    assert likes_pair(isolated=True) == pytest.approx(0, abs=0.05)
    composer = Composer()
    composer.observe(entry("alpha --long", isolated=True), Context())
    assert composer.propose("al", Context(), 1)[0][0] == "alpha --long"


def test_an_isolated_entry_does_not_follow_what_was_typed_elsewhere() -> None:
    memory = TokenMemory.of_documentation(["ls"])
    composer = Composer(memory=memory)
    composer.observe(entry("alpha"), Context(session="s"))
    composer.observe(CommandEntry("beta", session="t", isolated=True), Context(session="t"))
    event = memory.events_at(memory.lexicon.newest[[memory.lexicon.names.find("beta")]].astype(np.int64))
    same = memory.same_prompt(event, memory.prompt(prompt("alpha")))
    assert not same[0].any()


def test_documentation_is_known_before_anything_is_typed() -> None:
    manual = TokenMemory.of_documentation(["tar -xzf archive.tgz", "tar -tf archive.tgz", "ls -l"])
    composer = Composer(memory=manual)
    assert composer.propose("tar -x", Context(), 1)[0][0] == "tar -xzf archive.tgz"
    assert Composer().propose("tar -x", Context(), 1) == []
    lines = ["tar -xzf archive.tgz", "zyx -xzf archive.tgz"]
    read, nothing = (each.log_probabilities(lines, Context()) for each in (composer, Composer()))
    assert read[0] > read[1] + 1
    assert read[0] > nothing[0] + 5


def test_what_was_typed_counts_more_than_documentation() -> None:
    manual = TokenMemory.of_documentation(["tar -tf archive.tgz"] + ["tar -xzf archive.tgz"] * 3)
    composer = Composer(memory=manual)
    assert composer.propose("tar ", Context(), 1)[0][0] == "tar -xzf archive.tgz"
    for _ in range(3):
        composer.observe(entry("tar -cf backup.tar home"), prompt())
    assert composer.propose("tar ", prompt(), 1)[0][0] == "tar -cf backup.tar home"


@pytest.mark.parametrize("sources", [SOURCES, ("ngram",), ("copy",)])
def test_it_is_the_same_after_saving(sources: tuple[str, ...]) -> None:
    composer = observed([*HISTORY, "caf\udce9 -x"], sources)
    packed = msgpack.packb(composer.to_record(), unicode_errors="surrogateescape")
    again = Composer.from_record(msgpack.unpackb(packed, unicode_errors="surrogateescape"), sources)
    assert (again.sources, again.name) == (composer.sources, composer.name)
    for line in ("git push", "vim main.c"):
        for each in (composer, again):
            each.observe(entry(line), prompt("ls"))
    here = prompt("git push", "vim main.c")
    for prefix in ("", "g", "git add ", "caf"):
        assert again.beginnings(prefix, here) == composer.beginnings(prefix, here)
        assert again.log_prefix(prefix, here) == composer.log_prefix(prefix, here)
    assert again.to_record() == composer.to_record()


def test_a_record_of_another_version_is_refused() -> None:
    record = observed(HISTORY).to_record()
    for name in record:
        with pytest.raises(KeyError):
            Composer.from_record({key: value for key, value in record.items() if key != name})


def test_names_of_the_expert() -> None:
    assert [Composer(sources).name for sources in (SOURCES, ["ngram"], ["copy"])] == ["ngram", "ngram", "copy"]


LONG = " ".join(f"word{number}" for number in range(5000))
"""A line of 9,999 tokens."""


class Counting(TokenMemory):
    """Counts the places that are looked at."""

    places = 0

    def similar(self, place: Place) -> set[int]:
        self.places += 1
        return super().similar(place)


def test_of_a_very_long_line_the_rest_is_neither_learned_nor_looked_up() -> None:
    memory = Counting.of_documentation(["ls"])
    assert isinstance(memory, Counting)
    composer = Composer(memory=memory)
    composer.observe(entry(LONG), prompt())
    assert len(memory) < 300
    assert np.isfinite(composer.log_probabilities([LONG], prompt(LONG))).all()
    assert memory.places < 600
    scores = composer.log_probabilities([LONG, LONG[: len(LONG) // 2]], prompt("ls"))
    assert scores[0] < scores[1] < 0


@pytest.mark.parametrize("text", [LONG, "x" * 50_000, "a " * 500, "- " * 3000])
def test_a_very_long_line_can_be_typed(text: str) -> None:
    composer = observed(["ls", "git status", text])
    here = prompt("ls")
    tracemalloc.start()
    assert all(each.text.startswith(text) for each in composer.beginnings(text, here))
    assert all(line.startswith(text) for line, _ in composer.propose(text, here, 3))
    assert math.isfinite(composer.log_prefix(text, here))
    assert not composer.copied(text, f"{text} x", here)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 50e6  # quadratic in the tokens it would be hundreds of MB


@pytest.mark.parametrize("text", [LONG, "./" + "x" * 3000, "a " * 1500])
def test_a_longer_beginning_is_never_more_probable(text: str) -> None:
    """Through all limits to what is learned and looked up."""
    composer = observed(["ls", "git status"])
    here = prompt("ls")
    masses = [composer.log_prefix(text[:end], here) for end in (*range(0, 420, 7), *range(1990, 2011), 2500)]
    assert all(longer <= shorter + 1e-9 for shorter, longer in pairwise(masses))
    for end in (10, 399, 1999, 2000, 2001, 2500):
        line = composer.log_probabilities([text[:end]], here)[0]
        assert line <= composer.log_prefix(text[:end], here) + 1e-9


def test_the_first_line_of_all_has_a_probability() -> None:
    assert Composer().log_probabilities(["ls -l"], Context())[0] > -50


def test_words_from_outside_complete_arguments_and_no_programs() -> None:
    composer = observed(["cd src", "ls", "cd tests", "ls"])
    context = Context((entry("ls"),), directory="/x", words=("zebra/lib-two", "crate"), session="s")

    def found(prefix: str) -> list[str]:
        return [each.text for each in composer.beginnings(prefix, context)]

    assert found("cd z")[0].startswith("cd zebra")
    assert any(text.startswith("cd zebra/lib-two") for text in found("cd zebra/l"))
    assert not any(text.startswith("zebra") for text in found("z"))
    assert not any("zebra" in each.text for each in composer.beginnings("cd z", prompt("ls")))
