"""NeuralExpert: lines composed by the language model, and its probability of given lines."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from delta_learn.predictor.beam import Alphabet, search
from delta_learn.predictor.context import Context
from delta_learn.predictor.language import Floats, LanguageModel, State
from delta_learn.predictor.patience import over_in
from delta_learn.tokenizer.healing import PieceTable, heal
from delta_learn.tokenizer.sequence import encode_context
from delta_learn.tokenizer.symbols import END
from delta_learn.tokenizer.tokenizer import Tokenizer

Scores = NDArray[np.float64]

MAX_LINE_CHARS = 4096
"""Longer lines are neither composed nor given a probability."""

_WIDTH = 4
_LONGEST_SEARCH = 40
_MIN_CONTEXT = 2
_KEPT_STATES = 5
_KEPT_PROMPTS = 16
"""Shells of which the last prompt is kept: where several ask by turns, each key would have one read (docs/log.md)."""
_MOST_KNOWN = 250
"""Places of one prompt after which the model's answer is kept: 8 KB each."""
_PRINTABLE_FROM = 0x20
_DELETE = 0x7F


@dataclass(slots=True, eq=False)
class _Prompt:
    """What is known about one context: every keystroke adds to it."""

    context: Context
    ids: list[int]
    states: dict[tuple[int, ...], tuple[State, float]]
    """By tokens after the context: the state there and ln P of the tokens."""
    after: dict[tuple[int, ...], Floats]
    """By tokens after the context: ln P of the next one, (vocab_size,)."""
    scores: dict[str, float] = field(default_factory=dict)
    """ln P(line | context) of lines."""
    begun: dict[str, float] = field(default_factory=dict)
    """ln P(the line begins with the tokens of a text)."""
    composed: set[str] = field(default_factory=set)
    """The lines that searches found."""

    def rest(self) -> None:
        """Another shell is asked: keep what was found, and of what was read the context."""
        self.states = {(): self.states[()]}
        self.after = {(): self.after[()]}


