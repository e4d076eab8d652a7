"""Service: what the server answers; holds what was learned and the prompt of every shell."""

from __future__ import annotations

import json
import logging
import re
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from delta_learn.collector.never import add_never
from delta_learn.collector.peek import Peek
from delta_learn.collector.store import Store
from delta_learn.entry import CommandEntry
from delta_learn.errors import StorageError
from delta_learn.predictor.context import Context
from delta_learn.predictor.suggest import Predictor
from delta_learn.serving.abtest import Ballot
from delta_learn.serving.around import Around
from delta_learn.serving.chores import DRAIN, MODEL, Chores
from delta_learn.serving.learner import Learner
from delta_learn.serving.memory import give_back_memory
from delta_learn.serving.protocol import Frame, answer
from delta_learn.serving.tact import Judged, Tact
from delta_learn.serving.watch import FORGOTTEN, NEVER, PACKAGE, REGISTRY, SETTINGS, SHARDS, Watch
from delta_learn.serving.why import Told, told, why
from delta_learn.surroundings.deadline import KEYSTROKE_SECONDS
from delta_learn.version import VERSION

logger = logging.getLogger(__name__)

_SUGGESTIONS = 5
_CONSIDERED = 8
"""Some cannot work here, or have just failed."""
_SEARCH_SECONDS, _PROMPT_SEARCH_SECONDS = 0.006, 0.003
"""Most of what an answer may take: on a busy machine some of the lines that could be composed are not. At the empty
prompt they are hardly ever right."""
_PROMPT_LOOK_SECONDS = 0.05
"""What looks around may cost before a prompt, which is drawn meanwhile."""
_PREPARED = 4
"""Answers that are worked out before they are asked for."""
_NEXT_WORD = re.compile(r"\s*\S+\s?")
_MOST_PROMPTS = 256
"""Of as many shells the prompts are remembered."""

_FIELDS = {"P": 2, "Q": 3, "N": 2, "D": 1, "W": 2, "I": 1}
"""How many fields a request has; the one of D is empty."""


@dataclass(slots=True)
class Prompt:
    """What one shell shows."""

    context: Context
    around: Around
    turn: int
    given: Sequence[Judged] = ()
    """The last suggestions."""
    answers: dict[str, Sequence[Judged]] = field(default_factory=dict)
    """What is suggested for lines, asked or prepared."""
    told: Told | None = None
    """What was last shown."""
    ballot: Ballot | None = None
    """None where no A/B test runs."""
    rested: bool = False
    """Whether the memory that it took to prepare it was given back."""


