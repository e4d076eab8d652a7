import random
from dataclasses import replace

import numpy as np
import pytest

from delta_learn.entry import CommandEntry
from delta_learn.predictor.context import Context
from delta_learn.predictor.contexts import contexts
from delta_learn.predictor.history import HistoryRanker


def after(*commands: str) -> Context:
    return Context(previous=[CommandEntry(command) for command in commands], session="s")


def trained(entries: list[CommandEntry]) -> HistoryRanker:
    ranker = HistoryRanker()
    for entry, (_, context) in zip(entries, contexts(entries), strict=True):
        ranker.observe(entry, context)
    return ranker


def best(ranker: HistoryRanker, context: Context, prefix: str = "") -> str:
    return ranker.propose(prefix, context, 1)[0][0]


def test_habits_are_learned(habits: list[CommandEntry]) -> None:
    ranker = trained(habits)
    assert best(ranker, after("git status")) == "git add -A"
    assert best(ranker, after("git status", "git add -A")) == "git commit -m wip"
    assert best(ranker, after("cd project")) == "ls -la"
    assert best(ranker, after("make test", "vim src/main.c")) == "make test"


def test_learning_beats_the_weights_it_began_with(habits: list[CommandEntry]) -> None:
    """The online weights pay: -ln P of the second half, learned against never learned."""
    losses = {}
    for learning in (True, False):
        ranker = HistoryRanker()
        loss = 0.0
        for number, (entry, (_, context)) in enumerate(zip(habits, contexts(habits), strict=True)):
            if number >= 150:
                loss -= max(float(ranker.log_probabilities([entry.command], context)[0]), -9.0)
            ranker.observe(entry if learning else replace(entry, source="taught"), context)
        losses[learning] = loss
    assert losses[True] < 0.8 * losses[False]


def test_known_lines_and_the_new_one_share_one_probability(habits: list[CommandEntry]) -> None:
    ranker = trained(habits)
    context = after("git status")
    lines = list({entry.command for entry in habits})
    total = np.exp(ranker.log_probabilities(lines, context)).sum()
    assert total + ranker.novelty(context) == pytest.approx(1, abs=1e-4)
    assert np.exp(ranker.log_prefix("", context)) == pytest.approx(total)
    git = [line for line in lines if line.startswith("git ")]
    assert np.exp(ranker.log_prefix("git ", context)) == pytest.approx(
        np.exp(ranker.log_probabilities(git, context)).sum()
    )
    assert ranker.log_probabilities(["never typed"], context).tolist() == [-np.inf]


def test_proposals_are_the_most_probable_lines_with_the_prefix(habits: list[CommandEntry]) -> None:
    ranker = trained(habits)
    context = after("ls")
    lines = [line for line in {entry.command for entry in habits} if line.startswith("e")]
    scores = ranker.log_probabilities(lines, context, among="e")
    expected = sorted(zip(-scores, lines, strict=True))[:3]
    assert sorted((-score, line) for line, score in ranker.propose("e", context, 3)) == expected
    assert ranker.propose("ls -la", context, 3) == []
    assert best(ranker, context, "ls") == "ls -la"


def test_refined_lines_share_anew_what_they_had_together() -> None:
    chance = random.Random(1)
    entries = [
        CommandEntry(chance.choice(["git status", f"echo {chance.randrange(80)}"]), session="s") for _ in range(600)
    ]
    ranker, context = trained(entries), after("git status")
    lines = [line for line in {entry.command for entry in entries} if line.startswith("echo 4")]
    plain, refined = (ranker.log_probabilities(lines, context, among=among) for among in (None, "echo 4"))
    assert np.exp(refined).sum() == pytest.approx(np.exp(plain).sum(), rel=1e-4)
    assert np.abs(refined - plain).max() > 0.01
    others = ["git status", "echo 12"]
    assert ranker.log_probabilities(others, context, among="echo 4").tolist() == pytest.approx(
        ranker.log_probabilities(others, context).tolist()
    )


def test_the_order_of_questions_changes_no_answer(habits: list[CommandEntry]) -> None:
    prefixes = ["", "g", "git ", "e", ""]
    context = after("git status")
    straight, back = (trained(habits) for _ in range(2))
    answers = [straight.propose(prefix, context, 5) for prefix in prefixes]
    assert [back.propose(prefix, context, 5) for prefix in reversed(prefixes)] == answers[::-1]


