"""Regret of the learned threshold: keys a hundred prompts lost against knowing this person, for persons of many kinds.

Beside it what is lost by showing what pays at the calibrated probability, by showing everything, and nothing.

Run: .venv/bin/python -m benchmarks.threshold
"""

from __future__ import annotations

import json
import random
import statistics
from collections.abc import Callable
from pathlib import Path

from delta_learn.serving.threshold import PROMPT_COST, Threshold

PROMPTS = 1000
SEEDS = range(20)

PERSONS: dict[str, Callable[[float], float]] = {
    "as promised": lambda p: p,
    "half of it": lambda p: p / 2,
    "a tenth of it": lambda p: p / 10,
    "nothing": lambda _: 0.0,
    "everything": lambda _: 1.0,
    "sure ones only": lambda p: p if p > 0.5 else 0.0,
    "more than promised": lambda p: min(1.0, 2 * p),
}
"""P(a suggestion is taken) from the probability that it was given."""


def regret(taking: Callable[[float], float], seed: int) -> dict[str, float]:
    """Keys lost in a hundred prompts against knowing `taking`, by policy; probabilities lean towards 0."""
    rng, threshold, fixed = random.Random(seed), Threshold(), Threshold()
    lost = {"learned": 0.0, "calibrated": 0.0, "everything": 0.0, "nothing": 0.0}
    for turn in range(PROMPTS):
        probability, keys = rng.random() ** 2, rng.randint(4, 30)
        rate = taking(probability)
        value = rate * keys - (1 - rate) * PROMPT_COST
        learned = threshold.shows("line", probability, keys, empty=True, turn=turn)
        calibrated = fixed.pays(probability, keys, empty=True)
        for policy, shown in (
            ("learned", learned), ("calibrated", calibrated), ("everything", True), ("nothing", False)
        ):  # fmt: skip
            lost[policy] += max(value, 0.0) - shown * value
        if learned:
            taken = rng.random() < rate
            threshold.learn("accepted" if taken else "overridden", probability, taken=float(taken), empty=True)
    return {policy: 100 * keys / PROMPTS for policy, keys in lost.items()}


def main() -> None:
    """Measure, print a table, write JSON."""
    table = {}
    for name, taking in PERSONS.items():
        runs = [regret(taking, seed) for seed in SEEDS]
        table[name] = {policy: round(statistics.mean(run[policy] for run in runs), 2) for policy in runs[0]}
    print(f"{'takes':20}" + "".join(f"{policy:>13}" for policy in next(iter(table.values()))))
    for name, row in table.items():
        print(f"{name:20}" + "".join(f"{lost:13.2f}" for lost in row.values()))
    path = Path(__file__).parent / "results" / "threshold.json"
    path.write_text(
        json.dumps({"unit": "keys lost in 100 prompts", "persons": table}, indent=1) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main()
