"""AbTest: the deployed model and its challenger at the prompt; a fair coin picks the one that is shown.

An event that decides is an executed line to which exactly one of the two first suggestions led, where they disagreed:
an accepted one is such a line. What is kept is numbers and versions, never a word of any line.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import logging
import secrets
import time
from dataclasses import dataclass, field
from typing import Any, Literal

from delta_learn.collector.store import Store
from delta_learn.config import AbConfig, Config
from delta_learn.errors import ModelError, StorageError
from delta_learn.paths import Paths
from delta_learn.registry import Registry
from delta_learn.serving.evalue import DECIDES_AT, e_value
from delta_learn.serving.tact import Judged
from delta_learn.storage.atomic import check_private, replace_file
from delta_learn.storage.lock import exclusive

logger = logging.getLogger(__name__)

Verdict = Literal["open", "better", "worse", "undecided"]
"""Of the challenger; `undecided`: the time was over first."""

MOST_EVENTS = 5_000
"""After so many the two are equal for every purpose."""

_SEED_BYTES = 16
_DAY_SECONDS = 86_400
_WAIT_SECONDS = 5.0


@dataclass(slots=True)
class AbTest:
    """One test: who against whom, and what came of it until now."""

    deployed: str | None
    """None: no model."""
    challenger: str
    seed: str = field(default_factory=lambda: secrets.token_hex(_SEED_BYTES))
    """Of the coin, in hexadecimal."""
    since: float = field(default_factory=time.time)
    """Seconds since the epoch."""
    wins: int = 0
    """Events that the challenger won."""
    losses: int = 0

    def coin(self, session: str, moment: float) -> bool:
        """Whether the challenger is shown at the prompt that `session` began at `moment`: with probability 1/2."""
        prompt = f"{session}\0{moment!r}".encode("utf-8", "surrogateescape")
        return bool(hashlib.blake2b(prompt, key=bytes.fromhex(self.seed), digest_size=1).digest()[0] & 1)

    def count(self, *, won: bool) -> None:
        """Take one more event; the challenger won it or lost it."""
        self.wins += won
        self.losses += not won

    @property
    def evidence(self) -> tuple[float, float]:
        """E that the challenger is better, and that it is worse."""
        return e_value(self.wins, self.losses), e_value(self.losses, self.wins)

    def verdict(self, now: float, days: float) -> Verdict:
        """What is decided at `now`, seconds since the epoch, in a test of at most `days`."""
        better, worse = self.evidence
        if better >= DECIDES_AT:
            return "better"
        if worse >= DECIDES_AT:
            return "worse"
        return "undecided" if now - self.since >= days * _DAY_SECONDS or self._is_long() else "open"

    def _is_long(self) -> bool:
        return self.wins + self.losses >= MOST_EVENTS

    def outcome(self, verdict: Verdict, now: float) -> dict[str, Any]:
        """What is kept of it with the challenger's record."""
        better, worse = self.evidence
        return {
            "outcome": verdict,
            "against": self.deployed,
            "wins": self.wins,
            "losses": self.losses,
            "e_better": better,
            "e_worse": worse,
            "since": self.since,
            "until": now,
        }


@dataclass(frozen=True, slots=True)
class Contest:
    """What the two suggest first for one line, where that is not the same."""

    deployed: Judged | None
    challenger: Judged | None

    def won(self, executed: str) -> bool | None:
        """Whether the challenger alone led to the line `executed`; None where both did, or neither."""
        right = _led_to(self.challenger, executed)
        return right if right != _led_to(self.deployed, executed) else None


class Ballot:
    """What one prompt says in a test."""

    def __init__(self, test: AbTest, session: str, moment: float) -> None:
        """Of the prompt that `session` began at `moment`, for which one coin is thrown."""
        self.test = test
        self._shows_challenger = test.coin(session, moment)
        self._contests: dict[str, Contest] = {}
        """By line, asked about or prepared."""
        self._asked: dict[str, None] = {}

    def choose(self, line: str, deployed: list[Judged], challenger: list[Judged]) -> list[Judged]:
        """What is shown for `line`: where the first suggestions disagree the coin decides."""
        first, second = (each[0] if each else None for each in (deployed, challenger))
        self._contests.pop(line, None)
        if (first and first.text) == (second and second.text):
            return deployed
        self._contests[line] = Contest(first, second)
        return challenger if self._shows_challenger else deployed

    def ask(self, line: str) -> None:
        """Somebody saw what was chosen for `line`."""
        self._asked[line] = None

    def won(self, executed: str) -> bool | None:
        """Whether the challenger won: the first line typed on which exactly one led to `executed` decides."""
        contests = (self._contests[line] for line in self._asked if line in self._contests)
        return next((won for each in contests if (won := each.won(executed)) is not None), None)


def running_test(registry: Registry) -> AbTest | None:
    """The test of the registry's challenger, begun now if nothing is kept of it; None where nothing is tried.

    Raises:
        StorageError: what is kept is not ours.
    """
    if registry.challenger is None:
        return None
    kept = _read(registry.paths)
    pair = registry.deployed, registry.challenger
    return kept if kept and (kept.deployed, kept.challenger) == pair else AbTest(*pair)


def keep(store: Store, test: AbTest) -> Verdict:
    """Write down what came of `test`, and end it where it is decided: the challenger is deployed, or goes.

    Nothing is changed where the registry names others by now.

    Raises:
        LockHeldError: another process writes to the store; what is kept then is from before.
        StorageError: it cannot be written.
    """
    with exclusive(store.paths.lock, "the A/B test", timeout=_WAIT_SECONDS):
        registry = Registry(store.paths, store.keyring)
        if (registry.deployed, registry.challenger) != (test.deployed, test.challenger):
            return "open"
        with replace_file(store.paths.abtest) as file:
            file.write(json.dumps(dataclasses.asdict(test)).encode())
        return settle(registry, test, Config.load(store.paths.config).ab)


def settle(registry: Registry, test: AbTest, config: AbConfig) -> Verdict:
    """End `test` if it is decided; the store's lock is held.

    Raises:
        StorageError: the registry cannot be written.
    """
    now = time.time()
    verdict = test.verdict(now, config.days)
    if verdict == "open":
        return verdict
    outcome = test.outcome(verdict, now)
    try:
        registry.settle(outcome, deploy=verdict == "better")
    except (StorageError, ModelError) as error:
        logger.warning("the challenger won and cannot be deployed: %s", error)
        registry.settle(outcome, deploy=False)
    logger.info("A/B test of %s: %s after %d events", test.challenger, verdict, test.wins + test.losses)
    return verdict


def _led_to(suggestion: Judged | None, executed: str) -> bool:
    """Whether the suggestion is the line, or where it is a beginning only, begins it."""
    if suggestion is None:
        return False
    return executed.startswith(suggestion.text) if "p" in suggestion.marks else executed == suggestion.text


def _read(paths: Paths) -> AbTest | None:
    """What was kept; None where that is nothing, or cannot be used: then counting begins anew."""
    if not paths.abtest.exists():
        return None
    check_private(paths.abtest)
    try:
        test = AbTest(**json.loads(paths.abtest.read_text(encoding="utf-8")))
        if len(bytes.fromhex(test.seed)) != _SEED_BYTES or not 0 <= test.since <= time.time():
            raise ValueError("seed or time")
        if min(test.wins, test.losses) < 0 or test.wins + test.losses > MOST_EVENTS:
            raise ValueError("counts")
    except (OSError, ValueError, TypeError) as error:
        logger.info("the A/B test is counted anew: %s", type(error).__name__)
        return None
    return test
