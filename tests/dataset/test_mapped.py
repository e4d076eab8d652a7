from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from delta_learn.dataset import windows
from delta_learn.dataset.mapped import map_tokens, write_tokens
from delta_learn.dataset.windows import Dataset, Tokens
from delta_learn.errors import DamagedFileError, ModelError, StorageError
from delta_learn.storage.shards import TokenRun


def run(length: int, seed: int) -> TokenRun:
    random = np.random.default_rng([length, seed])
    weights = random.choice([0.0, 0.0, 0.3, 1.0, 4.0], length)
    ids = random.integers(1 << 16, size=length)
    return TokenRun("s", None, 3, False, False, ids.astype("<u2").tobytes(), weights.astype("<f2").tobytes())


def runs(*lengths: int) -> list[TokenRun]:
    return [run(length, seed) for seed, length in enumerate(lengths)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "tokens.bin"
    write_tokens(path, iter(runs(5, 1, 90, 40)), "v1")
    return path


def same_rows(ours: Dataset, theirs: Dataset) -> None:
    assert ours.rows_per_epoch() == theirs.rows_per_epoch()
    assert ours.entries == theirs.entries
    for epoch in (0, 1, 9):
        for index in range(-(-ours.rows_per_epoch() // 3)):
            a, b = ours.batch(epoch, index, 3), theirs.batch(epoch, index, 3)
            for name in ("ids", "targets", "segments", "weights"):
                left, right = getattr(a, name), getattr(b, name)
                assert left.dtype == right.dtype
                assert np.array_equal(left, right)


@settings(max_examples=30)
@given(lengths=st.lists(st.integers(1, 120), max_size=12), seed=st.integers(0, 99))
def test_rows_and_their_order_are_those_of_the_same_tokens_in_memory(
    tmp_path_factory: pytest.TempPathFactory, lengths: list[int], seed: int
) -> None:
    path = tmp_path_factory.mktemp("tokens") / "tokens.bin"
    write_tokens(path, runs(*lengths), "v1")
    mapped = Dataset(map_tokens(path, "v1"), row_tokens=16, seed=seed, pad=7)
    same_rows(mapped, Dataset(runs(*lengths), row_tokens=16, seed=seed, pad=7))


def test_rows_do_not_depend_on_how_many_tokens_are_looked_at_together(monkeypatch: pytest.MonkeyPatch) -> None:
    lengths = (33, 1, 90, 17, 64, 5)
    whole = Dataset(runs(*lengths), row_tokens=16, seed=1, pad=0)
    for chunk in (1, 7, 32, 210):
        monkeypatch.setattr(windows, "_CHUNK", chunk)
        same_rows(Dataset(runs(*lengths), row_tokens=16, seed=1, pad=0), whole)


def test_tokens_stay_in_the_file(path: Path) -> None:
    tokens = map_tokens(path, "v1")
    in_memory = Tokens.of(runs(5, 1, 90, 40))
    for ours, theirs in (
        (tokens.ids, in_memory.ids),
        (tokens.weights, in_memory.weights),
        (tokens.ends, in_memory.ends),
    ):
        assert np.array_equal(ours, theirs)
    assert isinstance(tokens.ids, np.memmap)
    assert not tokens.ids.flags.writeable


def cut(data: bytes) -> bytes:
    return data[:-1]


def extended(data: bytes) -> bytes:
    return data + bytes(8)


def another(_: bytes) -> bytes:
    return b"not a file of tokens, but as long as a header has to be: " + bytes(100)


@pytest.mark.parametrize("change", [cut, extended, another, lambda data: data[:50], lambda _: b""])
def test_what_is_not_whole_is_refused(path: Path, change: Callable[[bytes], bytes]) -> None:
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(DamagedFileError, match=f"{path.name} is .* it is made again"):
        map_tokens(path, "v1")


def test_every_flipped_bit_is_refused(path: Path) -> None:
    whole = path.read_bytes()
    for place in range(len(whole)):
        data = bytearray(whole)
        data[place] ^= 1 << (place % 8)
        path.write_bytes(data)
        with pytest.raises(StorageError, match=path.name):
            map_tokens(path, "v1")


def test_tokens_of_another_origin_are_refused(path: Path) -> None:
    with pytest.raises(ModelError, match="another corpus"):
        map_tokens(path, "v2")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"tokens\.bin"):
        map_tokens(tmp_path / "tokens.bin", "v1")


def test_a_corpus_that_cannot_be_read_to_its_end_leaves_the_old_file(path: Path) -> None:
    def broken() -> object:
        yield run(3, 0)
        raise ValueError("broken page")

    before = path.read_bytes()
    with pytest.raises(ValueError, match="broken page"):
        write_tokens(path, broken(), "v1")  # type: ignore[arg-type]
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_the_way_of_personal_tokens_knows_no_plain_file() -> None:
    code = (
        "import sys, delta_learn.nightly.pipeline, delta_learn.trainer.personal, delta_learn.trainer.job\n"
        "sys.exit('delta_learn.dataset.mapped' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
