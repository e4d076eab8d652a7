"""Why: what a shell was told last, and the facts about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from delta_learn.predictor.context import Context
from delta_learn.predictor.explanation import cut, explanation
from delta_learn.predictor.suggest import Predictor
from delta_learn.serving.tact import Judged

_QUESTION = "delta-learn why "


@dataclass(frozen=True, slots=True)
class Told:
    """The first suggestion for one line at one prompt."""

    suggestion: Judged
    typed: str
    context: Context


def told(before: Told | None, judged: Sequence[Judged], typed: str, context: Context) -> Told | None:
    """What was told last, now that `judged` is suggested for the line `typed`.

    Who types `delta-learn why` asks about what was suggested before, and not about what is suggested for that; nor
    about what is not sure enough to be seen.
    """
    asking = bool(typed) and _QUESTION.startswith(typed.lstrip()[: len(_QUESTION)])
    if not judged or asking or (before is not None and "s" not in judged[0].marks):
        return before
    return Told(judged[0], typed, context)


def why(predictor: Predictor, last: Told) -> dict[str, Any]:
    """The facts about what was told last, as plain data that fits in one message."""
    first = last.suggestion
    whole = "p" not in first.marks
    return {
        "suggestion": cut(first.text),
        "typed": cut(last.typed),
        "whole": whole,
        "probability": round(first.probability, 4),
        "source": first.source,
        **explanation(predictor, first.text, last.context, last.typed, whole=whole).to_json(),
    }
