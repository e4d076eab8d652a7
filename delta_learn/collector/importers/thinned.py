"""Where a history file has lost its repeated commands: there its lines are real, but not their order.

When zsh's file is full, HIST_EXPIRE_DUPS_FIRST removes the older copies of repeated commands first, oldest
first. That leaves a head in which no command comes twice, before a tail that is whole. HIST_IGNORE_ALL_DUPS,
bash's `erasedups` and fish leave a file without repetitions.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

_WINDOW = 300
"""Commands within which a return counts: without a limit the rate would fall towards the end of a file."""
_MIN_COMMANDS = 500
_MAX_HEAD_RATE = 0.02
_MIN_TAIL_RATE = 0.2
_MAX_DEDUPLICATED_RATE = 0.08
"""Of 500 commands in a row in six whole histories, no fewer than 0.14 returned."""
_MIN_LOG_ODDS = 100.0
"""At most 47 for any 500 commands in a row of those whole histories, thousands for thinned files."""


def faithful_from(commands: Sequence[str]) -> int:
    """Index of the first command from which on the order can be trusted.

    0: all of it; `len(commands)`: nothing, repetitions were removed everywhere. The change point is the one
    of largest likelihood, the returns being two Bernoulli sequences. Fewer than 500 commands tell nothing.
    """
    if len(commands) < _MIN_COMMANDS:
        return 0
    returning = _returning(commands)
    change = _change_point(returning)
    if change == 0 and sum(returning) <= _MAX_DEDUPLICATED_RATE * len(commands):
        return len(commands)
    return change


def _returning(commands: Sequence[str]) -> list[bool]:
    """For each command whether it comes again within the next `_WINDOW`."""
    returning = [False] * len(commands)
    last: dict[str, int] = {}
    for index, command in enumerate(commands):
        before = last.get(command)
        if before is not None and index - before <= _WINDOW:
            returning[before] = True
        last[command] = index
    return returning


def _change_point(returning: Sequence[bool]) -> int:
    """Length of the head, 0 if there is none beyond doubt."""
    total, count = len(returning), sum(returning)
    constant = _log_likelihood(count, total)
    best, change, head = _MIN_LOG_ODDS, 0, 0
    for length in range(1, total):
        head += returning[length - 1]
        tail, rest = count - head, total - length
        if head > _MAX_HEAD_RATE * length or tail < _MIN_TAIL_RATE * rest:
            continue
        odds = _log_likelihood(head, length) + _log_likelihood(tail, rest) - constant
        if odds > best:
            best, change = odds, length
    return change


def _log_likelihood(count: int, total: int) -> float:
    """Of a Bernoulli sequence under the rate that fits it best, in nats."""
    if count in (0, total):
        return 0.0
    return count * math.log(count / total) + (total - count) * math.log1p(-count / total)
