"""dataset/examples.py: which commands of a corpus the composer reads."""

from __future__ import annotations

from delta_learn.dataset.corpus import Corpus, Page
from delta_learn.dataset.examples import LONGEST, MOST_OF_A_WORD, choose_examples


def corpus(commands: list[str], weight: float = 1.0, held_out: tuple[str, ...] = ()) -> Corpus:
    page = Page("f", "o/n:p", "MIT", "doc", tuple(commands))
    return Corpus([page], [Page("f", "o/n:q", "MIT", "doc", held_out)], dict.fromkeys(commands, weight))


def test_only_the_texts_decide_which_and_in_which_order() -> None:
    commands = [f"tool{n} run" for n in range(50)]
    found = choose_examples(corpus(commands))
    assert found == choose_examples(corpus(commands[::-1]))
    assert sorted(found) == sorted(commands)
    assert found != commands
    assert choose_examples(corpus(commands), limit=7) == found[:7]


def test_long_lines_and_lines_that_are_measured_on_stay_out() -> None:
    found = choose_examples(corpus(["x" * (LONGEST + 1), "a\nb", "ls"], held_out=("make test",)))
    assert found == ["ls"]


def test_no_tool_fills_the_list() -> None:
    found = choose_examples(corpus([f"aws s3 ls {n}" for n in range(MOST_OF_A_WORD + 50)] + ["git status"]))
    assert sum(line.startswith("aws ") for line in found) == MOST_OF_A_WORD
    assert "git status" in found


def test_what_weighs_less_is_read_less() -> None:
    commands = [f"tool{n} run" for n in range(400)]
    assert 60 < len(choose_examples(corpus(commands, weight=0.25))) < 140
