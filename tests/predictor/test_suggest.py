import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgpack
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from delta_learn.collector.outcome import EVENTS, Outcome
from delta_learn.entry import CommandEntry
from delta_learn.errors import ModelError
from delta_learn.predictor import suggest as module
from delta_learn.predictor.context import Context
from delta_learn.predictor.contexts import contexts
from delta_learn.predictor.neural import NeuralExpert
from delta_learn.predictor.suggest import MAX_SUGGESTED_CHARS, Predictor
from delta_learn.predictor.suggestion import Suggestion
from delta_learn.tokenizer.tokenizer import Tokenizer

PREFIXES = ("", "g", "git ", "make", "zzz")


def after(*commands: str) -> Context:
    return Context(previous=[CommandEntry(command) for command in commands], session="s")


def answers(predictor: Predictor, context: Context) -> list[list[Suggestion]]:
    return [predictor.suggest(prefix, context) for prefix in PREFIXES]


def commands(suggestions: list[Suggestion]) -> list[str]:
    return [suggestion.command for suggestion in suggestions]


def test_suggestions_begin_with_what_is_typed_best_first(habits: list[CommandEntry]) -> None:
    predictor = Predictor.from_entries(habits)
    assert predictor.suggest("", after("git status"))[0].command == "git add -A"
    for prefix in ("", "g", "git ", "git add -", "e"):
        found = predictor.suggest(prefix, after("ls"), k=4)
        assert 1 <= len(found) <= 4
        assert all(each.command.startswith(prefix) and each.command != prefix for each in found)
        probabilities = [each.probability for each in found]
        assert probabilities == sorted(probabilities, reverse=True)
        assert all(0 <= p <= 1 for p in probabilities)
        assert {each.source for each in found} <= {"history", "ngram", "copy"}
    assert predictor.suggest("git add -A", after("ls")) == []


def test_probabilities_are_right_on_average(habits: list[CommandEntry]) -> None:
    """Calibrated: the sum of the probabilities of the first suggestions is near the number of hits."""
    predictor = Predictor()
    expected, hits, count = {0: 0.0, 2: 0.0}, {0: 0, 2: 0}, 0
    for number, (entry, (_, context)) in enumerate(zip(habits, contexts(habits), strict=True)):
        if number >= 100:
            count += 1
            for typed in (0, 2):
                for best in predictor.suggest(entry.command[:typed], context, k=1):
                    expected[typed] += best.probability
                    hits[typed] += best.command == entry.command
        predictor.observe(entry, context)
    for typed in (0, 2):
        assert abs(expected[typed] - hits[typed]) < 0.1 * count


def test_typing_makes_a_line_more_probable(habits: list[CommandEntry]) -> None:
    predictor = Predictor.from_entries(habits)
    context = after("ls")
    probabilities = [
        next(s.probability for s in predictor.suggest("cat README.md"[:typed], context, 40) if s.command[0] == "c")
        for typed in (1, 2, 3)
    ]
    assert probabilities == sorted(probabilities)


def test_nothing_looks_ahead(habits: list[CommandEntry]) -> None:
    """What comes later, in any order, changes no suggestion."""
    future = habits[150:]
    random.Random(1).shuffle(future)
    shuffled = [
        replace(entry, timestamp=original.timestamp, sequence=original.sequence)
        for entry, original in zip(future, habits[150:], strict=True)
    ]
    seen = []
    for history in (habits, habits[:150] + shuffled):
        predictor = Predictor()
        seen.append([])
        for entry, (_, context) in list(zip(history, contexts(history), strict=True))[:150]:
            seen[-1].append(answers(predictor, context))
            predictor.observe(entry, context)
    assert seen[0] == seen[1]


def learned(predictor: Predictor) -> dict[str, Any]:
    """All its records as one."""
    return {name: part for record in predictor.to_records() for name, part in record.items()}


def test_asking_changes_nothing(habits: list[CommandEntry]) -> None:
    asked, silent = Predictor(), Predictor()
    for entry, (_, context) in zip(habits, contexts(habits), strict=True):
        assert answers(asked, context) == answers(asked, context)
        asked.bits(entry, context)
        asked.observe(entry, context)
        silent.observe(entry, context)
    assert learned(asked) == learned(silent)
    assert answers(asked, after("ls")) == answers(silent, after("ls"))


