"""Which entries of a history are new: the same file twice, or one command from two tools, counts once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from delta_learn.collector.outcome import FEEDBACK
from delta_learn.entry import CommandEntry

_SURE_OVERLAP = 20
"""So many equal lines in a row are the same stretch of the same file, not chance."""

_CLOCK_SECONDS = 2
"""By so much the hooks' time of a command and that in the shell's own history file may differ."""


def new_entries(known: Iterable[CommandEntry], incoming: Sequence[CommandEntry]) -> list[CommandEntry]:
    """The entries of `incoming` that are not in `known`, in their order, renumbered behind the known ones.

    A command with a time is the same command if second and text agree, whichever tool recorded it; with what
    the hooks recorded it is, if the seconds are near. Without times the file's own order tells: what follows
    the longest overlap with what is known is new, but for what the hooks recorded in that shell.
    """
    known = [entry for entry in known if entry.source != FEEDBACK]
    fresh = {id(entry) for entry in _new_timed(known, incoming)} | {
        id(entry) for entry in _new_untimed(known, incoming)
    }
    return _renumbered(known, [entry for entry in incoming if id(entry) in fresh])


def _new_timed(known: Sequence[CommandEntry], incoming: Iterable[CommandEntry]) -> list[CommandEntry]:
    seen = Counter((int(e.timestamp), e.command) for e in known if e.timestamp is not None and not _is_recorded(e))
    fresh = []
    for entry in incoming:
        if entry.timestamp is None:
            continue
        key = (int(entry.timestamp), entry.command)
        if seen[key] > 0:
            seen[key] -= 1
        else:
            fresh.append(entry)
    return _not_typed(known, fresh)


def _not_typed(known: Iterable[CommandEntry], incoming: Iterable[CommandEntry]) -> list[CommandEntry]:
    """Leave out what the hooks recorded at about that time; earliest with earliest, so that none is left over."""
    times: dict[str, list[int]] = {}
    for entry in known:
        if _is_recorded(entry):
            times.setdefault(entry.command.strip(), []).append(int(entry.timestamp or 0.0))
    for seconds in times.values():
        seconds.sort(reverse=True)
    fresh = []
    for entry in sorted(incoming, key=lambda e: e.timestamp or 0.0):
        second, near = int(entry.timestamp or 0.0), times.get(entry.command.strip(), [])
        while near and near[-1] < second - _CLOCK_SECONDS:
            near.pop()
        if near and near[-1] <= second + _CLOCK_SECONDS:
            near.pop()
        else:
            fresh.append(entry)
    return fresh


def _new_untimed(known: Iterable[CommandEntry], incoming: Iterable[CommandEntry]) -> list[CommandEntry]:
    old: dict[str, list[CommandEntry]] = {}
    for entry in known:
        if entry.timestamp is None:
            old.setdefault(entry.session, []).append(entry)
    streams: dict[str, list[CommandEntry]] = {}
    for entry in incoming:
        if entry.timestamp is None:
            streams.setdefault(entry.session, []).append(entry)
    fresh = []
    for session, entries in streams.items():
        before = [e.command for e in sorted(old.get(session, ()), key=lambda e: e.sequence)]
        fresh += _not_recorded(known, _after_overlap(before, entries))
    return fresh


def _not_recorded(known: Iterable[CommandEntry], tail: Sequence[CommandEntry]) -> list[CommandEntry]:
    """Leave out of the end of a shell's own history as many copies of each line as the hooks recorded there.

    The newest copies are left out. Where the shell drops duplicates from its file, an older copy may go
    instead, of a line that is known then all the same. A history without times of another machine loses the
    lines that were typed on this one too.
    """
    if not tail:
        return []
    recorded = Counter(line for e in known if _is_recorded(e) and e.shell == tail[0].shell for line in _lines(e))
    fresh = []
    for entry in reversed(tail):
        line = entry.command.strip()
        if recorded[line] > 0:
            recorded[line] -= 1
        else:
            fresh.append(entry)
    return fresh[::-1]


def _is_recorded(entry: CommandEntry) -> bool:
    """Whether the hooks recorded it: they always know the time."""
    return entry.source == "typed" and entry.timestamp is not None


def _lines(entry: CommandEntry) -> set[str]:
    """A command as a history file may hold it: whole, or each of its lines by itself."""
    return {entry.command.strip(), *(line.strip() for line in entry.command.split("\n"))}


def _after_overlap(before: list[str], entries: list[CommandEntry]) -> list[CommandEntry]:
    shared = overlap(before, [e.command for e in entries])
    if shared == len(before) or shared == len(entries) or shared >= _SURE_OVERLAP:
        return entries[shared:]
    left = Counter(before)  # the file was rewritten: how often each line occurs is all that is left
    fresh = []
    for entry in entries:
        if left[entry.command] > 0:
            left[entry.command] -= 1
        else:
            fresh.append(entry)
    return fresh


def overlap(before: Sequence[str], after: Sequence[str]) -> int:
    """Length of the longest suffix of `before` that is a prefix of `after` (Knuth-Morris-Pratt)."""
    border = [0] * len(after)
    for i in range(1, len(after)):
        k = border[i - 1]
        while k and after[i] != after[k]:
            k = border[k - 1]
        border[i] = k + 1 if after[i] == after[k] else 0
    matched = 0
    for line in before:
        while matched and (matched == len(after) or after[matched] != line):
            matched = border[matched - 1]
        if after and after[matched] == line:
            matched += 1
    return matched


def _renumbered(known: Iterable[CommandEntry], fresh: Iterable[CommandEntry]) -> list[CommandEntry]:
    following: dict[str, int] = {}
    for entry in known:
        following[entry.session] = max(following.get(entry.session, 0), entry.sequence + 1)
    numbered = []
    for entry in fresh:
        sequence = following.get(entry.session, 0)
        following[entry.session] = sequence + 1
        numbered.append(entry if entry.sequence == sequence else replace(entry, sequence=sequence))
    return numbered
