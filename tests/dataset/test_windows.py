from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from delta_learn.config import DatasetConfig
from delta_learn.dataset.split import Split
from delta_learn.dataset.tokens import tokenize
from delta_learn.dataset.windows import MIN_ROW_TOKENS, Batch, Dataset
from delta_learn.entry import CommandEntry, Session
from delta_learn.storage.shards import TokenRun
from delta_learn.tokenizer.tokenizer import Tokenizer

PAD, SESSION, CMD = 0, 1, 2


def run(ids: list[int], weights: list[float]) -> TokenRun:
    return TokenRun("s", None, 1, False, False, np.array(ids, "<u2").tobytes(), np.array(weights, "<f2").tobytes())


@st.composite
def some_runs(draw: st.DrawFn) -> list[TokenRun]:
    """Runs of commands; every command token has an id of its own, which is its name in the tests."""
    token = 10
    runs = []
    for commands in draw(st.lists(st.lists(st.integers(1, 30), max_size=12), max_size=8)):
        ids, weights = [SESSION], [0.0]
        for length in commands:
            weight = draw(st.sampled_from([1.0, 0.25, 4.0, 0.0]))
            ids += [CMD, *range(token, token + length)]
            weights += [0.0] + [weight] * length
            token += length
        runs.append(run(ids, weights))
    return runs


