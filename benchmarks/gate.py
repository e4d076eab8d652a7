"""The gate over many simulated nights: how often an equal model is deployed, and how often a better one is.

A night is the newest n commands of a person, replayed with two models. Commands come in sessions of lognormal size, the
person's median between 4 and 24 (500 commands are 8 to 40 sessions); their lengths are lognormal. The models disagree
on some commands, where one of them saves a part of the line more; whole sessions lean to one of them, as work that one
knows better comes in stretches. A better model saves `points` more of every hundred keys, by winning more of the
disagreements. With `--histories` session sizes and lengths are those of real files, from a random place on.

The constants are those of pairs of methods replayed over histories (docs/log.md, gate).

Run: .venv/bin/python -m benchmarks.gate [--nights 500] [--histories FILE...]
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.histories import history, write
from delta_learn.config import AbConfig, GateConfig
from delta_learn.entry import split_sessions
from delta_learn.evaluation.gate import GateDecision, GateInput, decide

Floats = NDArray[np.float64]

DISAGREE = 0.4
"""Share of the commands of which one model saves more keys than the other; of two that are almost equal it is .15."""
PART = (1.0, 4.0)
"""Beta distribution of how much of such a line it is: a fifth on average."""
LEANING = 0.2
"""Standard deviation, over sessions, of the share of disagreements that goes to one model."""
STRETCH = 100
"""Commands after which a session goes over to other work; files without times are one session."""
HITS_DIFFER = 0.01
"""Share of the commands that only one has as its first suggestion at the empty prompt: there history decides."""
BORDERLINE = AbConfig().min_probability


@dataclass(frozen=True, slots=True)
class Commands:
    """The newest commands of one person: `sessions` and `lengths`, both of shape (n,)."""

    sessions: NDArray[np.int64]
    lengths: Floats


Draw = Callable[[int, np.random.Generator], Commands]


def simulated(count: int, random: np.random.Generator) -> Commands:
    """A person with sessions and lines of their own kind."""
    sizes = np.maximum(1, random.lognormal(np.log(random.uniform(4, 24)), 1.2, count).astype(np.int64))
    sessions = np.repeat(np.arange(count), sizes)[:count]
    return Commands(sessions, np.maximum(2.0, random.lognormal(np.log(10), 0.75, count).round()))


def of_histories(files: Sequence[Path]) -> Draw:
    """Nights that begin anywhere in one of the histories."""
    people = []
    for file in files:
        sessions = split_sessions(history(file))
        numbers = np.repeat(np.arange(len(sessions)), [len(each) for each in sessions])
        lengths = np.array([float(len(entry.command)) for session in sessions for entry in session])
        people.append(Commands(numbers, lengths))

    def draw(count: int, random: np.random.Generator) -> Commands:
        person = people[random.integers(len(people))]
        first = random.integers(max(1, len(person.lengths) - count))
        there = slice(first, first + count)
        return Commands(person.sessions[there], person.lengths[there])

    return draw


def night(commands: Commands, points: float, random: np.random.Generator) -> GateInput:
    """Two models over the same commands; the candidate saves `points` more of a hundred keys on average."""
    count, lengths = len(commands.lengths), commands.lengths
    part = (random.random(count) < DISAGREE) * random.beta(*PART, count) * lengths
    mean = 0.5 + points / 100 / (2 * DISAGREE * PART[0] / sum(PART))
    won = random.random(count) < _leanings(mean, commands.sessions, random)
    saved = random.random(count) * lengths
    hits = random.random(count) < 0.25
    differ = random.random(count) < HITS_DIFFER
    return GateInput(
        candidate_net=saved + np.where(won, part, -part),
        deployed_net=saved,
        candidate_hit1=np.where(differ, won, hits),
        deployed_hit1=np.where(differ, ~won, hits),
        sessions=commands.sessions,
        latency_p99_ms=20.0,
        model_mb=9.0,
        canary_failures=0,
        redaction_failures=0,
    )


def _leanings(mean: float, sessions: NDArray[np.int64], random: np.random.Generator) -> Floats:
    """By command: the share of disagreements that its stretch of work gives to the candidate, beta distributed."""
    _, starts, session = np.unique(sessions, return_index=True, return_inverse=True)
    runs = (np.arange(len(sessions)) - starts[session]) // STRETCH
    _, stretch = np.unique(np.stack([session, runs]), axis=1, return_inverse=True)
    both = mean * (1 - mean) / LEANING**2 - 1
    drawn: Floats = random.beta(mean * both, (1 - mean) * both, stretch.max() + 1)
    return drawn[stretch]


def nights(draw: Draw, count: int, size: int, points: float) -> list[tuple[GateDecision, float]]:
    """Decisions, and the points that the candidate truly gained on the commands of its night."""
    found = []
    for seed in range(count):
        random = np.random.default_rng([seed, size, round(10 * points)])
        commands = draw(size, random)
        given = night(commands, points, random)
        gained = np.asarray(given.candidate_net) - np.asarray(given.deployed_net)
        found.append((decide(given, GateConfig(), seed=seed), 100 * gained.sum() / commands.lengths.sum()))
    return found


def main() -> None:
    """Measure, print a table, write JSON."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--nights", type=int, default=500)
    parser.add_argument("--histories", type=Path, nargs="+", default=())
    arguments = parser.parse_args()
    draws: dict[str, Draw] = {"simulated": simulated}
    if arguments.histories:
        draws["histories"] = of_histories(arguments.histories)
    results = []
    print(f"{'sessions':12}{'n':>5}{'points':>8}{'gained':>8}{'deployed':>10}{'P>=.95':>8}{'borderline':>12}")
    for name, draw in draws.items():
        for size in (300, 500):
            for points in (0.0, 2.0, 4.0, 6.0):
                found = nights(draw, arguments.nights, size, points)
                row = {
                    "gained": float(np.mean([gained for _, gained in found])),
                    "deployed": float(np.mean([each.deploy for each, _ in found])),
                    "certain": float(
                        np.mean([(each.probability or 0) >= GateConfig().min_probability for each, _ in found])
                    ),
                    "borderline": float(np.mean([each.borderline(BORDERLINE) for each, _ in found])),
                }
                results.append({"sessions": name, "n": size, "points": points, **row})
                print(
                    f"{name:12}{size:5}{points:8.0f}{row['gained']:8.2f}{row['deployed']:10.3f}"
                    f"{row['certain']:8.3f}{row['borderline']:12.3f}"
                )
    write("gate", results)


if __name__ == "__main__":
    main()
