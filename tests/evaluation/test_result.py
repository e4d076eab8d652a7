"""Results: differences between methods, paired and resampled."""

from __future__ import annotations

import numpy as np
import pytest

from delta_learn.evaluation.result import METRICS, Commands, MethodScores, ReplayResult

N = 200
CHARS = np.full(N, 10)


def scores(keys: int, *, hit: bool = False, bits: float = np.nan) -> MethodScores:
    column, flags = np.full(N, keys), np.full(N, hit)
    return MethodScores(column, column, column, column, flags, flags, ~flags, np.full(N, bits), np.arange(101.0))


def result(**methods: MethodScores) -> ReplayResult:
    return ReplayResult(Commands(CHARS, CHARS + 1, np.arange(N) // 10, np.ones(N, np.bool_)), methods)


def test_differences_are_subject_less_the_other() -> None:
    differences = result(delta=scores(4, hit=True), old=scores(6)).differences("delta")
    assert list(differences) == ["delta-vs-old"]
    metrics = differences["delta-vs-old"]
    for name, expected in [("hit@1", 1.0), ("ksr_word", 0.2), ("net", 0.3)]:
        for end in ("mean", "low", "high"):
            assert metrics[name][end] == pytest.approx(expected)


def test_delta_is_the_subject_by_default_and_else_the_first() -> None:
    assert list(result(a=scores(5), delta=scores(5)).summary()["differences"]) == ["delta-vs-a"]
    assert list(result(a=scores(5), b=scores(5)).summary()["differences"]) == ["a-vs-b"]
    assert list(result(a=scores(5), b=scores(5)).summary("b")["differences"]) == ["b-vs-a"]


def test_a_metric_that_one_method_lacks_is_left_out() -> None:
    both = result(delta=scores(5, bits=22.0), a=scores(5, bits=11.0)).differences("delta")["delta-vs-a"]
    assert both["bits_per_byte"]["mean"] == pytest.approx(1.0)
    one = result(delta=scores(5, bits=22.0), a=scores(5)).differences("delta")["delta-vs-a"]
    assert set(one) == set(METRICS) - {"bits_per_byte"}


def test_a_varying_difference_has_an_interval_around_its_mean() -> None:
    varying = scores(5)
    varying.keys_word[::3] -= 2
    interval = result(delta=varying, a=scores(5)).differences("delta")["delta-vs-a"]["ksr_word"]
    assert interval["low"] < interval["mean"] < interval["high"]
    assert interval["mean"] == pytest.approx(2 * 67 / 2000)


def test_milliseconds_are_percentiles_of_the_requests() -> None:
    figures = result(a=scores(5)).figures("a")
    assert (figures["ms_p50"], figures["ms_p99"]) == (50.0, 99.0)


def test_joined_replays_weigh_every_command_the_same_and_keep_sessions_apart() -> None:
    first, second = result(a=scores(4, bits=8.0)), result(a=scores(6, bits=16.0))
    joined = ReplayResult.concatenated([first, second])
    assert len(joined) == 2 * N
    assert joined.figures("a")["ksr_word"] == pytest.approx(0.5)
    assert joined.figures("a")["bits_per_byte"] == pytest.approx(12 / 11)
    assert len(set(joined.commands.sessions.tolist())) == 40
    assert joined.methods["a"].request_ms.shape == (202,)


def test_bits_of_the_compressor_stand_beside_the_oracle() -> None:
    known = ReplayResult(result().commands, {"a": scores(5)}, xz_bits=22.0 * N)
    assert known.summary()["xz"] == {"bits_per_byte": 2.0}
    assert ReplayResult.concatenated([known, known]).summary()["xz"] == {"bits_per_byte": 2.0}
    assert result(a=scores(5)).summary()["xz"] == {"bits_per_byte": None}
