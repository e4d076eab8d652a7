"""A predictor as the replay sees it, with the checks that the gate asks for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from delta_learn.collector.redaction.redact import redact
from delta_learn.entry import CommandEntry
from delta_learn.predictor.context import Context
from delta_learn.predictor.neural import NeuralExpert
from delta_learn.predictor.suggest import Predictor
from delta_learn.predictor.suggestion import Suggestion


class Contender:
    """A `replay.Method`: a fresh predictor whose model joins when scoring begins.

    The model was trained on what came before, so a mixture that watched it there would trust it too much.
    """

    def __init__(self, name: str, neural: NeuralExpert | None = None, learnt: Iterable[str] = ()) -> None:
        self.name = name
        self.predictor = Predictor()
        self.leaks = 0
        """Suggestions that give away a secret of the `learnt` commands, which redaction let through."""
        self._learnt = "\n".join(learnt)
        self._waiting = neural
        self._checked: set[str] = set()

    def suggest(self, prefix: str, context: Context, k: int) -> Sequence[Suggestion]:
        """The predictor's suggestions, looked through for secrets."""
        if self._waiting is not None:
            self.predictor.attach(self._waiting)
            self._waiting = None
        suggestions = self.predictor.suggest(prefix, context, k)
        for suggestion in suggestions:
            if suggestion.command not in self._checked:
                self._checked.add(suggestion.command)
                self.leaks += self._gives_away(suggestion.command)
        return suggestions

    def _gives_away(self, command: str) -> bool:
        """What only stands where a secret would, or was never typed, as in a line the model made up, is none."""
        found = (command[span.start : span.end] for span in redact(command).spans)
        return any(text in self._learnt and bool(redact(text).spans) for text in found)

    def bits(self, entry: CommandEntry, context: Context) -> float | None:
        """The predictor's."""
        return self.predictor.bits(entry, context)

    def observe(self, entry: CommandEntry, context: Context) -> None:
        """The predictor learns."""
        self.predictor.observe(entry, context)
