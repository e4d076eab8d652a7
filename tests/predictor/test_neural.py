from collections.abc import Callable

import numpy as np
import pytest

from delta_learn.entry import CommandEntry
from delta_learn.predictor.context import Context
from delta_learn.predictor.neural import MAX_LINE_CHARS, NeuralExpert
from delta_learn.tokenizer.healing import heal
from delta_learn.tokenizer.sequence import encode_context
from delta_learn.tokenizer.symbols import END
from delta_learn.tokenizer.tokenizer import Tokenizer

LINES = {"git status": 5, "git stash": 3, "git push": 4, "ls -la": 2, "cat README.md": 1}


@pytest.fixture
def context() -> Context:
    return Context(previous=[CommandEntry("make test")], directory="/src")


def test_the_probability_of_a_line_is_the_product_over_its_tokens(
    tokenizer: Tokenizer, memory_model: Callable, context: Context
) -> None:
    model = memory_model(LINES)
    expert = NeuralExpert(model, tokenizer)
    row = tuple(encode_context(context.previous, context.directory, None, tokenizer, 32))
    expected = 0.0
    for token in [*tokenizer.encode("git stash"), tokenizer.symbol(END)]:
        expected += float(model.next_logprobs(row)[token])
        row = (*row, token)
    assert expert.log_probabilities(["git stash"], context)[0] == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("prefix", ["", "g", "gi", "git", "git ", "git s", "git sta", "git stas"])
def test_the_best_known_line_is_composed_at_any_cut(
    tokenizer: Tokenizer, memory_model: Callable, context: Context, prefix: str
) -> None:
    expert = NeuralExpert(memory_model(LINES), tokenizer)
    found = expert.propose(prefix, context, 4)
    expected = max((line for line in LINES if line.startswith(prefix)), key=LINES.__getitem__)
    assert found[0][0] == expected
    assert all(line.startswith(prefix) and line != prefix for line, _ in found)
    assert len({line for line, _ in found}) == len(found) <= 4
    for line, score in found:
        assert score == pytest.approx(expert.log_probabilities([line], context)[0], abs=1e-3)


def test_a_composed_line_is_scored_as_it_would_be_encoded(
    tokenizer: Tokenizer, memory_model: Callable, context: Context
) -> None:
    """Also where the model knows it in other pieces, and the search finds it there."""
    letters = [tokenizer.encode(letter)[0] for letter in "git"]
    assert letters != tokenizer.encode("git")
    model = memory_model({"git": 1}, spellings={"git": letters})
    composed = dict(NeuralExpert(model, tokenizer).propose("", context, 4))
    expected = NeuralExpert(model, tokenizer).log_probabilities(["git"], context)[0]
    assert composed["git"] == pytest.approx(expected, abs=1e-3)
    assert expected < -5


def test_keystrokes_read_only_what_is_new(tokenizer: Tokenizer, memory_model: Callable, context: Context) -> None:
    model = memory_model(LINES)
    expert = NeuralExpert(model, tokenizer)
    typed = "docker compose up -d --build web"
    for end in range(len(typed) + 1):
        expert.log_prefix(typed[:end], context)
    distinct = {tuple(heal(tokenizer, typed[:end]).ids[:n]) for end in range(len(typed) + 1) for n in range(40)}
    assert model.starts == 1
    assert model.extensions == len(distinct - {()})


def test_keystrokes_that_agree_with_a_composed_line_do_not_search(
    tokenizer: Tokenizer, memory_model: Callable, context: Context
) -> None:
    model = memory_model(LINES)
    expert = NeuralExpert(model, tokenizer)
    expert.propose("", context, 4)
    before = (model.starts, model.extensions, model.read)
    for end in range(1, len("git status")):
        assert expert.propose("git status"[:end], context, 1)[0][0] == "git status"
    assert (model.starts, model.extensions, model.read) == before
    assert model.starts == 1
    expert.propose("cat R", context, 1)
    assert model.extensions > before[1]


def test_a_new_context_is_read(tokenizer: Tokenizer, memory_model: Callable, context: Context) -> None:
    model = memory_model(LINES)
    expert = NeuralExpert(model, tokenizer)
    expert.log_probabilities(["ls"], context)
    read = model.read
    expert.log_probabilities(["ls"], context)
    assert (model.starts, model.read) == (1, read)
    expert.log_probabilities(["ls"], Context())
    assert (model.starts, model.read) == (2, 2 * read)


def test_several_shells_that_ask_by_turns_have_their_contexts_read_once(
    tokenizer: Tokenizer, memory_model: Callable
) -> None:
    model = memory_model(LINES)
    expert = NeuralExpert(model, tokenizer)
    shells = [Context([CommandEntry(f"make {number}")], session=f"shell {number}") for number in range(16)]
    alone = {context: NeuralExpert(memory_model(LINES), tokenizer) for context in shells}
    for typed in ("g", "gi", "git ", "git st"):
        for context, own in alone.items():
            assert dict(expert.propose(typed, context, 2)) == pytest.approx(dict(own.propose(typed, context, 2)))
            assert expert.log_prefix(typed, context) == pytest.approx(own.log_prefix(typed, context))
    assert model.starts == 16
    again = Context(shells[3].previous, session="shell 3")  # its next prompt takes the place of this one
    expert.prepare(again)
    expert.prepare(shells[4])
    assert model.starts == 17
    expert.prepare(shells[3])
    assert model.starts == 18