def test_records_survive_msgpack_and_give_identical_suggestions(habits: list[CommandEntry]) -> None:
    odd = [CommandEntry("caf\udce9"), CommandEntry("tab\there", timestamp=5.0, exit_code=1)]
    predictor = Predictor.from_entries([*habits, *odd])
    data = msgpack.packb(list(predictor.to_records()), unicode_errors="surrogateescape")
    restored = Predictor.from_records(msgpack.unpackb(data, unicode_errors="surrogateescape"))
    for context in (after("ls"), after("git status"), Context(), Context(session="import:test")):
        assert answers(predictor, context) == answers(restored, context)
    entry = CommandEntry("new line")
    for each in (predictor, restored):
        each.observe(entry, after("ls"))
    assert answers(predictor, after("new line")) == answers(restored, after("new line"))


@pytest.mark.parametrize("records", [[], [{}], [{"history": {}, "mixture": {}}], [{}, {}], [None]])
def test_records_of_another_version_are_refused(records: list) -> None:
    with pytest.raises(ModelError, match="rebuild"):
        Predictor.from_records(records)


def test_lines_on_the_never_list_are_not_suggested(habits: list[CommandEntry]) -> None:
    predictor = Predictor.from_entries(habits, never=["git push"])
    assert "git push" not in commands(predictor.suggest("git p", after("git commit -m wip")))
    predictor.never.add("git add -A")
    assert "git add -A" not in commands(predictor.suggest("", after("git status")))
    assert predictor.suggest("", after("git status"), k=3)


def test_lines_that_a_terminal_cannot_show_are_not_suggested() -> None:
    predictor = Predictor()
    for command in ("a\x1b[31m", "a\x00", "a" * (MAX_SUGGESTED_CHARS + 1), "a\x9b", "a\nb", "a\tb"):
        predictor.observe(CommandEntry(command), after("ls"))
    found = commands(predictor.suggest("a", after("ls"), k=10))
    assert {"a\nb", "a\tb"} <= set(found)
    assert all(character.isprintable() or character in "\n\t" for line in found for character in line)
    assert max(map(len, found)) <= MAX_SUGGESTED_CHARS


def test_shown_where_it_saves_keys_on_average() -> None:
    predictor = Predictor()
    for number in range(40):
        predictor.observe(CommandEntry("make all"), after("vim"))
        predictor.observe(CommandEntry("w"), after(f"x{number}"))
    likely = predictor.suggest("", after("vim"))[0]
    assert likely.command == "make all"
    assert likely.probability * 7 > 1 - likely.probability
    assert likely.shown
    for each in predictor.suggest("", after("vim"), k=5):
        gain = each.probability * (len(each.command) - 1) - (1 - each.probability)
        assert each.shown == (gain > 0)
    explorer = Predictor.from_entries([CommandEntry(f"new line {n}") for n in range(50)])
    assert not explorer.suggest("", after("new line 49"))[0].shown
    assert explorer.suggest("n", after("new line 49"))[0].shown
    # Typed text costs nothing to complete, but one character is not worth an accept key.
    assert predictor.suggest("mak", after("nothing like it"))[0].shown
    assert not predictor.suggest("make al", after("vim"))[0].shown


def test_in_a_hurry_no_line_is_composed(habits: list[CommandEntry]) -> None:
    predictor = Predictor(experts=["ngram"])
    for entry in habits:
        predictor.observe(entry, Context())
    slowly = predictor.suggest("gi", Context())
    predictor.hurry(0.0)
    assert predictor.suggest("gi", Context()) == []
    predictor.hurry(None)
    assert predictor.suggest("gi", Context()) == slowly
    assert any(each.whole for each in slowly)


@pytest.mark.parametrize("prefix", ["", "l", "x" * 5000])
def test_an_empty_history_suggests_nothing(prefix: str) -> None:
    predictor = Predictor()
    assert predictor.suggest(prefix, Context()) == []
    assert 8 < (predictor.bits(CommandEntry("ls"), Context()) or 0) < 40
    assert Predictor(experts=["history"]).bits(CommandEntry("ls"), Context()) is None
    restored = Predictor.from_records(predictor.to_records())
    assert restored.suggest(prefix, Context()) == []


