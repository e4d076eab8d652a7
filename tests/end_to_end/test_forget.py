"""Forgetting as a person does it: the model that knows is silenced, the next one is as if it had never been typed."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from delta_learn.collector.forget import forget
from delta_learn.collector.normalize import Normalizer
from delta_learn.collector.sample.generator import sample_entries
from delta_learn.collector.store import Store
from delta_learn.config import Config, TokenizerConfig, TrainConfig
from delta_learn.entry import CommandEntry
from delta_learn.nightly.night import Night, given
from delta_learn.nightly.pipeline import STEPS
from delta_learn.paths import Paths
from delta_learn.registry import ModelFile, ModelRecord, Registry
from delta_learn.storage.blockfile import BlockReader
from delta_learn.storage.seal import Keyring
from delta_learn.storage.shards import TokenShards
from delta_learn.tokenizer.tokenizer import Tokenizer

pytestmark = pytest.mark.slow

ENTRIES = 700
SECRET = "frob --at qwxyzzy-vault"
CONFIG = Config(
    train=TrainConfig(max_epochs=1, min_entries=100, max_seconds=1e6, from_base=False, threads=1, row_tokens=64),
    tokenizer=TokenizerConfig(vocab_size=512),
)


def kept() -> list[CommandEntry]:
    """What stays; numbered with gaps, where others were typed."""
    return [
        replace(
            entry, sequence=3 * number, session=f"zsh-{number // 40}", source="typed", directory="/srv", exit_code=0
        )
        for number, entry in enumerate(sample_entries(ENTRIES, seed=5))
    ]


def with_others(entries: list[CommandEntry]) -> list[CommandEntry]:
    """The same with lines in between that are to be forgotten: first ones, last ones, in the hold-out too."""
    found = []
    for number, entry in enumerate(entries):
        if number % 11 == 0:
            before = (entry.timestamp or 0.0) - 1
            found.append(replace(entry, command=f"{SECRET}{number}", sequence=entry.sequence - 1, timestamp=before))
        found.append(entry)
    return [*found, replace(found[-1], command=SECRET, sequence=found[-1].sequence + 1)]


def store_of(root: Path, key: bytes, entries: list[CommandEntry]) -> Store:
    paths = Paths(root / "home", root / "state")
    paths.state.mkdir(parents=True, mode=0o700)
    paths.key.write_bytes(key)
    paths.key.chmod(0o600)
    store = Store.open(paths)
    for start in range(0, len(entries), 100):  # as drains do
        store.record(entries[start : start + 100])
    return store


def night_until(store: Store, last: str) -> Night:
    """The steps of a night, up to and with `last`."""
    night = Night(store, Registry(store.paths, store.keyring), CONFIG, nightly=False)
    for name, step in STEPS:
        step(night)
        assert not night.skipped
        if name == last:
            break
    return night


def test_the_next_model_is_the_one_trained_without_them_byte_for_byte(tmp_path: Path) -> None:
    key = bytes(range(32))
    never = store_of(tmp_path / "never", key, kept())
    knew = store_of(tmp_path / "knew", key, with_others(kept()))
    before = given(night_until(knew, "tokens").lesson)
    forget(knew, pattern="qwxyzzy")
    assert knew.entries() == never.entries()
    nights = [night_until(store, "train") for store in (never, knew)]
    expected, after = (given(night.personal).file for night in nights)
    assert after.weights == expected.weights
    assert after.tokenizer == expected.tokenizer
    assert after.meta == expected.meta
    assert before.tokenizer.to_bytes() != after.tokenizer, "it had known them"
    runs = [TokenShards(s.paths.processed, s.keyring).read_all(version(after)) for s in (never, knew)]
    assert runs[0] == runs[1]


def version(model: ModelFile) -> str:
    return Tokenizer.from_bytes(model.tokenizer, Normalizer.current()).version


def person(root: Path) -> list[CommandEntry]:
    """A person with a history of zsh; what it holds."""
    entries = [entry for entry in with_others(kept()) if "\n" not in entry.command]
    lines = [f": {int(entry.timestamp or 0)}:0;{entry.command}" for entry in entries]
    (root / ".zsh_history").write_text("\n".join(lines) + "\n", encoding="utf-8", errors="surrogateescape")
    return entries


def delta(root: Path, *arguments: str) -> str:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(root),
        "DELTA_HOME": str(root / "home"),
        "DELTA_STATE_HOME": str(root / "state"),
        "TMPDIR": str(root),
    }
    command = [sys.executable, "-c", "from delta_learn.cli.app import main; main()", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


def records(root: Path) -> str:
    """All that lies in sealed files, but for models, whose weights nobody can read."""
    keyring = Keyring.load(root / "state" / "key")
    kinds = {"commands_": "raw", "tokenized_": "tokens", "predictor": "state", "forgotten": "state", "never": "state"}
    found: list[object] = []
    for path in (*(root / "home").rglob("*.bin"), *(root / "state").rglob("*.bin")):
        kind = next((kind for begin, kind in kinds.items() if path.name.startswith(begin)), None)
        if kind is not None:
            with BlockReader(path, kind=kind, keyring=keyring) as reader:
                found += reader.records()
    return repr(found)


def test_a_person_forgets(tmp_path: Path) -> None:
    count = sum("qwxyzzy" in entry.command for entry in person(tmp_path))
    delta(tmp_path, "import")
    store = Store.open(Paths(tmp_path / "home", tmp_path / "state"))
    night = night_until(store, "train")
    night.registry.save_model(ModelRecord("delta_model_2026-11-22", 0.0), given(night.personal).file)
    night.registry.deploy("delta_model_2026-11-22")
    assert "qwxyzzy" in delta(tmp_path, "predict", "--prefix", "frob", "--json")
    assert "qwxyzzy" in records(tmp_path)
    assert delta(tmp_path, "forget", "qwxyzzy", "--dry-run").startswith(f"{count} entries match.")
    assert f"{count} entries forgotten" in delta(tmp_path, "forget", "qwxyzzy", "--yes")
    assert "qwxyzzy" not in records(tmp_path)
    for prefix in ("", "frob --at ", "frob --at qwx"):
        assert "qwxyzzy" not in delta(tmp_path, "predict", "--prefix", prefix, "--json", "-k", "50")
    assert f"{count} forgotten before, not imported again" in delta(tmp_path, "import")
    assert "qwxyzzy" not in records(tmp_path)
