"""Composer: lines made of tokens that were typed before, in places like theirs or a moment ago."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from delta_learn.entry import CommandEntry
from delta_learn.predictor.compose import Beginning, search
from delta_learn.predictor.context import Context
from delta_learn.predictor.lexer import END, tokens
from delta_learn.predictor.memory import Prompt, TokenMemory
from delta_learn.predictor.nexttoken import SOURCES, Choice, NextToken
from delta_learn.predictor.offered import NOTHING, Offer, offer
from delta_learn.predictor.patience import over_in
from delta_learn.predictor.place import Place

Scores = NDArray[np.float64]

_TOKENS = 8
"""Similar tokens that are followed at each place."""

_LINES = 4
_EMPTY_PROMPT_LINES = 6
_STEPS = 24
_EMPTY_PROMPT_STEPS = 8
"""Places that one search looks at; nobody waits for a word at the empty prompt, and composed lines are hardly
ever right there."""

_LEARNED_TOKENS = 200
_LEARNED_CHARS = 2000
"""Of longer lines the rest is neither learned nor looked up: nobody types them."""

_CHARACTERS = 128

_TINY = 1e-300

_BREAK = re.compile(r"(?<!\\)\s")


class Composer:
    """P(line | context): the product over the line's tokens and its end.

    Choices are kept for the prompt that is being answered: a keystroke adds what is new, usually nothing.
    """

    last_resort = False

    def __init__(self, sources: Collection[str] = SOURCES, memory: TokenMemory | None = None) -> None:
        """`memory` is what is known already: documentation."""
        self.seconds: float | None = None
        """What a search may take at most."""
        self.sources = tuple(sources)
        self.name = "ngram" if "ngram" in sources else "copy"
        self._memory = TokenMemory() if memory is None else memory
        self._next = NextToken(self._memory, sources)
        self._context: Context | None = None
        self._prompt = Prompt(())
        self._choices: dict[tuple[str, ...], Choice] = {}
        self._places: dict[tuple[str, ...], Place] = {}
        self._expanded: dict[tuple[tuple[str, ...], str], list[tuple[str, float]]] = {}
        self._found: dict[str, list[Beginning]] = {}
        self._offers: dict[tuple[str, bool], Offer] = {}
        self._around: dict[str, tuple[str, ...]] = {}

    def observe(self, entry: CommandEntry, context: Context, *, learn: bool = True) -> None:
        """Remember an executed command, and learn from it how to weigh what is remembered."""
        if entry.source == "synthetic":
            return
        line = tokens(entry.command[:_LEARNED_CHARS])[:_LEARNED_TOKENS]
        self._prepare(context)
        if learn:
            for end, token in enumerate((*line, END)):
                self._next.learn(self._choice(tuple(line[:end])), token)
        self._memory.record(line, self._memory.prompt(context, alone=True) if entry.isolated else self._prompt)
        self._memory.follow(entry.command, context, alone=entry.isolated)
        self._context = None

    def beginnings(self, prefix: str, context: Context) -> list[Beginning]:
        """What lines that begin with `prefix` may begin with: see `search`."""
        self._prepare(context)
        *known, part = tokens(prefix[:_LEARNED_CHARS]) or [""]
        if len(prefix) > _LEARNED_CHARS or len(known) >= _LEARNED_TOKENS:
            return []
        self._look_around(prefix)
        if prefix not in self._found:
            self._found[prefix] = search(
                tuple(known),
                part,
                self._log_tokens(known),
                self._expand,
                lines=_LINES if prefix else _EMPTY_PROMPT_LINES,
                steps=_STEPS if prefix else _EMPTY_PROMPT_STEPS,
                over=over_in(self.seconds),
            )
        return self._found[prefix]

    def propose(self, prefix: str, context: Context, count: int) -> list[tuple[str, float]]:
        """At most `count` longer lines that begin with `prefix`, best first, with ln P(line | context)."""
        found = self.beginnings(prefix, context)
        return [(each.text, each.logprob) for each in found if each.whole and each.text != prefix][:count]

    def log_probabilities(self, lines: Sequence[str], context: Context, *, among: str | None = None) -> Scores:
        """ln P(line | context) of each line: (len(lines),).

        With `among`, those that the search for it does not find get -inf: it found those that are more probable.
        """
        self._prepare(context)
        if among is None:
            return np.array([self._log_line(line) for line in lines])
        found = {each.text: each.logprob for each in self.beginnings(among, context) if each.whole}
        return np.array([found.get(line, -np.inf) for line in lines])

    def log_prefix(self, prefix: str, context: Context) -> float:
        """ln P(the line begins with `prefix`)."""
        self._prepare(context)
        if not prefix:
            return 0.0
        *known, part = tokens(prefix[:_LEARNED_CHARS])
        if len(known) >= _LEARNED_TOKENS or len(prefix) > _LEARNED_CHARS:
            return self._log_line(prefix)
        self._look_around(prefix)
        choice = self._choice(tuple(known))
        return self._log_tokens(known) + math.log(max(self._next.prefix_probability(choice, part), _TINY))

    def copied(self, prefix: str, line: str, context: Context) -> bool:
        """Whether the first word that `line` adds to `prefix` stands in other places of recent lines only."""
        self._prepare(context)
        *known, _ = tokens(prefix[:_LEARNED_CHARS]) or [""]
        added = tokens(line[:_LEARNED_CHARS])
        names = self._memory.lexicon.names
        for end in range(len(known), len(added)):
            choice = self._choices.get(tuple(added[:end]))
            if choice is not None and choice.place.word_next:
                return names.find(added[end]) in choice.copied
        return False

    def novelty(self, context: Context) -> float:  # noqa: ARG002
        """0: every line has a probability."""
        return 0.0

    def _prepare(self, context: Context) -> None:
        if self._context is not context:
            self._context = context
            self._prompt = self._memory.prompt(context)
            self._choices, self._places, self._expanded, self._found = {}, {(): Place()}, {}, {}
            self._offers, self._around = {}, {}

    def _choice(self, line: tuple[str, ...]) -> Choice:
        choice = self._choices.get(line)
        if choice is None:
            place = self._place(line)
            choice = self._choices[line] = self._next.choice(place, self._prompt, self._offer(line, place))
        return choice

    def _offer(self, line: tuple[str, ...], place: Place) -> Offer:
        """Words from outside are arguments; no program is run for its name being near."""
        context = self._context
        if context is None or not place.slot or not (context.words or context.here):
            return NOTHING
        text = "".join(line)
        before, typed = _last_word(text)
        if context.here is not None:
            here = (*context.here(text), *self._around.get(before, ()))
            return offer(tuple(dict.fromkeys((*here, *context.words))), typed, place, here=bool(here))
        key = typed, place.word_next
        if key not in self._offers:
            self._offers[key] = offer(context.words, typed, place)
        return self._offers[key]

    def _look_around(self, prefix: str) -> None:
        """Offer names that begin as the word that is being typed: before it only the likeliest of many were."""
        before, typed = _last_word(prefix)
        if not typed or self._context is None or self._context.here is None:
            return
        found = self._context.here(prefix)
        offered = {*self._context.here(before), *self._around.get(before, ())} if found else set()
        fresh = [word for word in found if word not in offered]
        if fresh:
            self._around[before] = (*self._around.get(before, ()), *fresh)
            for line in [line for line in self._choices if "".join(line).startswith(before)]:
                del self._choices[line]
            self._expanded, self._found = {}, {}

    def _place(self, line: tuple[str, ...]) -> Place:
        place = self._places.get(line)
        if place is None:
            place = self._places[line] = self._place(line[:-1]).after(line[-1])
        return place

    def _expand(self, line: tuple[str, ...], part: str) -> list[tuple[str, float]]:
        expanded = self._expanded.get((line, part))
        if expanded is None:
            expanded = self._next.best(self._choice(line), part, self._prompt, _TOKENS)
            self._expanded[line, part] = expanded
        return expanded

    def _log_line(self, line: str) -> float:
        """ln P(line); what comes after the tokens that are learned counts as characters drawn blindly."""
        learned = tuple(tokens(line[:_LEARNED_CHARS])[:_LEARNED_TOKENS])
        rest = len(line) - sum(map(len, learned))
        return self._log_tokens(learned if rest else (*learned, END)) - rest * math.log(_CHARACTERS)

    def _log_tokens(self, line: Sequence[str]) -> float:
        """ln P(the line begins with these tokens)."""
        total = 0.0
        for end, token in enumerate(line):
            total += math.log(max(self._next.probability(self._choice(tuple(line[:end])), token), _TINY))
        return total

    def to_record(self) -> dict[str, Any]:
        """Everything that was learned, as plain lists, numbers and bytes."""
        return {"memory": self._memory.to_record(), "next": self._next.to_record()}

    @classmethod
    def from_record(cls, record: Mapping[str, Any], sources: Collection[str] = SOURCES) -> Composer:
        """The inverse of `to_record`.

        Raises:
            KeyError, ValueError: another version wrote it.
        """
        composer = cls(sources, TokenMemory.from_record(record["memory"]))
        composer._next.load(record["next"])
        return composer


def _last_word(text: str) -> tuple[str, str]:
    """What stands before the word at the end of `text`, and the word; a space behind a backslash is part of it."""
    typed = _BREAK.split(text)[-1]
    return text[: len(text) - len(typed)], typed