def test_of_a_long_history_all_is_remembered_and_the_newest_part_teaches(
    habits: list[CommandEntry], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Predictor.from_entries(habits)
    monkeypatch.setattr("delta_learn.predictor.suggest.LEARNED_ENTRIES", 100)
    part = Predictor.from_entries(habits)
    assert learned(part)["history"]["log"] == learned(whole)["history"]["log"]
    assert learned(part) != learned(whole)
    assert part.suggest("", after("git status"))[0].command == "git add -A"


def test_one_line_is_a_history() -> None:
    predictor = Predictor.from_entries([CommandEntry("ls -la")])
    assert commands(predictor.suggest("", Context()))[0] == "ls -la"
    assert commands(predictor.suggest("l", after("ls -la")))[0] == "ls -la"


def test_a_megabyte_on_a_line_does_no_harm(habits: list[CommandEntry]) -> None:
    huge = CommandEntry("echo " + "x y" * 350_000)
    predictor = Predictor.from_entries([*habits, huge, *habits[:20]])
    assert predictor.suggest("", Context(previous=[huge]))[0].command != huge.command
    assert predictor.suggest(huge.command[:-1], after("ls")) == []


entries = st.builds(
    CommandEntry,
    command=st.text(max_size=12),
    directory=st.none() | st.text(max_size=5),
    timestamp=st.none() | st.sampled_from([0.0, 5.0, 1e9, -1e9, 2e9]),
    exit_code=st.none() | st.sampled_from([0, 1, 127, 130]),
    session=st.sampled_from(["a", "b", "import:c"]),
    source=st.sampled_from(["typed", "imported", "taught", "feedback"]),
    isolated=st.booleans(),
)


@given(st.lists(entries, max_size=30), st.text(max_size=2))
@settings(max_examples=60, deadline=None)
def test_any_history_is_taken(history: list[CommandEntry], prefix: str) -> None:
    """Equal and unknown times, a clock that goes back, empty and odd lines, sessions in any order."""
    predictor = Predictor()
    for entry, (_, context) in zip(history, contexts(history), strict=True):
        for suggestion in predictor.suggest(prefix, context):
            assert 0 <= suggestion.probability <= 1
            assert suggestion.command.startswith(prefix)
        predictor.observe(entry, context)
    restored = Predictor.from_records(predictor.to_records())
    assert restored.suggest(prefix, Context()) == predictor.suggest(prefix, Context())


LINES = {"git status": 5, "git stash pop": 3, "docker compose up": 4}


@pytest.fixture
def neural(tokenizer: Tokenizer, memory_model: Callable) -> NeuralExpert:
    return NeuralExpert(memory_model(LINES), tokenizer)


def test_the_model_adds_lines_never_typed(habits: list[CommandEntry], neural: NeuralExpert) -> None:
    predictor = Predictor.from_entries(habits, neural=neural)
    best = predictor.suggest("doc", after("ls"))[0]
    assert (best.command, best.source) == ("docker compose up", "neural")
    assert best.probability > 0.5
    assert predictor.suggest("", after("git status"))[0].source == "history"
    assert "git stash pop" not in commands(predictor.suggest("git s", after("ls"), k=10))  # others know something


def test_bits_are_those_of_a_distribution_over_all_lines(habits: list[CommandEntry], neural: NeuralExpert) -> None:
    predictor = Predictor.from_entries(habits, neural=neural)
    context = after("git status")
    known = predictor.bits(CommandEntry("git add -A"), context)
    new = predictor.bits(CommandEntry("docker compose up"), context)
    assert known is not None
    assert new is not None
    assert 0 < known < new < 40
    lines = [*{entry.command for entry in habits}, *LINES]
    bits = [predictor.bits(CommandEntry(line), context) for line in set(lines)]
    assert sum(2.0**-b for b in bits if b is not None) <= 1.001
    assert (predictor.bits(CommandEntry("x" * 100_000), context) or 0) > 100_000


def test_the_weight_of_the_model_follows_what_is_executed(habits: list[CommandEntry], neural: NeuralExpert) -> None:
    def weight(predictor: Predictor) -> float:
        return learned(predictor)["mixture"]["neural"]

    useful, useless = (Predictor.from_entries(habits, neural=neural) for _ in range(2))
    before = weight(useful)
    useful.observe(CommandEntry("docker compose up"), after("ls"))
    useless.observe(CommandEntry("make test"), after("vim src/main.c"))
    assert weight(useful) > before > weight(useless)
    restored = Predictor.from_records(useful.to_records(), neural=neural)
    assert weight(restored) == weight(useful)


def test_taught_and_isolated_entries_do_not_move_the_weights(habits: list[CommandEntry], neural: NeuralExpert) -> None:
    predictor = Predictor.from_entries(habits, neural=neural)
    before = learned(predictor)["mixture"]
    predictor.observe(CommandEntry("git stash pop", source="taught"), after("ls"))
    predictor.observe(CommandEntry("git stash pop", isolated=True), after("ls"))
    assert learned(predictor)["mixture"] == before


def test_probabilities_stay_within_one_with_a_model(habits: list[CommandEntry], neural: NeuralExpert) -> None:
    predictor = Predictor.from_entries(habits, neural=neural)
    for prefix in ("", "g", "git", "git ", "git s", "git sta", "d", "docker c", "make t", "q"):
        total = sum(each.probability for each in predictor.suggest(prefix, after("ls"), k=100))
        assert total <= 1 + 1e-9
        assert np.isfinite(total)


def test_what_was_unhelpful_is_not_first_there_however_sure_it_was() -> None:
    entries = [CommandEntry(["make", "./run"][i % 2], "/srv", 1e9 + i, 0, session="s", sequence=i) for i in range(401)]
    predictor = Predictor.from_entries(entries)
    prompt, other = Context(entries[-2:], "/srv", session="s"), Context(entries[-3:-1], "/srv", session="s")
    assert predictor.suggest("", prompt, 1)[0].probability > 0.95
    about = {"DELTA_SUGGESTION": "./run", "DELTA_SUGGESTION_AFTER": "make"}
    predictor.observe(CommandEntry("unhelpful", environment=about, source="feedback"), other)
    found = [each.command for each in predictor.suggest("", prompt, 5)]
    assert found.index("./run") == len(found) - 1
    assert predictor.suggest("", other, 1)[0].command == "make"
    assert predictor.suggest("./", prompt, 1)[0].command == "./run", "typing asks for it"


def test_what_became_of_suggestions_changes_no_prediction(habits: list[CommandEntry]) -> None:
    predictor, plain = Predictor.from_entries(habits), Predictor.from_entries(habits)
    context = Context(previous=habits[-2:], session=habits[-1].session)
    first = plain.suggest("", context, 1)[0].command
    for event in EVENTS:
        outcome = Outcome(1, 1e9, event, first, 0, 0, 0.5, "history", "")
        predictor.observe(outcome.to_entry(habits[-1], habits[-1].command), Context())
    assert predictor.suggest("", context, 5) == plain.suggest("", context, 5)


def test_feedback_does_not_push_commands_out_of_what_weights_are_learned_from(
    habits: list[CommandEntry], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LEARNED_ENTRIES", 100)
    said = [CommandEntry("more", timestamp=2e9 + i, session="feedback", source="feedback") for i in range(150)]
    context = Context(previous=habits[-2:], session=habits[-1].session)
    with_feedback, plain = Predictor.from_entries([*habits[:50], *said, *habits[50:]]), Predictor.from_entries(habits)
    assert with_feedback.suggest("", context, 5) == plain.suggest("", context, 5)


def test_a_taught_pair_comes_first_where_it_fits_and_nowhere_else(habits: list[CommandEntry]) -> None:
    lesson = [
        CommandEntry(command, session="taught-1", sequence=number, source="taught")
        for number, command in enumerate(["git commit -m wip", "git pull --rebase"])
    ]
    predictor = Predictor.from_entries([*habits, *lesson])
    after = Context(previous=(CommandEntry("git commit -m wip"),), session="new")
    assert predictor.suggest("", after, 1)[0].command == "git pull --rebase"
    assert predictor.suggest("git p", after, 1)[0].command == "git pull --rebase"
    before = Context(previous=(CommandEntry("git add -A"),), session="new")
    assert predictor.suggest("", before, 1)[0].command == "git commit -m wip"
    again = Predictor.from_records(predictor.to_records())
    assert again.suggest("", after, 3) == predictor.suggest("", after, 3)
