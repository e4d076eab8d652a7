"""The training loop: steps, evaluations, early stop and exact resume."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from delta_learn.config import TrainConfig
from delta_learn.errors import ModelError
from delta_learn.model.gpt import DeltaModel
from delta_learn.model.weights import load_exactly
from delta_learn.trainer.checkpoint import Checkpoint, CheckpointStore
from delta_learn.trainer.determinism import deterministic, step_seed
from delta_learn.trainer.fingerprint import fingerprint
from delta_learn.trainer.objective import LossSum, TensorBatch, mean_loss
from delta_learn.trainer.optim import Optimizers
from delta_learn.trainer.plan import Plan, plan_steps
from delta_learn.trainer.precision import Precision
from delta_learn.trainer.progress import Progress, Rest, Stopped, TrainResult
from delta_learn.trainer.schedule import rate_factor
from delta_learn.trainer.workers import Workers

if TYPE_CHECKING:
    from delta_learn.dataset.windows import Dataset

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class RunState:
    """How far a run is: the numbers that a checkpoint keeps beside the tensors."""

    step: int = 0
    """Steps made."""
    evaluated: int = -1
    """Steps made at the last evaluation."""
    tokens: int = 0
    seconds: float = 0.0
    """Spent on the steps, in all processes that worked on this run."""
    best_loss: float | None = None
    misses: int = 0
    """Evaluations since the best one."""


class Trainer:
    """Trains `model` in place; `fit` is a pure function of model, configuration, rows and plan.

    Every epoch ends with an evaluation on the held-out rows; after `patience` of them without improvement
    training stops, and the model gets the weights of the best one. With a checkpoint store, a run that was
    killed or stopped goes on where it was, and ends with the same weights, bit for bit, as one that was not.
    """

    def __init__(
        self,
        model: DeltaModel,
        config: TrainConfig,
        train: Dataset,
        held_out: Dataset | None = None,
        *,
        plan: Plan | None = None,
        checkpoint: CheckpointStore | None = None,
        on_step: Callable[[Progress], None] | None = None,
        stop: Callable[[], bool] | None = None,
        rest: Rest = lambda _: None,
        workers: Workers | None = None,
    ) -> None:
        """Prepare a run.

        Args:
            model: on the device to train on.
            config: rates, sizes and seed; `max_seconds` counts only where a plan is made (`plan_steps`).
            train: rows of at most the model's block_size.
            held_out: rows to stop on; None trains for all planned steps.
            plan: by default all of `max_epochs`.
            checkpoint: where the run is kept while it is in progress.
            on_step: called after every step.
            stop: asked before every step; when it says yes, the run is saved and left.
            rest: called before every step, after every forward pass and before every batch of an evaluation; the
                weights do not depend on how long it takes. What it saves is the run as of the last whole step.
            workers: the processes that train together.

        Raises:
            ConfigError, NotEnoughDataError: as `plan_steps`.
        """
        self.workers = workers or Workers()
        self.model = model
        self.config = config
        self.train = train
        self.held_out = held_out
        self.plan = plan or plan_steps(config, train.rows_per_epoch(), workers=self.workers.count)
        self.device = model.embedding.weight.device
        self.objective = self.workers.wrap(LossSum(model))
        self.optimizers = Optimizers(model, config)
        self.precision = Precision(config.amp, self.device)
        self.state = RunState()
        self._best: dict[str, Tensor] = {}
        self._checkpoint = checkpoint
        self._on_step = on_step or (lambda _: None)
        self._stop = stop or (lambda: False)
        self._rest = rest
        self._rested = 0.0
        """Seconds of the step that is being made."""
        self._saved_at = time.monotonic()
        self._fingerprint = ""

    def fit(self) -> TrainResult:
        """Train until the plan, the patience or the caller ends it.

        After "stopped" the model has the weights of the last step, else the best ones.

        Raises:
            ModelError: the loss is no longer a number.
            StorageError: the checkpoint cannot be written, or may have been tampered with.
        """
        with deterministic(self.config.threads):
            self._resume()
            self.model.train()
            stopped = self._run()
        if stopped != "stopped" and self._best:
            load_exactly(self.model, self._best)
        self.model.eval()
        state = self.state
        logger.info("%s after %d of %d steps", stopped, state.step, self.plan.steps)
        return TrainResult(state.step, self.plan.steps, state.tokens, state.seconds, state.best_loss, stopped)

    def accumulate(self, step: int) -> tuple[Tensor, int]:
        """Add the gradients of this worker's batches of `step`; returns (mean loss over all workers, tokens).

        The loss of every token is divided once, by the weight of the whole step, whichever batch or worker
        it is in: averages of averages would favour tokens in light batches.
        """
        batches = [self._batch(step, micro) for micro in range(self.plan.accumulation)]
        weight = self.workers.sum(torch.stack([b.weights.sum() for b in batches]).sum()).clamp(min=1e-8)
        loss = torch.zeros((), device=self.device)
        with step_seed(self.config.seed, step, self.workers.rank):
            for batch in batches:
                with self.precision.autocast():
                    part = self.objective(batch) / weight
                self._pause()
                # The workers' gradients are averaged, and a sum is wanted.
                self.precision.backward(part * self.workers.count)
                loss += part.detach()
        return self.workers.sum(loss), sum(b.ids.numel() for b in batches)

    def _run(self) -> Stopped:
        state = self.state
        while True:
            # First, because a run may have been left between a step and its evaluation.
            if self._evaluation_is_due():
                self._evaluate()
                if state.step > 0 and state.misses >= self.config.patience:
                    return "patience"
            if state.step >= self.plan.steps:
                return "done"
            if self._stop():
                self._save()
                return "stopped"
            self._pause()
            self._step()
            if time.monotonic() - self._saved_at >= self.config.checkpoint_seconds:
                self._save()

    def _evaluation_is_due(self) -> bool:
        step = self.state.step
        return step != self.state.evaluated and (step == 0 or self.plan.ends_epoch(step - 1))

    def _step(self) -> None:
        start, state, self._rested = time.monotonic(), self.state, 0.0
        factor = rate_factor(state.step, self.plan.steps, self.config.warmup_fraction)
        self.optimizers.set_rate(factor)
        mean, tokens = self.accumulate(state.step)
        loss = float(mean)
        if not math.isfinite(loss):
            raise ModelError(
                f"The training loss is no longer a number after step {state.step}: lower train.learning_rate."
            )
        self.precision.step(self.optimizers, self.model, self.config.clip_norm)
        state.step += 1
        state.tokens += tokens
        state.seconds += time.monotonic() - start - self._rested
        self._on_step(
            Progress(
                state.step,
                self.plan.steps,
                loss,
                state.best_loss,
                self.config.learning_rate * factor,
                state.tokens / max(state.seconds, 1e-9),
            )
        )

    def _evaluate(self) -> None:
        if self.held_out is None or self.held_out.rows_per_epoch() == 0:
            return
        state = self.state
        loss = mean_loss(self.model, self.held_out, self.config.batch_rows, self._pause)
        state.evaluated = state.step
        logger.info("step %d: held-out loss %.4f", state.step, loss)
        if state.best_loss is None or loss < state.best_loss:
            state.best_loss, state.misses = loss, 0
            self._best = {name: tensor.clone() for name, tensor in self.model.state_dict().items()}
        else:
            state.misses += 1

    def _pause(self) -> None:
        begun = time.monotonic()
        self._rest(self._save)
        self._rested += time.monotonic() - begun

    def _batch(self, step: int, micro: int) -> TensorBatch:
        epoch, index = self.plan.batch_at(step, micro, self.workers.rank)
        return TensorBatch.of(self.train.batch(epoch, index, self.config.batch_rows), self.device)

    def _save(self) -> None:
        if self._checkpoint is None or self.workers.rank > 0:
            return
        facts = {
            "fingerprint": self._fingerprint,
            "steps": self.plan.steps,
            "state": asdict(self.state),
            "precision": self.precision.state(),
        }
        parts = {
            "model": self.model.state_dict(),
            "best": self._best,
            "optimizers": self.optimizers.tensors(),
        }
        tensors = {f"{part}/{name}": t for part, named in parts.items() for name, t in named.items()}
        self._checkpoint.save(Checkpoint(facts, tensors))
        self._saved_at = time.monotonic()

    def _resume(self) -> None:
        if self._checkpoint is None:
            return
        self._fingerprint = fingerprint(self.model, self.config, self.train, self.held_out)
        found = self._checkpoint.load()
        if found is None:
            return
        if found.facts.get("fingerprint") != self._fingerprint:
            logger.warning("training starts afresh: %s is of another run", self._checkpoint.path)
            return
        self.plan = replace(self.plan, steps=found.facts["steps"])
        self.state = RunState(**found.facts["state"])
        self.precision.load_state(found.facts["precision"])
        load_exactly(self.model, _part(found.tensors, "model"))
        self._best = _part(found.tensors, "best")
        self.optimizers.load_tensors(_part(found.tensors, "optimizers"))
        logger.info("training goes on at step %d of %d", self.state.step, self.plan.steps)


def _part(tensors: dict[str, Tensor], part: str) -> dict[str, Tensor]:
    return {name.removeprefix(f"{part}/"): t for name, t in tensors.items() if name.startswith(f"{part}/")}