class Service:
    """Answers requests. What takes longer is a chore: done when nobody types, in a thread of its own."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        """`clock` gives seconds since the epoch."""
        self._store = store
        self._clock = clock
        self._peek = Peek(store.paths)
        self._watch = Watch(store.paths)
        self._turns = count()
        self._prompts: OrderedDict[str, Prompt] = OrderedDict()
        """By shell; the one that asked last comes last."""
        self._ahead: list[tuple[Prompt, str]] = []
        """What will probably be asked next, the likeliest last."""
        self.chores = Chores(store)
        self._known: Learner | None = None
        """Of whom the prompts are."""
        self._replaced = False

    @property
    def outdated(self) -> bool:
        """Whether delta_learn was updated or uninstalled: this process is what it was before."""
        return self._replaced or not self._store.paths.spool.is_dir()

    @property
    def learner(self) -> Learner | None:
        """What is known; None while it is being read."""
        return self.chores.learner

    def answer(self, session: str, frame: Frame) -> Frame | None:
        """The answer to one request of the shell `session`; None for frames that want none, or are not known.

        Raises:
            DeltaError: something on disk cannot be read.
        """
        if frame.kind == "H":
            return Frame("H", (VERSION, self.chores.version))
        if len(frame.fields) != _FIELDS.get(frame.kind):
            return None
        self._drop_outdated()
        number, *fields = frame.fields
        match frame.kind:
            case "P":
                return answer(number, _rows(self._prompt(session, fields[0])))
            case "Q":
                return answer(number, _rows(self._typed(session, *fields)))
            case "N":
                self._forbid(fields[0])
                return answer(number, _rows(self._again(session)))
            case "W":
                return Frame("J", (number, json.dumps(self._why(fields[0]))))
            case "I":
                return Frame("I", (number,))
            case "D":
                self.chores.want(DRAIN)
        return None

    @property
    def unprepared(self) -> bool:
        """Whether `prepare` has something to do."""
        return bool(self._ahead)

    def prepare(self) -> None:
        """Work out one answer that nobody has asked for yet."""
        self._drop_outdated()
        if not self._ahead:
            return
        prompt, line = self._ahead.pop()
        if self.learner is not None:
            self.learner.predictor.prepare(prompt.context)
            self._answer(self.learner, prompt, line)
        if not self._ahead and not prompt.rested:
            prompt.rested = True
            give_back_memory()  # once a prompt: at every key it would make the next ones slower (docs/log.md)

    def nothing(self, frame: Frame) -> Frame | None:
        """The answer where there is none."""
        return answer(frame.fields[0], ()) if frame.kind in ("P", "Q", "N") and frame.fields else None

    def close(self) -> None:
        """Save what was learned."""
        self.chores.close()

    def _prompt(self, session: str, directory: str) -> Sequence[Judged]:
        """A prompt is about to be shown: learn what was typed at the one before, and prepare."""
        self._refresh()
        learner = self.learner
        if learner is None:
            return ()
        before = self._prompts.get(session)
        ended = self._peek.ended(session)
        if before is not None and before.ballot is not None:
            self._count(before.ballot, next(filter(learner.is_new, ended), None))
        if learner.take(ended, before.context if before else None):
            self.chores.learned(time.monotonic())
        around = Around(directory)
        now = self._clock()
        context = learner.timeline.context(session, directory, now, around)
        prompt = Prompt(context, around, next(self._turns), told=before.told if before else None)
        if self.chores.test is not None:
            prompt.ballot = Ballot(self.chores.test, session, now)
        self._prompts[session] = prompt
        self._prompts.move_to_end(session)
        if len(self._prompts) > _MOST_PROMPTS:
            self._prompts.popitem(last=False)
        return self._suggest(learner, prompt, "")

    def _typed(self, session: str, directory: str, line: str) -> Sequence[Judged]:
        learner, prompt = self.learner, self._prompts.get(session)
        if learner is None:
            return ()
        if prompt is None or prompt.context.directory != directory:
            self._prompt(session, directory)
            learner, prompt = self.learner, self._prompts.get(session)
            if learner is None or prompt is None:
                return ()
        return self._suggest(learner, prompt, line)

    def _again(self, session: str) -> Sequence[Judged]:
        learner, prompt = self.learner, self._prompts.get(session)
        return self._suggest(learner, prompt, "") if learner and prompt else ()

    def _count(self, ballot: Ballot, executed: CommandEntry | None) -> None:
        """Count what the line `executed` at a prompt says in its A/B test."""
        won = ballot.won(executed.command) if executed else None
        if won is not None and ballot.test is self.chores.test:
            self.chores.count(won=won)

    def _suggest(self, learner: Learner, prompt: Prompt, line: str) -> Sequence[Judged]:
        prompt.given = self._answer(learner, prompt, line)
        if prompt.ballot is not None:
            prompt.ballot.ask(line)
        prompt.told = told(prompt.told, prompt.given, line, prompt.context)
        self._ahead = [(prompt, each) for each in reversed(_next_lines(line, prompt.given))]
        return prompt.given

    def _answer(self, learner: Learner, prompt: Prompt, line: str) -> Sequence[Judged]:
        if line not in prompt.answers:
            prompt.around.begin(KEYSTROKE_SECONDS if line else _PROMPT_LOOK_SECONDS)
            judged = self._judged(learner.predictor, learner, prompt, line)
            rival = learner.predictor.rival
            if rival is not None and prompt.ballot is not None:
                judged = prompt.ballot.choose(line, judged, self._judged(rival, learner, prompt, line))
            prompt.answers[line] = judged[:_SUGGESTIONS]
        return prompt.answers[line]

    def _judged(self, predictor: Predictor, learner: Learner, prompt: Prompt, line: str) -> list[Judged]:
        predictor.hurry(_SEARCH_SECONDS if line else _PROMPT_SEARCH_SECONDS)
        suggestions = predictor.suggest(line, prompt.context, _CONSIDERED)
        manners, around = learner.manners, prompt.around
        tact = Tact(manners.threshold, around.stands)
        return tact.judge(suggestions, line, around.directory, manners.failed, turn=prompt.turn)

    def _drop_outdated(self) -> None:
        """Who is read in anew knows less: what the one before said at a prompt may be forgotten."""
        if self.learner is not self._known:
            self._known = self.learner
            self._ahead = []
            self._prompts.clear()

    def _doubt(self) -> None:
        """What was worked out may be wrong now."""
        self._ahead = []
        for prompt in self._prompts.values():
            prompt.answers.clear()

    def _forbid(self, line: str) -> None:
        if self.learner is not None:
            self.learner.predictor.never.add(line)  # at once; on disk as soon as the store's lock is free
            self._doubt()
        self.chores.run(lambda: add_never(self._store, line))

    def _refresh(self) -> None:
        """Take in what other processes have changed."""
        changes, learner = self._watch.changes(), self.learner
        if changes:
            self._doubt()
        self._replaced = self._replaced or PACKAGE in changes
        if changes & {REGISTRY, SETTINGS}:
            self.chores.want(MODEL)
        if learner is None:
            return
        if changes & {NEVER, FORGOTTEN, REGISTRY}:
            self._read_unwanted(learner)
        # What was forgotten before it came to a shard leaves no trace in any.
        if (FORGOTTEN in changes and learner.ahead) or (SHARDS in changes and not learner.catch_up()):
            self._forget()

    def _read_unwanted(self, learner: Learner) -> None:
        try:
            learner.read_unwanted()
        except StorageError:
            self._forget()  # rather nothing than what must not be suggested
            raise

    def _forget(self) -> None:
        self.chores.forget()
        self._drop_outdated()

    def _why(self, session: str) -> dict[str, Any]:
        """Facts about the last suggestion to `session`, or to the shell that asked last."""
        prompt = self._prompts.get(session) if session else next(reversed(self._prompts.values()), None)
        if self.learner is None or prompt is None or prompt.told is None:
            return {}
        return why(self.learner.predictor, prompt.told)


def _rows(given: Sequence[Judged]) -> list[tuple[str, str, float, str]]:
    return [(each.text, each.marks, each.probability, each.source) for each in given]


def _next_lines(line: str, given: Sequence[Judged]) -> list[str]:
    """What `line` may be after the next key, likeliest first: a letter more, or the first suggestion's next word."""
    longer = [each.text[: len(line) + 1] for each in given]
    word = _NEXT_WORD.match(given[0].text, len(line)) if given else None
    words = [line + word[0]] if word else []
    return list(dict.fromkeys([*longer[:1], *words, *longer[1:]]))[:_PREPARED]
