"""serving/threshold.py: it follows what this person takes and overrides, and never shuts itself off."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delta_learn.entry import CommandEntry
from delta_learn.serving.threshold import EXPLORED, Threshold

KEYS = 12


def feedback(
    event: str, probability: str, typed: str = "0", saved: str = "0", line: str = "git status"
) -> CommandEntry:
    about = {"DELTA_PROBABILITY": probability, "DELTA_TYPED": typed, "DELTA_SAVED": saved, "DELTA_SUGGESTION": line}
    return CommandEntry(event, environment=about, source="feedback")


def person(accepts: float, empty: bool = True, events: int = 300, seed: int = 1) -> Threshold:
    """Suggestions of all probabilities; `accepts` times its probability is taken (at most all)."""
    rng, threshold = random.Random(seed), Threshold()
    for _ in range(events):
        probability = rng.random()
        taken = rng.random() < accepts * probability
        threshold.learn("accepted" if taken else "overridden", probability, taken=float(taken), empty=empty)
    return threshold


@given(st.floats(0, 1), st.floats(1, 80))
def test_at_first_the_calibrated_probability_decides(probability: float, possible: float) -> None:
    expected = probability * possible - (1 - probability)
    assert Threshold().value(probability, possible, empty=True) == pytest.approx(expected)


@given(st.lists(st.floats(0.01, 0.99), min_size=60, max_size=120), st.booleans())
def test_who_accepts_everything_lowers_it_and_who_overrides_everything_raises_it(
    probabilities: list[float], empty: bool
) -> None:
    accepting, overriding, before = Threshold(), Threshold(), Threshold()
    for probability in probabilities:
        accepting.learn("accepted", probability, taken=1, empty=empty)
        overriding.learn("overridden", probability, taken=0, empty=empty)
    for probability in probabilities:
        at_first = before.value(probability, KEYS, empty=empty)
        assert accepting.value(probability, KEYS, empty=empty) > at_first
        assert overriding.value(probability, KEYS, empty=empty) < at_first
    assert accepting.least(KEYS, empty=empty) <= before.least(KEYS, empty=empty)
    assert overriding.least(KEYS, empty=empty) >= before.least(KEYS, empty=empty)


@pytest.mark.parametrize("seed", range(5))
def test_who_accepts_as_the_probability_says_leaves_it_where_it_was(seed: int) -> None:
    before = Threshold().least(KEYS, empty=True)
    assert abs(person(1.0, seed=seed).least(KEYS, empty=True) - before) <= 0.1


def test_who_never_accepts_sees_little_at_the_prompt() -> None:
    assert person(0.0).least(6, empty=True) > 0.8
    assert person(0.0).least(KEYS, empty=True) > 4 * Threshold().least(KEYS, empty=True)
    assert person(0.0).least(KEYS, empty=False) == Threshold().least(KEYS, empty=False)


def test_a_right_suggestion_that_was_typed_out_is_no_wrong_one() -> None:
    typed, overridden = Threshold(), Threshold()
    for _ in range(50):
        typed.learn("typed", 0.3, taken=0, empty=True)
        overridden.learn("overridden", 0.3, taken=0, empty=True)
    assert typed.value(0.3, KEYS, empty=True) > overridden.value(0.3, KEYS, empty=True)
    assert typed.pays(0.3, KEYS, empty=True)


def test_it_forgets() -> None:
    threshold = person(0.0)
    for number in range(200):
        threshold.learn("accepted", (number % 10 + 0.5) / 10, taken=1, empty=True)
    assert threshold.least(KEYS, empty=True) <= Threshold().least(KEYS, empty=True)


def test_it_never_shuts_itself_off() -> None:
    threshold = person(0.0)
    shown = [threshold.shows("git status", 0.4, KEYS, empty=True, turn=turn) for turn in range(EXPLORED * 100)]
    assert 0.5 / EXPLORED < sum(shown) / len(shown) < 2 / EXPLORED
    assert shown == [threshold.shows("git status", 0.4, KEYS, empty=True, turn=turn) for turn in range(EXPLORED * 100)]


def test_no_key_can_be_saved_by_a_single_character() -> None:
    assert not any(Threshold().shows("ls", 0.99, 0, empty=False, turn=turn) for turn in range(100))


def test_entries_teach_it() -> None:
    entries = [feedback("overridden", "0.450")] * 100
    threshold = Threshold.from_entries(entries)
    assert not threshold.pays(0.45, KEYS, empty=True)
    assert threshold.pays(0.45, KEYS, empty=False)
    after_letters = Threshold.from_entries([feedback("accepted", "0.050", typed="3", saved="6")] * 100)
    assert after_letters.value(0.05, KEYS, empty=False) > 0.6 * KEYS
    assert after_letters.value(0.05, KEYS, empty=True) == Threshold().value(0.05, KEYS, empty=True)


def test_a_part_is_worth_what_it_saved() -> None:
    # 9 of 10 characters can be saved: `git status` from the empty prompt, less the key.
    part = Threshold.from_entries([feedback("part", "0.500", saved="3")] * 300)
    whole = Threshold.from_entries([feedback("accepted", "0.500", saved="9")] * 300)
    assert part.value(0.5, 9, empty=True) == pytest.approx(3, abs=0.6)
    assert whole.value(0.5, 9, empty=True) == pytest.approx(9, abs=0.8)


@pytest.mark.parametrize(
    "entry",
    [
        CommandEntry("accepted"),
        feedback("helpful", "0.5"),
        feedback("accepted", ""),
        feedback("accepted", "nan"),
        feedback("accepted", "inf"),
        feedback("accepted", "2"),
        feedback("accepted", "0.5", typed="-1"),
        feedback("accepted", "0.5", typed="x"),
        feedback("accepted", "0.5", saved=""),
        CommandEntry("accepted", source="feedback"),
    ],
)
def test_what_says_nothing_changes_nothing(entry: CommandEntry) -> None:
    threshold = Threshold()
    threshold.observe(entry)
    assert threshold.to_record() == Threshold().to_record()


@given(
    st.lists(
        st.tuples(st.sampled_from(["accepted", "part", "overridden", "typed"]), st.floats(0, 1), st.floats(-5, 5)),
        max_size=40,
    )
)
def test_a_record_is_all_there_is(events: list[tuple[str, float, float]]) -> None:
    threshold = Threshold()
    for event, probability, taken in events:
        threshold.learn(event, probability, taken=taken, empty=len(event) > 4)
    again = Threshold.from_record(threshold.to_record())
    assert again.to_record() == threshold.to_record()
    assert all(-1 <= again.value(step / 50, KEYS, empty=True) <= KEYS for step in range(51))


def test_a_record_of_another_version_is_refused() -> None:
    with pytest.raises(ValueError, match="bins"):
        Threshold.from_record([[[0, 0, 0]], [[0, 0, 0]]])
