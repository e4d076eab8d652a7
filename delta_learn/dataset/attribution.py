"""Where the commands of a corpus are from: repositories, licences and what these ask to be said."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from delta_learn.dataset.corpus import Corpus

SOURCES = "SOURCES.tsv"
README = "README.md"

_ATTRIBUTION = re.compile(r"^## Attribution.*?\n(.*?)(?=^## |\Z)", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Origin:
    """One repository under one licence."""

    repository: str
    licence: str
    commands: int
    """Distinct ones that were learnt from or measured on."""
    commit: str = ""
    copyright: str = ""


def origins(corpus: Corpus, files: Sequence[Path]) -> list[Origin]:
    """The repositories of a corpus, most commands first; commits and copyright lines from SOURCES.tsv beside the
    files, where there is one.
    """
    counts = Counter[tuple[str, str]]()
    for page in (*corpus.train, *corpus.held_out):
        counts[page.repository, page.licence] += len(page.commands)
    listed = _listed(_beside(files, SOURCES))
    found = [Origin(*key, count, **listed.get(key, {})) for key, count in counts.items()]
    return sorted(found, key=lambda origin: (-origin.commands, origin.repository, origin.licence))


def attribution(files: Sequence[Path]) -> str:
    """The sections "Attribution" of the README.md beside the files, which go with whatever is built from them."""
    texts = (path.read_text(encoding="utf-8") for path in _beside(files, README))
    return "\n".join(match.group(1).strip() for text in texts for match in _ATTRIBUTION.finditer(text))


def _beside(files: Sequence[Path], name: str) -> list[Path]:
    places = dict.fromkeys(path.parent / name for path in files)
    return [path for path in places if path.is_file()]


def _listed(paths: Iterable[Path]) -> dict[tuple[str, str], Mapping[str, str]]:
    """(repository, licence) to commit and copyright."""
    listed: dict[tuple[str, str], Mapping[str, str]] = {}
    for path in paths:
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
                key = row.get("repository") or "", row.get("licence") or ""
                listed[key] = {name: row.get(name) or "" for name in ("commit", "copyright")}
    return listed
