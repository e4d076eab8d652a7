"""The files of a base model: weights, tokenizer, model card, and base.json with the SHA-256 of the others.

base.safetensors holds the weights in bf16, tokenizer.model what `Tokenizer.to_bytes` gives, examples.xz commands
of the corpus, one a line.
"""

from __future__ import annotations

import hashlib
import json
import lzma
from collections.abc import Mapping, Sequence
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from delta_learn.errors import ModelError
from delta_learn.registry import ModelFile
from delta_learn.storage.atomic import replace_file

FORMAT = 1
FACTS = "base.json"
WEIGHTS = "base.safetensors"
TOKENIZER = "tokenizer.model"
CARD = "MODEL_CARD.md"
EXAMPLES = "examples.xz"

_READABLE = 0o644
"""These files are published, unlike what else delta_learn writes."""


def write_base(
    directory: Path, model: ModelFile, examples: Sequence[str], facts: Mapping[str, Any], card: str
) -> dict[str, Any]:
    """Write the files of `model` and the `examples` into `directory`; returns what base.json holds.

    `facts` are plain data, without times, so that the same run writes the same bytes. Each file is replaced
    whole and base.json last: what was interrupted between two of them is refused by `read_base`.

    Raises:
        StorageError: they cannot be written.
    """
    text = "".join(f"{example}\n" for example in examples).encode(errors="surrogateescape")
    parts = {
        WEIGHTS: model.weights,
        TOKENIZER: model.tokenizer,
        EXAMPLES: lzma.compress(text, preset=9),
        CARD: card.encode(),
    }
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in parts.items()}
    whole = {"format": FORMAT, **model.meta, **facts, "version": base_version(model), "sha256": digests}
    for name, content in {**parts, FACTS: json.dumps(whole, indent=1).encode() + b"\n"}.items():
        with replace_file(directory / name) as file:
            file.write(content)
        (directory / name).chmod(_READABLE)
    return whole


def base_version(model: ModelFile) -> str:
    """Names the weights and the tokenizer: equal for equal ones."""
    return f"base_{hashlib.sha256(model.tokenizer + model.weights).hexdigest()[:12]}"


def read_base(directory: Traversable) -> ModelFile | None:
    """The base model in `directory`; None where there is none.

    Raises:
        ModelError: a file is missing or not the one that base.json was written with, or a newer delta_learn
            wrote them.
    """
    if not directory.joinpath(FACTS).is_file():
        return None
    facts = _facts(directory)
    if facts.get("format", 0) > FORMAT:
        raise ModelError(f"The base model in {directory} is for a newer delta_learn: update it.")
    return ModelFile(facts, _verified(directory, TOKENIZER, facts), _verified(directory, WEIGHTS, facts))


def read_examples(directory: Traversable) -> list[str]:
    """The examples in `directory`; none where there is no base.

    Raises:
        ModelError: as `read_base`.
    """
    if not directory.joinpath(FACTS).is_file():
        return []
    content = _verified(directory, EXAMPLES, _facts(directory))
    return lzma.decompress(content).decode(errors="surrogateescape").split("\n")[:-1]


def _facts(directory: Traversable) -> dict[str, Any]:
    try:
        facts = json.loads(directory.joinpath(FACTS).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _damaged(directory, FACTS) from error
    if not isinstance(facts, dict) or not isinstance(facts.get("sha256"), dict):
        raise _damaged(directory, FACTS)
    return facts


def _verified(directory: Traversable, name: str, facts: Mapping[str, Any]) -> bytes:
    try:
        content = directory.joinpath(name).read_bytes()
    except OSError as error:
        raise _damaged(directory, name) from error
    if hashlib.sha256(content).hexdigest() != facts["sha256"].get(name):
        raise _damaged(directory, name)
    return content


def _damaged(directory: Traversable, name: str) -> ModelError:
    return ModelError(f"{directory.joinpath(name)} is damaged or missing: install delta_learn again.")
