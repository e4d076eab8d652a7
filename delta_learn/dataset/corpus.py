"""Corpus: pages of public commands, what each command weighs, and the pages held out to measure.

A corpus file is JSONL, one page, file or CI job a line: {"source": "owner/name:path", "license", "kind", "cmds"}.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from delta_learn.collector.redaction.redact import redact
from delta_learn.errors import HistoryError, NotEnoughDataError

HOLDOUT_SHARE = 0.04
"""Pages, by a hash of their text, that are measured on and never learnt from."""


@dataclass(frozen=True, slots=True)
class Weighting:
    """Loss weight of the commands of one kind, or that begin with one word, or both."""

    weight: float
    reason: str
    kind: str | None = None
    word: str | None = None

    def fits(self, kind: str, command: str) -> bool:
        """Whether it is about this command."""
        return self.kind in (None, kind) and self.word in (None, command.split(maxsplit=1)[0])


WEIGHTINGS = (
    Weighting(
        0.3, "a fifth of the characters of the public corpus is of this one tool, most of it invented ids", word="aws"
    ),
    Weighting(
        0.4, "more than half of the one-line examples are `find`, far more than of what people type", "single", "find"
    ),
    Weighting(0.4, "written once for a machine, not typed at a prompt", "ci"),
    Weighting(0.3, "build recipes: RUN lines, not typed at a prompt", "dockerfile"),
    Weighting(0.3, "build recipes with make's own variables and marks", "makefile"),
)
"""The smallest that fits counts; what none fits has weight 1."""


@dataclass(frozen=True, slots=True)
class Page:
    """The commands of one page, in page order: which is not the order of anybody's work."""

    file: str
    """The corpus file's name without `.jsonl`."""
    source: str
    """owner/name:path."""
    licence: str
    kind: str
    commands: tuple[str, ...]

    @property
    def repository(self) -> str:
        """owner/name."""
        return self.source.partition(":")[0]


@dataclass(frozen=True, slots=True)
class Corpus:
    """What is learnt from and what is measured on; no command is in both, and none is there twice."""

    train: list[Page]
    held_out: list[Page]
    weights: Mapping[str, float]
    """Command to loss weight."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """Commands `read`, with something `redacted`, `empty`, `repeated`, `held_out`, and `known`: left out of the
    held-out pages because a page that is learnt from has them too. `read` is what is left plus what was left out."""
    digests: Mapping[str, str] = field(default_factory=dict)
    """SHA-256 of each file."""

    def lines(self) -> Iterator[str]:
        """The commands to learn pieces from: of those with weight w, the part w."""
        commands = (command for page in self.train for command in page.commands)
        return (command for command in commands if _fraction(command) < self.weights[command])

    def groups(self) -> dict[tuple[str, str], list[str]]:
        """The held-out commands by (file, kind)."""
        groups: dict[tuple[str, str], list[str]] = {}
        for page in self.held_out:
            groups.setdefault((page.file, page.kind), []).extend(page.commands)
        return {key: commands for key, commands in sorted(groups.items()) if commands}


def read_corpus(files: Sequence[Path]) -> Corpus:
    """Read, redact, hold out and count.

    Raises:
        HistoryError: a file cannot be read, or a line of it is no page.
        NotEnoughDataError: nothing is left to learn from.
    """
    counts = Counter[str](dict.fromkeys(("read", "redacted", "empty", "repeated", "held_out", "known"), 0))
    pages = [_clean(page, counts) for path in files for page in _read(path)]
    chosen = [_fraction("\n".join(page.commands)) < HOLDOUT_SHARE for page in pages]
    train = _once([page for page, held in zip(pages, chosen, strict=True) if not held], counts)
    weights = {command: weight_of(page.kind, command) for page in train for command in page.commands}
    held_out = _once([page for page, held in zip(pages, chosen, strict=True) if held], counts)
    held_out = _without(held_out, weights, counts)
    if not weights:
        raise NotEnoughDataError("The corpus holds no command to learn from: give files that do.")
    counts["held_out"] = sum(len(page.commands) for page in held_out)
    digests = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    return Corpus(train, held_out, weights, dict(counts), digests)


def weight_of(kind: str, command: str) -> float:
    """The loss weight of `command` on a page of this kind."""
    return min((w.weight for w in WEIGHTINGS if w.fits(kind, command)), default=1.0)


def _read(path: Path) -> Iterator[Page]:
    try:
        lines = path.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise HistoryError(f"{path} cannot be read ({error}): give corpus files, JSONL in UTF-8.") from error
    for number, line in enumerate(lines, start=1):
        try:
            yield _page(path.stem, json.loads(line))
        except (ValueError, KeyError, TypeError) as error:
            raise HistoryError(
                f'{path}, line {number}, is no page: it needs "source", "license", "kind" and a list "cmds".'
            ) from error


def _page(file: str, data: Mapping[str, object]) -> Page:
    commands = data["cmds"]
    if not isinstance(commands, list) or not all(isinstance(command, str) for command in commands):
        raise TypeError("cmds")
    return Page(file, str(data["source"]), str(data["license"]), str(data["kind"]), tuple(commands))


def _clean(page: Page, counts: Counter[str]) -> Page:
    """The page without blank commands and without secrets."""
    redactions = [redact(command) for command in page.commands if command.strip()]
    counts["read"] += len(page.commands)
    counts["empty"] += len(page.commands) - len(redactions)
    counts["redacted"] += sum(bool(redaction.spans) for redaction in redactions)
    return replace(page, commands=tuple(redaction.redacted for redaction in redactions))


def _once(pages: Sequence[Page], counts: Counter[str]) -> list[Page]:
    """Each command on the first of the pages on which it weighs most."""
    best: dict[str, float] = {}
    for page in pages:
        for command in page.commands:
            best[command] = max(best.get(command, 0.0), weight_of(page.kind, command))
    kept: list[Page] = []
    for page in pages:
        commands = dict.fromkeys(c for c in page.commands if best.get(c) == weight_of(page.kind, c))
        for command in commands:
            del best[command]
        kept.append(replace(page, commands=tuple(commands)))
        counts["repeated"] += len(page.commands) - len(commands)
    return [page for page in kept if page.commands]


def _without(pages: Iterable[Page], known: Mapping[str, float], counts: Counter[str]) -> list[Page]:
    """The pages without the commands that are `known`."""
    kept = [replace(page, commands=tuple(c for c in page.commands if c not in known)) for page in pages]
    counts["known"] += sum(len(page.commands) for page in pages) - sum(len(page.commands) for page in kept)
    return [page for page in kept if page.commands]


def _fraction(text: str) -> float:
    """A number in [0, 1) that only the text decides."""
    return int.from_bytes(hashlib.sha256(text.encode(errors="surrogatepass")).digest()[:6], "big") / (1 << 48)