def epoch(dataset: Dataset, number: int, rows: int = 3) -> list[Batch]:
    return [dataset.batch(number, index, rows) for index in range(-(-dataset.rows_per_epoch() // rows))]


def previous(runs: list[TokenRun]) -> dict[int, int]:
    """The token before each command token."""
    arrays = [np.frombuffer(one.ids, "<u2").tolist() for one in runs]
    return {token: ids[i - 1] for ids in arrays for i, token in enumerate(ids) if token >= 10}


datasets = {"runs": some_runs(), "row_tokens": st.integers(MIN_ROW_TOKENS, 40), "number": st.integers(0, 20)}


@settings(max_examples=200, deadline=None)
@given(**datasets)
def test_every_weighted_token_is_trained_once_an_epoch(runs: list[TokenRun], row_tokens: int, number: int) -> None:
    dataset = Dataset(runs, row_tokens=row_tokens, seed=3, pad=PAD)
    wanted: Counter[tuple[int, float]] = Counter()
    for one in runs:
        pairs = zip(np.frombuffer(one.ids, "<u2").tolist(), np.frombuffer(one.weights, "<f2").tolist(), strict=True)
        wanted.update(pair for pair in pairs if pair[1] > 0)
    trained: Counter[tuple[int, float]] = Counter()
    for batch in epoch(dataset, number):
        where = batch.weights > 0
        trained.update(zip(batch.targets[where].tolist(), batch.weights[where].tolist(), strict=True))
    assert trained == wanted


@settings(max_examples=200, deadline=None)
@given(**datasets)
def test_every_trained_token_is_predicted_from_the_one_before(
    runs: list[TokenRun], row_tokens: int, number: int
) -> None:
    before = previous(runs)
    for batch in epoch(Dataset(runs, row_tokens=row_tokens, seed=3, pad=PAD), number):
        where = batch.weights > 0
        for token, target in zip(batch.ids[where].tolist(), batch.targets[where].tolist(), strict=True):
            assert token == before[target]


@settings(max_examples=200, deadline=None)
@given(**datasets)
def test_segments_are_parts_of_one_session(runs: list[TokenRun], row_tokens: int, number: int) -> None:
    whole = ["".join(map(chr, np.frombuffer(one.ids, "<u2").tolist())) for one in runs]
    for batch in epoch(Dataset(runs, row_tokens=row_tokens, seed=3, pad=PAD), number):
        for ids, targets, segments, weights in zip(
            batch.ids, batch.targets, batch.segments, batch.weights, strict=True
        ):
            used = int((segments >= 0).sum())
            assert (np.diff(segments[:used]) >= 0).all()
            assert (segments[used:] == -1).all()
            assert (ids[used:] == PAD).all()
            assert (targets[used:] == PAD).all()
            assert not weights[used:].any()
            for segment in range(int(segments.max()) + 1):
                at = segments == segment
                assert ids[at][0] == SESSION
                assert ids[at][1:].tolist() == targets[at][:-1].tolist()
                assert any("".join(map(chr, targets[at].tolist())) in text for text in whole)
                assert weights[at].any()


@settings(max_examples=100, deadline=None)
@given(**datasets)
def test_a_batch_is_a_pure_function(runs: list[TokenRun], row_tokens: int, number: int) -> None:
    dataset = Dataset(runs, row_tokens=row_tokens, seed=3, pad=PAD)
    forward = epoch(dataset, number)
    again = Dataset(runs, row_tokens=row_tokens, seed=3, pad=PAD)
    for index in reversed(range(len(forward))):
        batch = again.batch(number, index, 3)
        for name in ("ids", "targets", "segments", "weights"):
            np.testing.assert_array_equal(getattr(batch, name), getattr(forward[index], name))


@settings(max_examples=100, deadline=None)
@given(**datasets, rows=st.integers(1, 5))
def test_every_epoch_has_the_same_number_of_rows(runs: list[TokenRun], row_tokens: int, number: int, rows: int) -> None:
    dataset = Dataset(runs, row_tokens=row_tokens, seed=3, pad=PAD)
    assert sum(len(batch.ids) for batch in epoch(dataset, number, rows)) == dataset.rows_per_epoch()
    with pytest.raises(IndexError):
        dataset.batch(number, -(-dataset.rows_per_epoch() // rows), rows)
    with pytest.raises(IndexError):
        dataset.batch(number, -1, rows)


def long_run(commands: int = 100, length: int = 5) -> TokenRun:
    ids, weights = [SESSION], [0.0]
    for i in range(commands):
        ids += [CMD, *range(10 + i * length, 10 + (i + 1) * length)]
        weights += [0.0] + [1.0] * length
    return run(ids, weights)


def row_starts(batches: list[Batch]) -> set[int]:
    """The first trained token of every row."""
    return {int(t[w > 0][0]) for b in batches for t, w in zip(b.targets, b.weights, strict=True) if w.any()}


def test_long_sessions_are_cut_between_commands_with_context() -> None:
    dataset = Dataset([long_run()], row_tokens=32, seed=3, pad=PAD)
    starts = row_starts(epoch(dataset, 0))
    assert len(starts) > 15
    assert all((start - 10) % 5 == 0 for start in starts)
    for batch in epoch(dataset, 0):
        for targets, weights in zip(batch.targets, batch.weights, strict=True):
            context = int(np.flatnonzero(weights)[0])
            assert targets[0] == CMD
            assert context == 7 or targets[context] == 10  # one command and its <cmd>, and the next <cmd>


def test_a_command_longer_than_a_row_is_cut_with_context() -> None:
    dataset = Dataset([long_run(commands=2, length=100)], row_tokens=32, seed=3, pad=PAD)
    starts = row_starts(epoch(dataset, 0))
    assert len(starts) > 5
    for batch in epoch(dataset, 0):
        for targets, weights in zip(batch.targets, batch.weights, strict=True):
            context = int(np.flatnonzero(weights)[0])
            assert context in (1, 8) or targets[context] in (10, 110)


def test_cuts_and_order_differ_from_epoch_to_epoch() -> None:
    dataset = Dataset([long_run()], row_tokens=32, seed=3, pad=PAD)
    assert len({frozenset(row_starts(epoch(dataset, number))) for number in range(4)}) > 1
    first, same_cuts = dataset.batch(0, 0, 4), dataset.batch(8, 0, 4)
    assert not np.array_equal(first.targets, same_cuts.targets)


def test_the_seed_decides_the_order() -> None:
    runs = [run([SESSION, CMD, token], [0.0, 0.0, 1.0]) for token in range(10, 200)]
    one, other = (Dataset(runs, row_tokens=8, seed=seed, pad=PAD).batch(0, 0, 4) for seed in (1, 2))
    assert not np.array_equal(one.targets, other.targets)


def test_short_sessions_share_rows() -> None:
    runs = [run([SESSION, CMD, *range(10, 10 + n)], [0.0, 0.0] + [1.0] * n) for n in range(1, 30)] * 4
    dataset = Dataset(runs, row_tokens=64, seed=3, pad=PAD)
    tokens = sum(len(one.ids) // 2 - 1 for one in runs)
    assert dataset.rows_per_epoch() <= -(-tokens // 64) + 2
    batches = epoch(dataset, 1)
    assert sum(batch.tokens for batch in batches) == tokens
    assert sum(batch.weighted_tokens for batch in batches) == tokens - len(runs)


def test_nothing_with_weight_means_no_rows() -> None:
    assert Dataset([], row_tokens=8, seed=3, pad=PAD).rows_per_epoch() == 0
    assert Dataset([run([SESSION, CMD, 10], [0.0] * 3)], row_tokens=8, seed=3, pad=PAD).rows_per_epoch() == 0


def test_types_are_those_of_the_model() -> None:
    batch = Dataset([long_run()], row_tokens=32, seed=3, pad=PAD).batch(0, 0, 4)
    assert [getattr(batch, name).dtype.name for name in ("ids", "targets", "segments", "weights")] == [
        "int64",
        "int64",
        "int32",
        "float32",
    ]
    assert batch.ids.shape == batch.targets.shape == batch.segments.shape == batch.weights.shape == (4, 32)


def test_rows_too_short_for_a_cut_are_refused() -> None:
    with pytest.raises(ValueError, match="row_tokens"):
        Dataset([], row_tokens=MIN_ROW_TOKENS - 1, seed=3, pad=PAD)


def test_entries_and_text_bytes_count_the_text(tokenizer: Tokenizer) -> None:
    commands = ["git status", "echo ünïcödé", "a\nb", "\udcff"]
    session = Session("s", tuple(CommandEntry(command, "/somewhere/else") for command in commands))
    runs = tokenize(Split([], [session]), [], tokenizer, DatasetConfig())
    dataset = Dataset(runs, row_tokens=16, seed=3, pad=tokenizer.symbol("<pad>"))
    assert dataset.entries == 4
    assert dataset.text_bytes(tokenizer) == sum(
        len(command.encode("utf-8", "surrogateescape")) + 1 for command in commands
    )
