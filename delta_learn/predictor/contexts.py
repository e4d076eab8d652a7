"""The context of every entry of a history, as it was known at the prompt."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from delta_learn.entry import SESSION_GAP_SECONDS, CommandEntry, split_sessions
from delta_learn.predictor.context import Context
from delta_learn.predictor.mentions import REMEMBERED, Mentions

MAX_PREVIOUS = 32
"""Newest commands of the session that a context holds, so that a context costs the same at any length."""


def contexts(
    entries: Sequence[CommandEntry], gap_seconds: float = SESSION_GAP_SECONDS, *, first: int = 0
) -> Iterator[tuple[int, Context]]:
    """For each entry from index `first` on, in order: the number of its session and its context.

    Sessions are those of `split_sessions`: the previous commands never reach over a pause or into another shell.
    The words are the names that the person made, entered or listed before, in any of them.
    """
    mentions = Mentions()
    for entry in entries[max(0, first - REMEMBERED) : first]:
        mentions.follow(entry)
    sessions = split_sessions(entries, gap_seconds)
    places: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for number, session in enumerate(sessions):
        places[session.entries[0].session].extend((number, index) for index in range(len(session)))
    following = {name: iter(each) for name, each in places.items()}
    for place, entry in enumerate(entries):
        number, index = next(following[entry.session])
        if place < first:
            continue
        session = sessions[number]
        yield (
            number,
            Context(
                previous=session.entries[max(0, index - MAX_PREVIOUS) : index],
                directory=entry.directory,
                timestamp=entry.timestamp,
                words=mentions.words(),
                session=session.id,
            ),
        )
        mentions.follow(entry)
