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
from delta_learn.trainer.compiling import compiled
from delta_learn.trainer.determinism import batch_seed, deterministic
from delta_learn.trainer.feed import Feed
from delta_learn.trainer.fingerprint import fingerprint
from delta_learn.trainer.objective import LossSum, TensorBatch, mean_loss
from delta_learn.trainer.optim import Optimizers
from delta_learn.trainer.plan import Plan, plan_steps
from delta_learn.trainer.precision import Precision
from delta_learn.trainer.progress import Progress, Rest, Stopped, TrainResult
from delta_learn.trainer.schedule import rate_factor
from delta_learn.trainer.throughput import Meter
from delta_learn.trainer.workers import Save, Workers

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
            on_step: called after every step; by rank 0 alone, as `stop` and `rest` are.
            stop: asked before every step; when it says yes, the run is saved and left.
            rest: called before every step, after every forward pass and before every batch of an evaluation; the
                weights do not depend on how long it takes. What it saves is the run as of the last whole step.
            workers: the processes that train together. Each makes the same trainer, and others wait for rank 0 no
                longer than their timeout.

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
        kept = checkpoint is not None and self.workers.rank == 0
        self._fingerprint = fingerprint(model, config, train, held_out) if kept else ""
        self.workers.join(model)
        self.model.recompute = config.recompute
        self.objective = compiled(LossSum(model), config, self.device)
        self.optimizers = Optimizers(model, config)
        self.precision = Precision(config.amp, self.device)
        self.meter = Meter(model, config, self.precision, self.workers.count)
        self.feed = Feed(self._batches, self.device)
        self.state = RunState()
        self._best: dict[str, Tensor] = {}
        self._checkpoint = checkpoint
        self._on_step = on_step if on_step and self.workers.rank == 0 else (lambda _: None)
        self._stop = stop or (lambda: False)
        self._rest = rest
        self._rested = 0.0
        """Seconds of the step that is being made."""
        self._saved_at = time.monotonic()

    def fit(self) -> TrainResult:
        """Train until the plan, the patience or the caller ends it.

        After "stopped" the model has the weights of the last step, else the best ones.

        Raises:
            ModelError: the loss is no longer a number.
            StorageError: the checkpoint cannot be written, or may have been tampered with.
            LostWorkerError: another worker is gone; what was done is saved.
        """
        with deterministic(self.config.threads, self.device), self.workers.watch(self._save), self.feed:
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
        numbers = self.plan.share(step, self.workers.rank, self.workers.count)
        batches = self.feed.take(step)
        weight = self.workers.sum(torch.stack([b.weights.sum() for b in batches]).sum()).clamp(min=1e-8)
        loss = torch.zeros((), device=self.device)
        for number, batch in zip(numbers, batches, strict=True):
            with batch_seed(self.config.seed, number or 0, self.device):
                with self.precision.autocast():
                    part = self.objective(batch) / weight
                self._pause()
                self.precision.backward(part)
            loss += part.detach()
        self.workers.sum_gradients(self.model)
        tokens = sum(b.ids.numel() for number, b in zip(numbers, batches, strict=True) if number is not None)
        loss, total = self.workers.sum(torch.stack((loss, loss.new_tensor(tokens))))
        return loss, int(total)

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
            if self.workers.lead(self._leave, self._save):
                return "stopped"
            self._step()

    def _leave(self, save: Save) -> bool:
        """Save and rest when it is time, and say whether to stop: for all workers, or some would wait for ever."""
        stop = self._stop()
        if stop or time.monotonic() - self._saved_at >= self.config.checkpoint_seconds:
            save()
        if not stop:
            self._rest(save)
        return stop

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
        spent = time.monotonic() - start - self._rested
        state.seconds += spent
        rates = self.meter.step(tokens, spent)
        self._on_step(
            Progress(
                state.step,
                self.plan.steps,
                loss,
                state.best_loss,
                self.config.learning_rate * factor,
                rates.tokens_per_second,
                rates.mfu,
                rates.memory_bytes,
            )
        )

    def _evaluate(self) -> None:
        if self.held_out is None or self.held_out.rows_per_epoch() == 0:
            return
        state = self.state
        loss = mean_loss(self.model, self.held_out, self.config.batch_rows, self._pause, self.workers)
        state.evaluated = state.step
        logger.info("step %d: held-out loss %.4f", state.step, loss)
        if state.best_loss is None or loss < state.best_loss:
            state.best_loss, state.misses = loss, 0
            self._best = {name: tensor.clone() for name, tensor in self.model.state_dict().items()}
        else:
            state.misses += 1

    def _pause(self) -> None:
        begun = time.monotonic()
        self.workers.lead(self._rest, self._save)
        self._rested += time.monotonic() - begun

    def _batches(self, step: int) -> list[TensorBatch]:
        return [self._batch(n) for n in self.plan.share(step, self.workers.rank, self.workers.count)]

    def _batch(self, number: int | None) -> TensorBatch:
        epoch, index = self.plan.batch_at(number or 0)
        batch = TensorBatch.of(self.train.batch(epoch, index, self.config.batch_rows), self.device)
        return batch.weightless() if number is None else batch

    def _save(self) -> None:
        if self._checkpoint is None:
            return
        facts = {
            "fingerprint": self._fingerprint,
            "steps": self.plan.steps,
            "batches_per_step": self.plan.batches_per_step,
            "state": asdict(self.state),
            "precision": self.precision.state(),
        }
        parts = {
            "model": self.model.state_dict(),
            "best": self._best,
            "optimizers": self.optimizers.tensors(),
        }
        tensors = {f"{part}/{name}": t for part, named in parts.items() for name, t in named.items()}
        tensors = self.workers.whole(tensors)
        if self.workers.rank == 0:
            self._checkpoint.save(Checkpoint(facts, tensors))
        self._saved_at = time.monotonic()

    def _resume(self) -> None:
        found = self.workers.give(self._found)
        if found is None:
            return
        per_step = found.facts.get("batches_per_step", self.plan.batches_per_step)
        self.plan = replace(self.plan, steps=found.facts["steps"], batches_per_step=per_step)
        self.state = RunState(**found.facts["state"])
        self.precision.load_state(found.facts["precision"])
        load_exactly(self.model, self.workers.part(_part(found.tensors, "model"), self.model))
        self._best = self.workers.part(_part(found.tensors, "best"), self.model)
        self.optimizers.load_tensors(_part(found.tensors, "optimizers"))
        logger.info("training goes on at step %d of %d", self.state.step, self.plan.steps)

    def _found(self) -> Checkpoint | None:
        """This run's checkpoint, if there is one."""
        found = None if self._checkpoint is None else self._checkpoint.load()
        if self._checkpoint is not None and found is not None and found.facts.get("fingerprint") != self._fingerprint:
            logger.warning("training starts afresh: %s is of another run", self._checkpoint.path)
            return None
        return found


def _part(tensors: dict[str, Tensor], part: str) -> dict[str, Tensor]:
    return {name.removeprefix(f"{part}/"): t for name, t in tensors.items() if name.startswith(f"{part}/")}
