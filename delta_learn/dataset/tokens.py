"""From a split to token runs: what the shards keep and the data set reads."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from itertools import groupby

from delta_learn.config import DatasetConfig
from delta_learn.dataset.split import Split
from delta_learn.entry import CommandEntry, Session
from delta_learn.storage.shards import Identity, TokenRun
from delta_learn.tokenizer.sequence import encode_session
from delta_learn.tokenizer.tokenizer import Tokenizer


def tokenize(
    split: Split,
    synthetic: Sequence[CommandEntry],
    tokenizer: Tokenizer,
    config: DatasetConfig,
    accepted: Container[Identity] = (),
) -> list[TokenRun]:
    """One run a session; isolated and synthetic entries are sessions of their own.

    Loss weights: `config.taught_weight` for what was taught, `config.synthetic_weight` for variants,
    `config.accepted_weight` for the `accepted` suggestions (collector/usage.py), else 1; always 1 in the
    hold-out, whose loss is a measure.

    Raises:
        ValueError: there is a synthetic entry in the hold-out.
    """
    if any(entry.source == "synthetic" for session in split.held_out for entry in session):
        raise ValueError("synthetic entries must not be held out: they would measure their own maker")

    def weight(entry: CommandEntry) -> float:
        if (entry.session, entry.sequence) in accepted:
            return config.accepted_weight
        return {"taught": config.taught_weight, "synthetic": config.synthetic_weight}.get(entry.source, 1.0)

    variants = (Session(entry.session, (entry,)) for entry in synthetic)
    return [
        *(token_run(part, tokenizer, weight, held_out=False) for part in _parts([*split.train, *variants])),
        *(token_run(part, tokenizer, lambda _: 1.0, held_out=True) for part in _parts(split.held_out)),
    ]


def _parts(sessions: Iterable[Session]) -> Iterator[Session]:
    """The sessions, each isolated entry by itself: what ran before and after it is not known."""
    for session in sessions:
        groups = groupby(enumerate(session), key=lambda item: item[0] if item[1].isolated else None)
        for _, group in groups:
            yield Session(session.id, tuple(entry for _, entry in group))


def token_run(
    session: Session, tokenizer: Tokenizer, weight: Callable[[CommandEntry], float], *, held_out: bool
) -> TokenRun:
    """`session` as one run."""
    tokens = encode_session(session, tokenizer, weight)
    return TokenRun(
        session=session.id,
        timestamp=next((entry.timestamp for entry in session if entry.timestamp is not None), None),
        entries=len(session),
        held_out=held_out,
        synthetic=session.entries[0].source == "synthetic",
        ids=tokens.ids.astype("<u2").tobytes(),
        weights=tokens.weights.astype("<f2").tobytes(),
    )
