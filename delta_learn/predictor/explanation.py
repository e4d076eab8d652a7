"""Explanation: why a line is suggested: the experts behind it, and the earlier commands that speak for it."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from delta_learn.predictor.context import Context
from delta_learn.predictor.log import CommandLog
from delta_learn.predictor.meanings import MARK
from delta_learn.predictor.names import UNKNOWN
from delta_learn.predictor.panel import Panel
from delta_learn.predictor.suggest import Predictor

_MOST_CHARS = 300
"""Of each line: all of an explanation has to fit in one message."""
_EXAMPLES = 5
_ALIKE = 3
_LOOKED_AT = 5_000
"""So many lines, the newest, are looked through for words of a composed one."""
_WORD = re.compile(r"[^\s/=:,]{2,}")

Events = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Use:
    """An earlier time at which the line was typed."""

    time: float | None
    """Seconds since the epoch."""
    directory: str
    """Empty where it is not known."""
    after: str
    """The command before it in that shell; empty where it was the first."""
    failed: bool | None
    """None where nobody knows how it ended."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """The facts about one suggestion at one prompt; lines are cut at 300 characters."""

    shares: dict[str, float]
    """What each expert contributes to the probability of the line, largest first; they sum to 1. None for the
    beginning of a line, and for what was found by its meaning."""
    after: str
    """The command before the prompt; empty at the first."""
    directory: str
    uses: int
    """How often the line was typed."""
    after_same: int
    """Of these: after the same command as now."""
    same_directory: int
    """Of these: in this directory."""
    ended: int
    """How many ends are known, and how many of them were failures."""
    failures: int
    examples: tuple[Use, ...]
    """The newest uses, those after the same command first."""
    alike: tuple[str, ...]
    """For a line never typed: the newest lines that share most of its words."""
    taught: bool
    """It was taught to follow this command."""
    corrects: bool
    """It is the command before without its typing mistake."""
    enters: bool
    """It enters what the command before made."""
    meanings: tuple[str, ...]
    """What it was taught to be for."""
    judged: float
    """The factor of its probability by what was said of it; 1 for nothing."""

    def to_json(self) -> dict[str, Any]:
        """A plain dict."""
        return asdict(self)


def explanation(
    predictor: Predictor, text: str, context: Context, prefix: str = "", *, whole: bool = True
) -> Explanation:
    """Why `text`, a whole line or the beginning of one, is suggested at the prompt `context` after `prefix`.

    Changes nothing.
    """
    panel = predictor.panel
    log = panel.history.log if panel.history else CommandLog()
    events = _events(log, text)
    line = log.texts.find(text)
    ended, failures = (0, 0) if line == UNKNOWN else (int(log.lines[name][line]) for name in ("outcomes", "failures"))
    now = log.situation(context)
    # At the first prompt of a shell the command before is that of another.
    followed = events[(log.events["line1"][events] == now["line1"]) & (log.events["opens"][events] == 0)]
    if not context.previous:
        followed = followed[:0]
    here = events[log.events["directory"][events] == now["directory"]]
    newest = np.concatenate([events[~np.isin(events, followed)], followed])[::-1]
    return Explanation(
        shares=_shares(panel, text, context) if whole and not prefix.startswith(MARK) else {},
        after=cut(context.previous[-1].command) if context.previous else "",
        directory=cut(context.directory or ""),
        uses=len(events),
        after_same=len(followed),
        same_directory=len(here),
        ended=ended,
        failures=failures,
        examples=tuple(_use(log, int(event)) for event in newest[:_EXAMPLES]),
        alike=() if len(events) else tuple(_alike(log, text)),
        taught=_proposed(panel.lessons.propose(context), text),
        corrects=_proposed(panel.corrections.propose(context), text),
        enters=_proposed(panel.arrivals.propose(context), text),
        meanings=tuple(map(cut, panel.meanings.of(text)[:_ALIKE])),
        judged=math.exp(float(panel.verdicts.log_factors([text], context)[0])),
    )


def _events(log: CommandLog, text: str) -> Events:
    """The numbers of the events with this line, oldest first; what was taught is none of them."""
    line = log.texts.find(text)
    found: Events = np.flatnonzero((log.events["line"] == line) & (log.events["log_weight"] == 0))
    return found


def _shares(panel: Panel, text: str, context: Context) -> dict[str, float]:
    shares = panel.mixture.shares([text], context)[:, 0]
    if not np.isfinite(shares).any():
        return {}
    parts = np.exp(shares - np.logaddexp.reduce(shares))
    names = [expert.name for expert in panel.mixture.experts]
    return {names[i]: round(float(parts[i]), 4) for i in np.argsort(-parts, kind="stable") if parts[i] > 0}


def _use(log: CommandLog, event: int) -> Use:
    time, before = float(log.events["time"][event]), int(log.events["line1"][event])
    opens = bool(log.events["opens"][event])
    return Use(
        time=time if math.isfinite(time) else None,
        directory=cut(log.directory(int(log.events["directory"][event]))),
        after="" if opens or before < 0 else cut(log.texts[before]),
        failed=_failed(log, event),
    )


def _failed(log: CommandLog, event: int) -> bool | None:
    """How it ended, as the next command of its shell knew."""
    session = log.events["session"][event]
    later = np.flatnonzero(log.events["session"][event + 1 :] == session)
    failed = int(log.events["failed"][event + 1 + later[0]]) if session >= 0 and len(later) else UNKNOWN
    return None if failed < 0 else bool(failed)


def _alike(log: CommandLog, text: str) -> Iterator[str]:
    words = Counter(_WORD.findall(text))
    newest = np.argsort(-log.lines["last_event"], kind="stable")[:_LOOKED_AT]
    shared = [sum((Counter(_WORD.findall(log.texts[int(line)])) & words).values()) for line in newest]
    for place in sorted(range(len(newest)), key=lambda place: -shared[place])[:_ALIKE]:
        if shared[place]:
            yield cut(log.texts[int(newest[place])])


def _proposed(proposals: list[tuple[str, float]], text: str) -> bool:
    return any(line == text for line, _ in proposals)


def cut(line: str) -> str:
    """The line, or as much of it as fits in a message."""
    return line if len(line) <= _MOST_CHARS else line[: _MOST_CHARS - 1] + "…"