class NeuralExpert:
    """P(line | context): the product over the line's canonical tokens and the end symbol.

    A context is read once. A search runs only when no line that an earlier one found for the same prompt goes
    on as typed; otherwise a keystroke reads the newly certain tokens, usually none or one.
    """

    name = "neural"

    def __init__(self, model: LanguageModel, tokenizer: Tokenizer, *, line_tokens: int = 64) -> None:
        """`line_tokens` of the model's row are kept for the line, the others hold the context."""
        self._model = model
        self._tokenizer = tokenizer
        self._context_tokens = max(_MIN_CONTEXT, model.max_tokens - line_tokens)
        self._room = model.max_tokens - self._context_tokens
        self._end = tokenizer.symbol(END)
        spellings = [tokenizer.piece_bytes(piece) for piece in range(tokenizer.vocab_size)]
        allowed = np.array([_is_printable(spelling) for spelling in spellings])
        self._alphabet = Alphabet(PieceTable(tokenizer), allowed, self._end)
        self._prompts: OrderedDict[str, _Prompt] = OrderedDict()
        """By session; the one that was asked last comes last."""
        self._latest: _Prompt | None = None
        self.last_resort = False
        """Whether others compose, too: then it does where they find nothing, and says how probable words are."""
        self.seconds: float | None = None
        """What a search may take at most."""

    def prepare(self, context: Context) -> None:
        """Read the context, so that no keystroke waits for it."""
        self._prepare(context)

    def propose(self, prefix: str, context: Context, count: int) -> list[tuple[str, float]]:
        """At most `count` composed lines that begin with `prefix`, best first, with ln P(line | context)."""
        prompt = self._prepare(context)
        lines = sorted(self._composed(prompt, prefix), key=lambda line: (-prompt.scores[line], line))
        return [(line, prompt.scores[line]) for line in lines[:count]]

    def log_probabilities(self, lines: Sequence[str], context: Context, *, among: str | None = None) -> Scores:
        """ln P(line | context) of each line: (len(lines),); -inf for lines longer than MAX_LINE_CHARS.

        With `among`, those get -inf, too, that no search found: reading 40 candidates takes longer than all the
        rest of a prompt, and the search finds those that are probable (docs/log.md).
        """
        if among is None:
            prompt = self._prepare(context)
            self._score(prompt, [line for line in lines if line not in prompt.scores])
        elif not self.last_resort:
            self._composed(self._prepare(context), among)
        prepared = self._prompts.get(context.session)
        known = prepared.scores if prepared and prepared.context is context else {}
        return np.array([known.get(line, -np.inf) for line in lines], np.float64)

    def log_prefix(self, prefix: str, context: Context) -> float:
        """ln P(the line begins with `prefix`), over the segmentations that healing leaves open."""
        if not prefix:
            return 0.0  # the empty prompt waits for nothing
        if len(prefix) > MAX_LINE_CHARS:
            return -np.inf
        prompt = self._prepare(context)
        healed = heal(self._tokenizer, prefix)
        if len(healed.ids) >= self._room:
            return -np.inf
        state, logprob = self._walk(prompt, healed.ids)
        mask = self._alphabet.pieces.mask(healed.remainder)
        return logprob + float(np.logaddexp.reduce(state.logprobs[0][mask])) if mask.any() else -np.inf

    def log_beginnings(self, texts: Sequence[str], context: Context) -> Scores:
        """ln P(the line begins with the tokens of each text): (len(texts),); never more than `log_prefix`."""
        prompt = self._prepare(context)
        ids = {text: self._tokenizer.encode(text) for text in texts if text and text not in prompt.begun}
        batch = {text: each for text, each in ids.items() if len(each) <= self._room}
        prompt.begun |= self._sums(prompt, batch)
        return np.array([prompt.begun.get(text, -np.inf) for text in texts], np.float64)

    def novelty(self, context: Context) -> float:  # noqa: ARG002
        """0: every line that is not longer than MAX_LINE_CHARS has a probability."""
        return 0.0

    def _prepare(self, context: Context) -> _Prompt:
        prompt = self._prompts.get(context.session)
        if prompt is None or prompt.context is not context:
            prompt = self._prompts[context.session] = self._begin(context)
        if prompt is not self._latest:
            if self._latest is not None:
                self._latest.rest()
            self._latest = prompt
            self._prompts.move_to_end(context.session)
            if len(self._prompts) > _KEPT_PROMPTS:
                self._prompts.popitem(last=False)
        return prompt

    def _begin(self, context: Context) -> _Prompt:
        ids = encode_context(
            context.previous,
            context.directory,
            context.timestamp,
            self._tokenizer,
            self._context_tokens,
        )
        state = self._model.start(ids)
        return _Prompt(context, ids, {(): (state, 0.0)}, {(): state.logprobs[0]})

    def _walk(self, prompt: _Prompt, ids: Sequence[int]) -> tuple[State, float]:
        """The state after `ids`, reached from the longest part of them that was reached before."""
        done = next(n for n in range(len(ids), -1, -1) if tuple(ids[:n]) in prompt.states)
        state, logprob = prompt.states[tuple(ids[:done])]
        for position in range(done, len(ids)):
            logprob += float(state.logprobs[0, ids[position]])
            state = state.extend([ids[position]], [0])
            path = tuple(ids[: position + 1])
            prompt.states[path], prompt.after[path] = (state, logprob), state.logprobs[0]
        # Each holds the keys and values of the whole row, a megabyte; a key rarely goes back by more than some pieces.
        for path in [path for path in prompt.states if path][:-_KEPT_STATES]:
            del prompt.states[path]
        return state, logprob

    def _composed(self, prompt: _Prompt, prefix: str) -> list[str]:
        """The lines that begin with `prefix` and were found, now or earlier."""
        if len(prefix) > MAX_LINE_CHARS:
            return []
        if not _continuing(prompt, prefix):
            self._search(prompt, prefix)
        return _continuing(prompt, prefix)

    def _search(self, prompt: _Prompt, prefix: str) -> None:
        """Compose lines that begin with `prefix` and score them as they would be encoded whole."""
        healed = heal(self._tokenizer, prefix)
        room = min(self._room - len(healed.ids), _LONGEST_SEARCH)
        if room <= 0:
            return
        state, before = self._walk(prompt, healed.ids)
        found: set[str] = set()
        over = over_in(self.seconds)
        for hypothesis in search(state, healed.remainder, self._alphabet, width=_WIDTH, max_tokens=room, over=over):
            ids = [*healed.ids, *hypothesis.ids]
            line = self._tokenizer.decode(ids)
            if line.startswith(prefix) and len(line) > len(prefix) and _is_clean(line[len(prefix) :]):
                found.add(line)
                if self._tokenizer.encode(line) == ids:
                    prompt.scores.setdefault(line, before + hypothesis.logprob)
        self._score(prompt, sorted(found - prompt.scores.keys()))
        prompt.composed |= found

    def _score(self, prompt: _Prompt, lines: Sequence[str]) -> None:
        """Enter ln P of lines into `prompt.scores`: those that fit in one batch, the others one by one."""
        batch: dict[str, list[int]] = {}
        for line in lines:
            if len(line) > MAX_LINE_CHARS:
                prompt.scores[line] = -np.inf
                continue
            ids = [*self._tokenizer.encode(line), self._end]
            if len(ids) > self._room:
                prompt.scores[line] = self._score_long(prompt, ids)
            else:
                batch[line] = ids
        prompt.scores |= self._sums(prompt, batch)

    def _sums(self, prompt: _Prompt, lines: Mapping[str, Sequence[int]]) -> dict[str, float]:
        """ln P of the tokens of each line, one after the other."""
        paths = {line: [tuple(ids[:end]) for end in range(len(ids))] for line, ids in lines.items()}
        self._read(prompt, {path for each in paths.values() for path in each})
        return {
            line: sum(float(prompt.after[path][token]) for path, token in zip(paths[line], ids, strict=True))
            for line, ids in lines.items()
        }

    def _read(self, prompt: _Prompt, paths: Set[tuple[int, ...]]) -> None:
        """Enter what follows each of the paths into `prompt.after`, read from the nearest state that is there."""
        if len(prompt.after) > _MOST_KNOWN:
            prompt.after = {path: state.logprobs[0] for path, (state, _) in prompt.states.items()}
        behind: dict[tuple[int, ...], list[tuple[int, ...]]] = {}
        for path in sorted(paths - prompt.after.keys()):
            done = next(end for end in range(len(path) - 1, -1, -1) if path[:end] in prompt.states)
            behind.setdefault(path[:done], []).append(path)
        for begun, group in behind.items():
            state, _ = prompt.states[begun]
            prompt.after.update(zip(group, state.after([path[len(begun) :] for path in group]), strict=True))

    def _score_long(self, prompt: _Prompt, ids: list[int]) -> float:
        """ln P of a line that does not fit behind its context: the rest sees what comes right before it."""
        state, _ = prompt.states[()]
        total = _log_probability(state, ids[: self._room])
        half = self._model.max_tokens // 2
        row = prompt.ids + ids
        for position in range(len(prompt.ids) + self._room, len(row), half):
            state = self._model.start(row[max(0, position - half) : position])
            total += _log_probability(state, row[position : position + half])
        return total


def _log_probability(state: State, ids: Sequence[int]) -> float:
    """ln P of the tokens after row 0 of a state."""
    after = [state.logprobs[0], *state.after([ids[:end] for end in range(1, len(ids))])]
    return sum(float(logprobs[token]) for logprobs, token in zip(after, ids, strict=True))


def _continuing(prompt: _Prompt, prefix: str) -> list[str]:
    return [line for line in prompt.composed if line.startswith(prefix) and line != prefix]


def _is_printable(spelling: bytes) -> bool:
    return all(byte >= _PRINTABLE_FROM and byte != _DELETE for byte in spelling)


def _is_clean(text: str) -> bool:
    """No broken UTF-8: the model may write any bytes."""
    return not any("\ud800" <= character <= "\udfff" for character in text)
