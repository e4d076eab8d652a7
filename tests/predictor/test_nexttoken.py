"""predictor/nexttoken.py: a distribution over the next token that learns from what came."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from functools import reduce

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from delta_learn.predictor.context import Context
from delta_learn.predictor.lexer import END, tokens
from delta_learn.predictor.memory import TokenMemory
from delta_learn.predictor.names import UNKNOWN
from delta_learn.predictor.nexttoken import SOURCES, Choice, NextToken
from delta_learn.predictor.offered import Offer
from delta_learn.predictor.place import Place

HISTORY = ("git add src/main.c", "git commit", "git add tests", "make test", "git status", "vim src/main.c")
NEW = "§"
HERE = Context(directory="/x", session="s")

LINES = st.lists(st.sampled_from([*HISTORY, "ls", "ls -l", "git add src"]), min_size=1, max_size=8)
PLACES = st.sampled_from(["", "git", "git ", "git add", "git add ", "make t", "vim src/", "new", "new ", "git status"])


class Typist:
    """A memory, and what is learned of the weights with it; everything is typed at one prompt."""

    def __init__(self, lines: Sequence[str] = (), sources: Collection[str] = SOURCES) -> None:
        self.memory = TokenMemory()
        self.next = NextToken(self.memory, sources)
        for line in lines:
            self.type(line)

    def type(self, line: str) -> None:
        place = Place()
        for token in (*tokens(line), END):
            self.next.learn(self.next.choice(place, self.memory.prompt(HERE)), token)
            place = place.after(token)
        self.memory.record(tokens(line), self.memory.prompt(HERE))

    def choice(self, text: str) -> Choice:
        return self.next.choice(reduce(Place.after, tokens(text), Place()), self.memory.prompt(HERE))

    def probability(self, text: str, token: str) -> float:
        return self.next.probability(self.choice(text), token)

    def known(self) -> list[str]:
        return self.memory.lexicon.names.to_record()

    def shares(self, choice: Choice) -> dict[str, float]:
        return {self.memory.lexicon.names[token]: share for token, share in choice.shares.items()}


@given(LINES, PLACES, st.sampled_from([SOURCES, ("ngram",), ("copy",)]))
def test_similar_tokens_share_what_the_escape_leaves(lines: list[str], text: str, sources: tuple[str, ...]) -> None:
    choice = Typist(lines, sources).choice(text)
    assert 0 < choice.escape < 1
    if choice.shares:
        assert math.fsum(choice.shares.values()) == pytest.approx(1, abs=1e-5)
        assert min(choice.shares.values()) >= 0


@given(LINES, PLACES)
def test_probabilities_sum_to_hardly_less_than_one(lines: list[str], text: str) -> None:
    """All known tokens, and the new ones with all their spellings."""
    typist = Typist(lines)
    choice = typist.choice(text)
    known = math.fsum(typist.next.probability(choice, token) for token in typist.known())
    new = typist.next.prefix_probability(choice, "") - known
    assert -1e-5 <= new <= choice.escape + 1e-5
    assert known + new <= 1 + 1e-5
    if choice.shares:
        assert known + new >= 1 - choice.escape / (len(typist.memory) + 1) - 1e-5


@given(LINES, PLACES, st.sampled_from(["g", "gi", "src", "s", "-", " ", "x", "te"]))
def test_the_probability_of_a_prefix_is_that_of_its_tokens(lines: list[str], text: str, part: str) -> None:
    typist = Typist(lines)
    choice = typist.choice(text)
    known = math.fsum(typist.next.probability(choice, token) for token in typist.known() if token.startswith(part))
    whole = typist.next.prefix_probability(choice, part)
    # The rest is of new tokens: `part` itself, if it is one, and longer ones.
    new = typist.next.probability(choice, NEW) / typist.memory.lexicon.spelled(NEW)
    assert whole - known == pytest.approx(new * typist.memory.lexicon.spelled(part, whole=False), rel=1e-4, abs=1e-6)


@given(LINES, PLACES, st.sampled_from(["g", "s", "src", " ", "c"]))
def test_the_best_are_tokens_that_begin_so_and_no_more_than_all_of_them(lines: list[str], text: str, part: str) -> None:
    typist = Typist(lines)
    choice = typist.choice(text)
    prompt = typist.memory.prompt(HERE)
    found = typist.next.best(choice, part, prompt, 8)
    assert len({token for token, _ in found}) == len(found)
    names = typist.memory.lexicon.names
    assert {token for token, _ in found} == {names[token] for token in typist.memory.lexicon.matching(part).tolist()}
    assert math.fsum(probability for _, probability in found) <= typist.next.prefix_probability(choice, part) + 1e-6
    similar = [(names.find(token), probability) for token, probability in found if names.find(token) in choice.shares]
    assert similar == sorted(similar, key=lambda each: -each[1])
    for token, probability in similar:
        assert probability == pytest.approx((1 - choice.escape) * choice.shares[token])
    assert (
        typist.next.best(choice, "", prompt, 2)
        == sorted(
            [(names[token], (1 - choice.escape) * share) for token, share in choice.shares.items()],
            key=lambda each: -each[1],
        )[:2]
    )


def test_of_many_tokens_the_newest_and_the_most_frequent_are_completed() -> None:
    typist = Typist()
    frequent = [f"w{number:03d}" for number in range(10)]
    words = [*frequent * 3, *(f"w{number:03d}" for number in range(10, 200))]
    for word in words:
        typist.memory.record(tokens(f"see {word}"), typist.memory.prompt(HERE))
    names = typist.memory.lexicon.names

    def completed(text: str, part: str) -> list[str]:
        choice = typist.choice(text)
        found = typist.next.best(choice, part, typist.memory.prompt(HERE), 8)
        return [token for token, _ in found if names.find(token) not in choice.shares]

    assert not typist.choice("go run").shares
    assert "w199" in completed("go run", "w")
    assert set(completed("go run", "w")) <= {*frequent, *(f"w{number}" for number in range(170, 200))}
    # The newest words are among the similar ones here.
    assert completed("see ", "w")
    assert set(completed("see ", "w")) <= set(frequent)


def test_a_token_that_was_used_more_often_is_the_better_completion() -> None:
    typist = Typist()
    for line in (*["see west"] * 9, "see wild", "ls"):
        typist.memory.record(tokens(line), typist.memory.prompt(HERE))
    choice = typist.choice("go run")
    found = [token for token, _ in typist.next.best(choice, "w", typist.memory.prompt(HERE), 8)]
    assert found == ["west", "wild"]  # by age alone it were the other way round


@pytest.mark.parametrize(
    ("text", "token"),
    [
        ("git ", "status"),  # similar, and the newest
        ("git ", "add"),  # similar, and older
        ("git ", "vim"),  # known, and never in such a place
        ("git add ", "newer"),  # never typed
        ("git status", END),
        ("", "make"),
        ("zzz", " "),  # after a new word
    ],
)
def test_what_came_is_more_probable_from_then_on(text: str, token: str) -> None:
    typist = Typist(HISTORY * 3)
    before = typist.probability(text, token)
    for _ in range(3):
        typist.next.learn(typist.choice(text), token)
    assert typist.probability(text, token) > before


def test_the_weights_are_those_of_what_tells_what_comes() -> None:
    """The last command decides here what comes, and that something was typed a moment ago means nothing."""
    typist = Typist()
    prompts = {
        place: typist.memory.prompt(Context(directory=place, session="s")) for place in ("/left", "/right", "/up")
    }
    for _ in range(30):
        for place, prompt in prompts.items():
            typist.next.learn(typist.next.choice(Place(), prompt), place[1:])
            typist.memory.record([place[1:]], prompt)
    for place, prompt in prompts.items():
        choice = typist.next.choice(Place(), prompt)
        assert typist.next.probability(choice, place[1:]) > 0.9
        assert max(choice.shares, key=choice.shares.__getitem__) == typist.memory.lexicon.names.find(place[1:])


def test_a_place_like_this_one_counts_more_than_another_before_anything_is_learned() -> None:
    typist = Typist()
    for line in ("git add x", "make test", "vim y"):
        typist.memory.record(tokens(line), typist.memory.prompt(HERE))
    shares = typist.shares(typist.choice("make "))
    assert max(shares, key=shares.__getitem__) == "test"


def test_recent_words_are_copied_to_where_a_word_comes() -> None:
    typist = Typist()
    typist.memory.record(tokens("vim notes.md"), typist.memory.prompt(HERE))
    names = typist.memory.lexicon.names
    choice = typist.choice("zip ")
    assert {names[token] for token in choice.copied} == {"vim", "md"}
    assert "notes" in typist.shares(choice)  # it stood after a space as well
    for text in ("", "zip"):
        assert not typist.choice(text).copied
    for sources, expected in ((("ngram",), {"notes"}), (("copy",), {"vim", "notes", "md"})):
        only = NextToken(typist.memory, sources).choice(choice.place, typist.memory.prompt(HERE))
        assert {names[token] for token in only.shares} == expected


def test_a_place_like_no_other_escapes() -> None:
    typist = Typist(HISTORY, ("ngram",))
    choice = typist.choice("zip")
    assert choice.shares == {}
    assert choice.evidence is None
    assert choice.escape > 0.9
    assert typist.probability("zip", "git") > 0


def test_new_tokens_are_spelled() -> None:
    typist = Typist(HISTORY)
    choice = typist.choice("git add ")
    ratio = typist.next.probability(choice, "mains") / typist.next.probability(choice, "zqxj")
    spelled = typist.memory.lexicon.spelled
    assert ratio == pytest.approx(spelled("mains") / spelled("zqxj"))
    assert ratio > 1


def test_a_person_who_types_new_words_is_expected_to() -> None:
    same, changing = Typist(), Typist()
    for number in range(20):
        same.type("see file")
        changing.type(f"see file{number}")
    assert changing.probability("see ", "file77") > 100 * same.probability("see ", "file77")


@given(LINES, PLACES, st.sampled_from(["git", "src", "new", END]))
def test_it_is_the_same_after_saving(lines: list[str], text: str, token: str) -> None:
    typist = Typist([*lines, *HISTORY])
    again = Typist()
    again.memory = typist.memory
    again.next = NextToken(typist.memory)
    again.next.load(msgpack.unpackb(msgpack.packb(typist.next.to_record())))
    for each in (typist, again):
        each.next.learn(each.choice(text), token)
    one, other = typist.choice(text), again.choice(text)
    assert (one.shares, one.escape, one.copied) == (other.shares, other.escape, other.copied)
    assert again.probability(text, token) == typist.probability(text, token)
    assert again.next.to_record() == typist.next.to_record()


def test_a_record_of_another_version_is_refused() -> None:
    record = Typist(HISTORY).next.to_record()
    for name in record:
        with pytest.raises(KeyError):
            Typist().next.load({key: value for key, value in record.items() if key != name})


def test_the_same_token_for_ever() -> None:
    typist = Typist(["ls"] * 3)
    choice = typist.choice("ls")
    for _ in range(30_000):
        typist.next.learn(choice, END)
    assert typist.probability("ls", END) > 0.99
    assert typist.probability("ls", " ") > 0


def test_nothing_is_ever_impossible() -> None:
    typist = Typist(HISTORY)
    choice = typist.choice("git")
    for _ in range(10_000):
        typist.next.learn(choice, "never")
    assert typist.probability("git", "status") > 0


@given(LINES, st.sampled_from(["cd ", "cd pa", "git add src"]))
def test_with_offered_words_tokens_still_share_one_probability(lines: list[str], text: str) -> None:
    typist = Typist(lines)
    place = typist.choice(text).place
    offered = Offer({"parser": 0.6, "zebra": 0.4}, start=True)
    choice = typist.next.choice(place, typist.memory.prompt(HERE), offered)
    known = math.fsum(typist.next.probability(choice, token) for token in typist.memory.lexicon.names.to_record())
    rest = [token for token in offered.shares if typist.memory.lexicon.names.find(token) == UNKNOWN]
    assert known + math.fsum(typist.next.probability(choice, token) for token in rest) <= 1 + 1e-6
    whole = 1.0 if choice.shares else choice.escape
    assert typist.next.prefix_probability(choice, "") == pytest.approx(whole, abs=1e-6)
    best = dict(typist.next.best(choice, "z", typist.memory.prompt(HERE), 8))
    assert best["zebra"] == pytest.approx(choice.escape * choice.trust * 0.4)
    assert best["zebra"] <= typist.next.probability(choice, "zebra")


def test_offered_words_are_trusted_as_they_are_taken() -> None:
    typist = Typist(["ls"])
    offered, prompt = Offer({"zebra": 1.0}, start=True), typist.memory.prompt(HERE)

    def asked() -> Choice:
        return typist.next.choice(typist.choice("cd ").place, prompt, offered)

    before = typist.next.probability(asked(), "zebra")
    for _ in range(10):
        typist.next.learn(asked(), "zebra")
    taken = typist.next.probability(asked(), "zebra")
    for _ in range(100):
        typist.next.learn(asked(), "lion")
    assert typist.next.probability(asked(), "zebra") < before < taken
