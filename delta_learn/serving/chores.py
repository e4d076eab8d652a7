"""Chores: what the server does when nobody types: reading in, draining, saving; slow ones in a thread of their own."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import partial

from delta_learn.collector.drain import drain
from delta_learn.collector.store import Store
from delta_learn.errors import DeltaError
from delta_learn.predictor.neural import NeuralExpert
from delta_learn.serving.abtest import AbTest, keep
from delta_learn.serving.afresh import learn_afresh
from delta_learn.serving.learner import Learner, open_learner, saved_learner
from delta_learn.serving.memory import give_back_memory, settle
from delta_learn.serving.prediction import challenging_expert, deployed_expert

logger = logging.getLogger(__name__)

LOAD, MODEL, DRAIN, SAVE, TIDY = "load", "model", "drain", "save", "tidy"

_DRAIN_SECONDS = 60.0
"""From a command to the drain that moves it, where no shell asks for one before."""

_SAVE_SECONDS = 600.0
"""From a command to a saved predictor; what a killed server has not saved, the next one learns again."""

_AGAIN_SECONDS = 60.0
"""From a failure to the next attempt."""


class Chores:
    """What is known, kept up to date. Times are seconds of a clock that only goes forward.

    One slow chore runs at a time, in a thread that shares nothing with the answers; its result is taken over by
    `work`, in the thread of the server.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.learner: Learner | None = None
        """None while it is read in."""
        self.version = ""
        """Of the model that takes part; empty for none."""
        self.test: AbTest | None = None
        """The A/B test that runs, of that model against the predictor's rival."""
        self._due: dict[str, float] = {LOAD: 0.0}
        self._thread = ThreadPoolExecutor(1, "chores")
        self._running: tuple[str, Future[Callable[[], None]]] | None = None

    def want(self, chore: str, when: float = 0.0) -> None:
        """Do `chore` as soon as there is time, at `when` at the earliest."""
        self._due[chore] = min(when, self._due.get(chore, when))

    def learned(self, now: float) -> None:
        """Something was learned that no shard and no saved predictor holds yet."""
        self.want(DRAIN, now + _DRAIN_SECONDS)
        self.want(SAVE, now + _SAVE_SECONDS)
        self.want(TIDY, now)

    def forget(self) -> None:
        """What was learned is not to be used any more: read everything anew."""
        self.learner = None
        self._due.pop(SAVE, None)
        self.want(LOAD)

    def run(self, function: Callable[[], object]) -> None:
        """Call `function` in the thread, soon; what it cannot do is logged."""
        self._thread.submit(_logged, function)

    def next_due(self, quiet_from: float) -> float | None:
        """When there is something to do, where others than reading in wait until `quiet_from`.

        None: nothing, or a chore is running, which will wake the server.
        """
        if self._running is not None:
            return 0.0 if self._running[1].done() else None
        return min((self._when(chore, quiet_from) for chore in self._due), default=None)

    def work(self, now: float, quiet_from: float, wake: Callable[[], None]) -> None:
        """Take over what has been done, and begin what is due; `wake` is called, from a thread, when that is done."""
        if self._running is not None:
            chore, future = self._running
            if not future.done():
                return
            self._running = None
            self._take_over(chore, future, now)
        for chore in sorted(self._due, key=self._due.__getitem__):
            if self._when(chore, quiet_from) <= now:
                del self._due[chore]
                self._begin(chore, wake)
                return

    def _when(self, chore: str, quiet_from: float) -> float:
        return self._due[chore] if chore == LOAD else max(self._due[chore], quiet_from)

    def wait(self) -> None:
        """Until the thread has done all that it was given."""
        self._thread.submit(int).result()

    def close(self) -> None:
        """Save what was learned. What is being read in is given up, what is being written is waited for."""
        reading = self._running is not None and self._running[0] in (LOAD, MODEL)
        self._thread.shutdown(wait=not reading, cancel_futures=reading)
        if self.learner is not None and self.learner.unsaved and self._store.paths.spool.is_dir():
            _logged(partial(drain, self._store))
            _logged(self._catch_up_and_save)

    def _begin(self, chore: str, wake: Callable[[], None]) -> None:
        if chore in (SAVE, TIDY):
            if chore == SAVE:
                _logged(self._save)
            give_back_memory()
            return
        slow = {LOAD: self._load, MODEL: self._load_model, DRAIN: self._drain}[chore]
        future = self._thread.submit(slow)
        self._running = chore, future
        future.add_done_callback(lambda _: wake())

    def _take_over(self, chore: str, future: Future[Callable[[], None]], now: float) -> None:
        try:
            future.result()()
        except DeltaError as error:
            logger.warning("%s: %s", chore, error)
            self.want(chore, now + _AGAIN_SECONDS)
        give_back_memory()

    def _load(self) -> Callable[[], None]:
        learner = saved_learner(self._store)
        if learner is None:
            learn_afresh(self._store)
            learner = open_learner(self._store)
        expert, version = self._expert()
        return partial(self._adopt, learner, expert, version, *self._challenger(version))

    def _adopt(
        self,
        learner: Learner,
        expert: NeuralExpert | None,
        version: str,
        challenger: NeuralExpert | None,
        test: AbTest | None,
    ) -> None:
        if not learner.catch_up():  # something was forgotten in the meantime
            self.want(LOAD)
            return
        learner.read_unwanted()  # as they are now: nobody looked while this was being read in
        if expert is not None:
            learner.predictor.attach(expert)
        learner.predictor.challenge(challenger)
        self.learner, self.version, self.test = learner, version, test
        settle()
        if learner.unsaved:
            self.want(SAVE)

    def _load_model(self) -> Callable[[], None]:
        expert, version = self._expert()
        return partial(self._exchange, expert, version, *self._challenger(version))

    def _expert(self) -> tuple[NeuralExpert | None, str]:
        """The deployed model; one that cannot be used is none: history and n-gram go on."""
        try:
            return deployed_expert(self._store)
        except DeltaError as error:
            logger.warning("predictions come without the model: %s", error)
            return None, ""

    def _challenger(self, version: str) -> tuple[NeuralExpert | None, AbTest | None]:
        """What is tried against the model `version`; one that cannot be used is not tried."""
        try:
            return challenging_expert(self._store, version)
        except DeltaError as error:
            logger.warning("the A/B test rests: %s", error)
            return None, None

    def _exchange(
        self, expert: NeuralExpert | None, version: str, challenger: NeuralExpert | None, test: AbTest | None
    ) -> None:
        if self.learner is None or (expert is None and self.version):  # a predictor cannot be without what it had
            self.forget() if self.version != version else None
            return
        if expert is not None:
            self.learner.predictor.attach(expert)
        self.learner.predictor.challenge(challenger)
        self.version, self.test = version, test

    def count(self, *, won: bool) -> None:
        """The challenger won, or lost, at a prompt: keep that, and end the test where that decides it."""
        if self.test is not None:
            self.test.count(won=won)
            self.run(partial(keep, self._store, replace(self.test)))

    def _drain(self) -> Callable[[], None]:
        drain(self._store)
        return self._after_drain

    def _after_drain(self) -> None:
        if self.learner is not None and not self.learner.catch_up():
            self.forget()

    def _save(self) -> None:
        if self.learner is not None and self.learner.unsaved and not self.learner.save():
            self.want(DRAIN)  # what is in the spool first

    def _catch_up_and_save(self) -> None:
        if self.learner is not None and self.learner.catch_up():
            self.learner.save()


def _logged(function: Callable[[], object]) -> None:
    try:
        function()
    except DeltaError as error:
        logger.warning("%s", error)
