"""MODEL_CARD.md: what a base model was made from, how, how well it predicts, and what it is not for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from delta_learn.dataset.attribution import Origin
from delta_learn.dataset.corpus import WEIGHTINGS, Corpus

_USE = """\
## Intended use

The weights that a personal model starts from. It is one expert of a mixture: suggestions are ranked together with
what the person has typed, and are never run without the person.

`examples.xz` holds up to 20,000 commands of the same data, one a line, under the licences above: what completes at
a prompt before there is a history. Changes made: long and repeated ones left out, credential-shaped strings
replaced."""

_LIMITS = """\
## Limits

- It knows tools, subcommands, flags and syntax from documentation. Names, paths and hosts in it are invented or
  belong to somebody else's example.
- Documentation is not what people type: {transitions}
- English, bash and zsh, Linux and macOS; tools newer than the sources are unknown to it.
- A completion may be wrong, outdated or destructive. Credential-shaped strings were replaced before training."""

_TRANSITIONS = (
    "pages list commands in an order that is nobody's work, so their commands were shuffled into short invented "
    "sessions, and what is typed after what has to be learnt from the person."
)


@dataclass(frozen=True, slots=True)
class CardFacts:
    """What the card says, as base.json does."""

    facts: dict[str, Any]
    corpus: Corpus
    origins: Sequence[Origin]
    attribution: str
    command: str
    """The command that makes the same model again."""


def model_card(card: CardFacts) -> str:
    """The card, in Markdown; without times, so that the same run gives the same card."""
    parts = [
        f"# Base model\n\n{_summary(card.facts)}",
        f"## Made by\n\n```sh\n{card.command}\n```",
        f"## Bits a byte\n\n{_bits(card.facts)}",
        f"## Data\n\n{_data(card.corpus)}",
        f"## Licences\n\n{_licences(card)}",
        _USE,
        _LIMITS.format(transitions=_TRANSITIONS),
    ]
    return "\n\n".join(parts) + "\n"


def _summary(facts: dict[str, Any]) -> str:
    model, lineage = facts["model"], facts["lineage"]
    return (
        f"A decoder-only transformer over shell tokens (preset {facts['preset']}): {model['n_layer']} layers, "
        f"{model['n_embed']} wide, {facts['parameters']:,} parameters in bf16, a vocabulary of {model['vocab_size']:,} "
        f"pieces, at most {model['block_size']} tokens.\nTrained from scratch for {lineage['steps']:,} steps, "
        f"{lineage['tokens']:,} token positions (one time through the corpus is {lineage['tokens_per_epoch']:,}), "
        f"with seed {lineage['seed']}, {lineage['threads']} CPU threads and torch {lineage['torch']}."
    )


def _bits(facts: dict[str, Any]) -> str:
    rows = [
        [row["file"], row["kind"], f"{row['commands']:,}", f"{row['bits_per_byte']:.3f}"]
        for row in facts["bits_per_byte"]
    ]
    table = _table(["file", "kind", "commands held out", "bits a byte"], rows)
    return (
        "Of pages that were held out by a hash of their text, without commands that other pages have too; each "
        f"command alone, its newline included, with the weights as they are shipped.\n\n{table}"
    )


def _data(corpus: Corpus) -> str:
    counts = corpus.counts
    sizes: dict[tuple[str, str], int] = {}
    for page in corpus.train:
        sizes[page.file, page.kind] = sizes.get((page.file, page.kind), 0) + len(page.commands)
    rows = [[file, kind, f"{size:,}"] for (file, kind), size in sorted(sizes.items())]
    weightings = "\n".join(
        f"- {' '.join(filter(None, (w.kind, w.word and f'`{w.word}`')))}: {w.weight}, {w.reason}" for w in WEIGHTINGS
    )
    return (
        f"{counts['read']:,} commands were read: {counts['redacted']:,} with something that looked like a secret "
        f"replaced, {counts['repeated']:,} repeats counted once, {counts['empty']:,} empty, {counts['held_out']:,} "
        f"held out, {counts['known']:,} left out of these because other pages have them too.\n\n"
        f"{_table(['file', 'kind', 'commands learnt from'], rows)}\n\nLoss weights, 1 for the others:\n\n{weightings}"
    )


def _licences(card: CardFacts) -> str:
    rows = [
        [origin.repository, origin.licence, f"{origin.commands:,}", origin.commit[:12], origin.copyright]
        for origin in card.origins
    ]
    table = _table(["repository", "licence", "commands", "commit", "copyright"], rows)
    return f"{card.attribution}\n\n{table}" if card.attribution else table


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
