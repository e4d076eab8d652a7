"""nightly/lastnight.py: what came of a night is kept, and one that failed is told once."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import cast

import pytest

from delta_learn.collector.store import Store
from delta_learn.config import Config
from delta_learn.errors import DeltaError
from delta_learn.evaluation.gate import GateDecision
from delta_learn.nightly import pipeline
from delta_learn.nightly.lastnight import read_last_night
from delta_learn.nightly.night import Night
from delta_learn.nightly.pipeline import run_night
from delta_learn.nightly.status import read_status
from delta_learn.nightly.watch import Watch, WindowOverError
from delta_learn.paths import Paths
from delta_learn.storage.lock import exclusive

Step = Callable[[Night], None]


@pytest.fixture
def night(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """A night whose one step is given."""
    monkeypatch.setattr(Watch, "rest", lambda *_: None)

    def run(step: Step, *, nightly: bool = True, dry_run: bool = False) -> None:
        monkeypatch.setattr(pipeline, "STEPS", (("only", step),))
        run_night(Store.open(paths), Config(), nightly=nightly, dry_run=dry_run)

    return run


def decided(*, deploy: bool) -> Step:
    def step(night: Night) -> None:
        night.version = "delta_model_2026-11-23"
        night.decision = cast("GateDecision", SimpleNamespace(deploy=deploy, reasons=("It saves keys.", "And more.")))

    return step


def skips(night: Night) -> None:
    night.skipped = "Nothing was trained: the battery is used."


def fails(_: Night) -> None:
    raise DeltaError("The disk is full:\x1b[31m remove something.")


def ends(_: Night) -> None:
    raise WindowOverError("The night's 6 hours are over.")


@pytest.mark.parametrize(
    ("step", "text"),
    [
        (decided(deploy=True), "deployed: delta_model_2026-11-23. It saves keys. And more."),
        (decided(deploy=False), "kept back: delta_model_2026-11-23. It saves keys. And more."),
        (skips, "skipped: Nothing was trained: the battery is used."),
        (ends, "skipped: The night's 6 hours are over."),
    ],
)
def test_status_says_what_came_of_it(night: Callable[..., None], paths: Paths, step: Step, text: str) -> None:
    night(step)
    status = read_status(paths)
    assert status.to_text().count(f"{time.strftime('%Y-%m-%d')} ") >= 1
    for shown in (status.to_text(), status.to_short_text()):
        assert text in shown
    assert not paths.notice.exists()


def test_a_night_that_fails_says_so_in_status_and_once_at_a_prompt(night: Callable[..., None], paths: Paths) -> None:
    with pytest.raises(DeltaError):
        night(fails)
    assert "failed: The disk is full:" in read_status(paths).to_text()
    (line,) = paths.notice.read_text().splitlines()
    assert line.startswith("the last night's training failed: The disk is full:")
    assert "\x1b" not in line
    assert paths.notice.stat().st_mode & 0o777 == 0o600


def test_what_fails_before_somebodys_eyes_needs_no_notice(night: Callable[..., None], paths: Paths) -> None:
    with pytest.raises(DeltaError):
        night(fails, nightly=False)
    assert "failed: The disk is full:" in read_status(paths).to_text()
    assert not paths.notice.exists()


def test_a_fault_of_ours_is_noted_too(night: Callable[..., None], paths: Paths) -> None:
    with pytest.raises(ZeroDivisionError):
        night(lambda _: print(1 // 0))
    assert "failed: ZeroDivisionError: " in read_status(paths).to_text()


def test_one_that_is_killed_did_not_come_to_its_end(night: Callable[..., None], paths: Paths) -> None:
    with pytest.raises(KeyboardInterrupt):
        night(lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
    assert "unfinished: it did not come to its end." in read_status(paths).to_text()
    assert not paths.notice.exists()


def test_while_it_runs_status_says_that(night: Callable[..., None], paths: Paths) -> None:
    night(skips)
    with exclusive(paths.training_lock, "delta-learn train"):
        assert "a training runs now" in read_status(paths).to_text()


def test_a_look_at_the_conditions_is_no_night(night: Callable[..., None], paths: Paths) -> None:
    night(fails, dry_run=True)
    assert read_last_night(paths) is None
    assert "last night" not in read_status(paths).to_text()


@pytest.mark.parametrize("text", ["", "{", '{"began": 1}', "[]", "7"])
def test_a_damaged_note_is_none(paths: Paths, text: str) -> None:
    paths.state.mkdir(parents=True, exist_ok=True)
    paths.last_night.write_text(text)
    assert read_last_night(paths) is None


def test_logs_of_thirty_days_are_kept(night: Callable[..., None], paths: Paths) -> None:
    paths.log.mkdir(parents=True, mode=0o700)
    for day in range(1, 29):
        for month in (1, 2):
            (paths.log / f"night_2020-{month:02d}-{day:02d}.log").write_text("")
    (paths.log / "cron.log").write_text("")
    night(skips)
    left = sorted(path.name for path in paths.log.glob("night_*.log"))
    assert len(left) == 31
    assert left[0] == "night_2020-01-27.log"
    assert (paths.log / "cron.log").exists()
