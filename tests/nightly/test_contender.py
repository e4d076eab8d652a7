"""nightly/contender.py: what counts as giving a secret away, who takes part when, and that nothing looks ahead."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest

from delta_learn.entry import CommandEntry
from delta_learn.evaluation.replay import Method, replay
from delta_learn.nightly.contender import Contender
from delta_learn.nightly.trial import PREDICTORS
from delta_learn.predictor.context import Context
from delta_learn.predictor.neural import NeuralExpert
from delta_learn.predictor.suggest import EXPERTS
from delta_learn.predictor.suggestion import Suggestion

RANDOM = "Xq7" + "vK2mWz9TbRf4LhNs" + "8dPc3YgJ"


def leaks(typed: list[str], learnt: list[str]) -> int:
    contender = Contender("delta", None, learnt)
    for command in typed:
        contender.observe(CommandEntry(command), Context())
    assert contender.suggest("", Context(), 5)
    return contender.leaks


@pytest.mark.parametrize(
    ("suggested", "learnt", "count"),
    [
        (f"deploy --token {RANDOM}", f"deploy --token {RANDOM}", 1),
        (f"deploy --token {RANDOM}", "deploy --token <secret:token>", 0),  # made up: nobody typed it
        ("mysql -pshop", "mysql -p shop", 0),  # a word of the history where a secret would stand
        ("make test", "make test", 0),
    ],
)
def test_a_leak_is_a_secret_of_the_person(suggested: str, learnt: str, count: int) -> None:
    assert leaks([suggested], [learnt]) == count


def habits(n: int = 120, seed: int = 3) -> list[CommandEntry]:
    """Commands of one stream, in sessions, some with words of their own."""
    chance = random.Random(seed)
    entries = []
    time = 1e9
    for number in range(n):
        time += 7200 if number % 15 == 0 else 30
        line = chance.choice(["git status", "git push", "make test", "ls", f"vim notes{number % 7}.txt"])
        entries.append(CommandEntry(line, timestamp=time, exit_code=int(chance.random() < 0.2), session="import:x"))
    return entries


class Recorded:
    """A method, and what it answered to each prefix at each command; the empty prompt comes first."""

    def __init__(self, method: Method) -> None:
        self.method = method
        self.answers: list[list[tuple[str, tuple[Suggestion, ...]]]] = [[]]
        self.bits_asked: list[float | None] = []

    def suggest(self, prefix: str, context: Context, k: int) -> Sequence[Suggestion]:
        answer = self.method.suggest(prefix, context, k)
        self.answers[-1].append((prefix, tuple(answer)))
        return answer

    def bits(self, entry: CommandEntry, context: Context) -> float | None:
        self.bits_asked.append(self.method.bits(entry, context))
        return self.bits_asked[-1]

    def observe(self, entry: CommandEntry, context: Context) -> None:
        self.method.observe(entry, context)
        self.answers.append([])


@pytest.mark.parametrize("name", PREDICTORS)
def test_a_shuffled_future_changes_nothing_before_it(name: str, neural: NeuralExpert) -> None:
    entries, present, first = habits(), 80, 30
    others = random.Random(4).sample(entries[present:], len(entries) - present)
    # Times stay: the prompt of the first other command is the same.
    future = [
        replace(entry, command=other.command, exit_code=other.exit_code)
        for entry, other in zip(entries[present:], others, strict=True)
    ]
    assert future[0].command != entries[present].command
    experts = EXPERTS if name == "delta" else (name,)
    told, again = (Recorded(Contender(name, experts=experts, base=neural)) for _ in range(2))
    replay(entries, {name: told}, start=first)
    replay([*entries[:present], *future], {name: again}, start=first)
    assert told.answers[:present] == again.answers[:present]
    assert told.answers[present][0] == again.answers[present][0]
    assert told.bits_asked[: present - first] == again.bits_asked[: present - first]
    assert any(answer for asked in told.answers[:present] for _, answer in asked)


def test_peeking_would_be_noticed() -> None:
    class Peeking(Contender):
        """Knows the whole history from the start."""

        def __init__(self, entries: list[CommandEntry]) -> None:
            super().__init__("peeking")
            for entry in entries:
                self.predictor.observe(entry, Context())

    entries = habits()
    told, again = Recorded(Peeking(entries)), Recorded(Peeking(entries[:100]))
    replay(entries, {"m": told}, start=30)
    replay(entries, {"m": again}, start=30)
    assert told.answers[:80] != again.answers[:80]


def test_the_personal_model_joins_when_scoring_begins_and_the_base_at_once(neural: NeuralExpert) -> None:
    entry = CommandEntry("git status")
    for contender, sources in [
        (Contender("a", neural), ["history", "ngram"]),
        (Contender("b", base=neural), ["history", "ngram", "neural"]),
        (Contender("c", neural, experts=["history"], base=neural), ["history"]),
    ]:
        contender.observe(entry, Context())
        present = set(contender.predictor.experts)
        assert set(sources) <= present
        assert ("neural" in present) == ("neural" in sources)
        contender.suggest("", Context(previous=(entry,)), 5)
        present = set(contender.predictor.experts)
        assert ("neural" in present) == (contender.name != "c")


def test_an_expert_alone_is_the_source_of_all_it_suggests(neural: NeuralExpert) -> None:
    context = Context(previous=(CommandEntry("make test"),))
    contender = Contender("neural", experts=["neural"], base=neural)
    contender.observe(CommandEntry("make test"), Context())
    (suggestion, *_) = contender.suggest("", context, 5)
    assert (suggestion.command, suggestion.source) == ("make test", "neural")
    assert Contender("history", experts=["history"], base=neural).suggest("", context, 5) == []