def test_of_more_shells_those_that_were_silent_longest_are_read_anew(
    tokenizer: Tokenizer, memory_model: Callable
) -> None:
    model = memory_model(LINES)
    expert = NeuralExpert(model, tokenizer)
    shells = [Context(session=f"shell {number}") for number in range(17)]
    for context in [*shells, shells[1]]:
        expert.prepare(context)
    assert model.starts == 17
    expert.prepare(shells[0])
    expert.prepare(shells[1])
    assert model.starts == 18


def test_what_lines_have_in_common_is_read_once(tokenizer: Tokenizer, memory_model: Callable, context: Context) -> None:
    model = memory_model(LINES)
    expert = NeuralExpert(model, tokenizer)
    lines = ["git status", "git stash", "git push", "git"]
    expert.log_probabilities(lines, context)
    encoded = [tokenizer.encode(line) for line in lines]
    assert model.read == len({tuple(ids[:end]) for ids in encoded for end in range(1, len(ids) + 1)})
    before = model.read
    expert.log_beginnings(["git", "git stat", "git status"], context)
    assert model.read <= before + len(tokenizer.encode("git stat"))


def test_beginnings_after_a_way_back_are_those_of_a_new_expert(
    tokenizer: Tokenizer, memory_model: Callable, context: Context
) -> None:
    """What was typed and taken back leaves states behind that are as long as those of what is typed now."""
    expert = NeuralExpert(memory_model(LINES), tokenizer)
    for typed in ("cat README", "git status", "git push"):
        expert.log_prefix(typed, context)
    texts = ["cat README.md", "git status", "git push -f", "git"]
    fresh = NeuralExpert(memory_model(LINES), tokenizer).log_beginnings(texts, context)
    assert expert.log_beginnings(texts, context) == pytest.approx(fresh, abs=1e-5)


def test_the_prefix_holds_at_least_its_lines(tokenizer: Tokenizer, memory_model: Callable, context: Context) -> None:
    expert = NeuralExpert(memory_model(LINES), tokenizer)
    assert expert.log_prefix("", context) == 0
    for prefix in ("g", "git s", "ls"):
        mass = expert.log_prefix(prefix, context)
        lines = [line for line in LINES if line.startswith(prefix)]
        within = np.logaddexp.reduce(expert.log_probabilities(lines, context))
        assert within <= mass + 1e-3 < 1e-2
    assert expert.log_prefix("git zzzz", context) < expert.log_prefix("git s", context) - 3


@pytest.mark.parametrize("hostile", ["\x1b]0;x\x07", "a\nb", "rm\x00", "x\x7f", "\udcff\udcfe"])
def test_control_bytes_and_broken_text_are_never_composed(
    tokenizer: Tokenizer, memory_model: Callable, context: Context, hostile: str
) -> None:
    expert = NeuralExpert(memory_model({hostile: 100, "ls -la": 1}), tokenizer)
    for prefix in ("", hostile[0]):
        for line, _ in expert.propose(prefix, context, 4):
            added = line[len(prefix) :]
            assert all(ord(c) >= 32 and ord(c) != 127 and not 0xD800 <= ord(c) <= 0xDFFF for c in added)


def test_long_lines_have_a_probability_within_the_models_row(
    tokenizer: Tokenizer, memory_model: Callable, context: Context
) -> None:
    expert = NeuralExpert(memory_model(LINES), tokenizer, line_tokens=20)
    long = "echo " + "word " * 100
    scores = expert.log_probabilities([long, "git status"], context)
    assert np.isfinite(scores).all()
    assert scores[0] < scores[1] - 100
    assert expert.log_probabilities(["x" * (MAX_LINE_CHARS + 1)], context)[0] == -np.inf


def test_prefixes_that_leave_no_room_are_not_continued(
    tokenizer: Tokenizer, memory_model: Callable, context: Context
) -> None:
    expert = NeuralExpert(memory_model(LINES), tokenizer, line_tokens=20)
    for prefix in ("word " * 100, "x" * (MAX_LINE_CHARS + 1)):
        assert expert.propose(prefix, context, 3) == []
        assert expert.log_prefix(prefix, context) == -np.inf


def test_the_longest_context_leaves_room_for_a_line(tokenizer: Tokenizer, memory_model: Callable) -> None:
    expert = NeuralExpert(memory_model(LINES), tokenizer)
    context = Context(previous=[CommandEntry(f"git commit -m 'change {n}'") for n in range(50)])
    assert expert.propose("", context, 1)[0][0] == "git status"