def test_after_a_long_pause_comes_what_came_after_long_pauses() -> None:
    """At work `make` follows `ls`; after a night `git pull` does."""
    entries, time = [], 0.0
    for day in range(60):
        for number in range(6):
            time += 60_000 if number == 0 else 20
            entries.append(CommandEntry("ls", timestamp=time, session="s"))
            time += 40_000 if number == 5 else 20
            command = "git pull" if number == 5 else f"make target{(day * 7 + number) % 4}"
            entries.append(CommandEntry(command, timestamp=time, session="s"))
    ranker = trained(entries)
    last = replace(entries[-2], timestamp=time + 1000)
    ranker.observe(last, Context(previous=entries[-1:], timestamp=time + 1000, session="s"))
    for pause, expected in ((20, "make"), (40_000, "git pull")):
        context = Context(previous=[entries[-1], last], timestamp=time + 1000 + pause, session="s")
        assert best(ranker, context).startswith(expected)


def test_novelty_follows_what_the_person_does() -> None:
    creature_of_habit = trained([CommandEntry("ls", session="s") for _ in range(60)])
    explorer = trained([CommandEntry(f"command {number}", session="s") for number in range(60)])
    assert creature_of_habit.novelty(after("ls")) < 0.1
    assert explorer.novelty(after("command 59")) > 0.9


def test_new_lines_are_thought_to_begin_like_known_ones(habits: list[CommandEntry]) -> None:
    ranker = trained(habits)
    assert ranker.log_new_prefix("") == 0
    assert ranker.log_new_prefix("git ") > ranker.log_new_prefix("gut ") > ranker.log_new_prefix("gut s")
    one_character = [np.exp(ranker.log_new_prefix(chr(code))) for code in range(32, 127)]
    assert 0.5 < sum(one_character) < 1.05


def test_the_directory_matters() -> None:
    entries = []
    rng = random.Random(5)
    for number in range(120):
        place, command = rng.choice([("/www", "npm start"), ("/lib", "cargo build")])
        entries.append(CommandEntry(command, directory=place, session=f"s{number}"))
    ranker = trained(entries)
    assert best(ranker, Context(directory="/www", session="x")) == "npm start"
    assert best(ranker, Context(directory="/lib", session="y")) == "cargo build"


def test_a_command_that_was_not_found_is_not_proposed() -> None:
    ranker = HistoryRanker()
    for command, exit_code in (("gti status", 127), ("git status", 0)):
        ranker.observe(CommandEntry(command, exit_code=exit_code), Context(session="s"))
    assert [line for line, _ in ranker.propose("g", after("ls"), 5)] == ["git status"]
    ranker.observe(CommandEntry("gti status", exit_code=0), Context(session="s"))
    assert len(ranker.propose("g", after("ls"), 5)) == 2


def test_an_isolated_entry_gives_its_line_and_no_transition() -> None:
    def probability(isolated: bool) -> float:
        ranker = HistoryRanker()
        first = CommandEntry("one", session="s")
        for _ in range(5):
            ranker.observe(first, Context(session="s"))
            ranker.observe(CommandEntry("two", session="s", isolated=isolated), Context(previous=[first], session="s"))
            ranker.observe(CommandEntry("three", session="s"), Context(session="s"))
        return float(ranker.log_probabilities(["two"], after("one"))[0])

    assert probability(isolated=False) > probability(isolated=True) > -np.inf


def test_isolated_entries_do_not_teach_that_nothing_repeats() -> None:
    head = [CommandEntry(f"c{number}", session="s", isolated=True) for number in range(50)]
    ranker = trained(head)
    fresh = HistoryRanker().to_record()
    for logit in ("attention", "choice", "novelty"):
        assert ranker.to_record()[logit] == fresh[logit]


def test_a_taught_line_weighs_more_than_a_typed_one() -> None:
    def probability(source: str) -> float:
        ranker = HistoryRanker()
        for number in range(8):
            ranker.observe(CommandEntry(f"typed {number}"), Context(session="s"))
        ranker.observe(CommandEntry("deploy", source=source), after("make"))
        for number in range(8):
            ranker.observe(CommandEntry(f"later {number}"), after("ls"))
        return float(ranker.log_probabilities(["deploy"], after("make"))[0])

    assert probability("taught") > probability("imported") + 0.1


def test_synthetic_entries_are_nobodys_history(habits: list[CommandEntry]) -> None:
    ranker = trained(habits)
    before = ranker.to_record()
    ranker.observe(CommandEntry("invented", source="synthetic"), after("ls"))
    assert ranker.to_record() == before


def test_a_restored_ranker_goes_on_as_the_first_would(habits: list[CommandEntry]) -> None:
    first = trained(habits[:200])
    second = HistoryRanker.from_record(first.to_record())
    for entry, (_, context) in list(zip(habits, contexts(habits), strict=True))[200:]:
        assert first.propose("", context, 5) == second.propose("", context, 5)
        assert first.novelty(context) == second.novelty(context)
        first.observe(entry, context)
        second.observe(entry, context)
