"""A predictor as the replay sees it, with the checks that the gate asks for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from delta_learn.collector.redaction.redact import redact
from delta_learn.entry import CommandEntry
from delta_learn.predictor.context import Context
from delta_learn.predictor.documentation import documentation
from delta_learn.predictor.neural import NeuralExpert
from delta_learn.predictor.suggest import EXPERTS, Predictor
from delta_learn.predictor.suggestion import Suggestion


class Contender:
    """A `replay.Method`: a fresh predictor whose personal model joins when scoring begins.

    The model was trained on what came before, so a mixture that watched it there would trust it too much. A base
    model has seen nothing of the history: it joins at once, and its place is the personal model's later.
    """

    def __init__(
        self,
        name: str,
        neural: NeuralExpert | None = None,
        learnt: Iterable[str] = (),
        experts: Collection[str] = EXPERTS,
        base: NeuralExpert | None = None,
    ) -> None:
        """`learnt`: the commands that `neural` was trained on; `experts`: those that take part."""
        takes_neural = "neural" in experts
        self.name = name
        self.predictor = Predictor(base if takes_neural else None, experts=experts, documentation=documentation())
        self.leaks = 0
        """Suggestions that give away a secret of the `learnt` commands, which redaction let through."""
        self._learnt = "\n".join(learnt)
        self._waiting = neural if takes_neural else None
        self._checked: set[str] = set()

    def suggest(self, prefix: str, context: Context, k: int) -> Sequence[Suggestion]:
        """The predictor's suggestions, looked through for secrets."""
        if self._waiting is not None:
            self.predictor.attach(self._waiting)
            self._waiting = None
        suggestions = self.predictor.suggest(prefix, context, k)
        if self._learnt:
            self._check(suggestions)
        return suggestions

    def bits(self, entry: CommandEntry, context: Context) -> float | None:
        """The predictor's."""
        return self.predictor.bits(entry, context)

    def observe(self, entry: CommandEntry, context: Context) -> None:
        """The predictor learns."""
        self.predictor.observe(entry, context)

    def _check(self, suggestions: Sequence[Suggestion]) -> None:
        """Count the leaks among lines not seen before."""
        for suggestion in suggestions:
            if suggestion.command not in self._checked:
                self._checked.add(suggestion.command)
                self.leaks += self._gives_away(suggestion.command)

    def _gives_away(self, command: str) -> bool:
        """What only stands where a secret would, or was never typed, as in a line the model made up, is none."""
        found = (command[span.start : span.end] for span in redact(command).spans)
        return any(text in self._learnt and bool(redact(text).spans) for text in found)
