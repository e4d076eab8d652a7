"""predictor/corrections.py: what was mistyped is proposed once more, corrected; what was not is left alone."""

from __future__ import annotations

import math
from collections.abc import Iterable

import msgpack
import pytest

from delta_learn.entry import CommandEntry
from delta_learn.predictor import corrections as module
from delta_learn.predictor.context import Context
from delta_learn.predictor.corrections import Corrections

WORK = ["git status", "git push", "make test", "cd site", "docker ps", "git status", "git commit"] * 3


def after(*commands: str | tuple[str, int | None]) -> Context:
    pairs = [(command, None) if isinstance(command, str) else command for command in commands]
    return Context(previous=[CommandEntry(command, exit_code=code) for command, code in pairs])


def watch(corrections: Corrections, commands: Iterable[str | tuple[str, int | None]]) -> Corrections:
    """Let it see commands of one session, with their exit status where one is given."""
    entries: list[CommandEntry] = []
    for command, code in ((each, None) if isinstance(each, str) else each for each in commands):
        entry = CommandEntry(command, exit_code=code)
        corrections.observe(entry, Context(previous=tuple(entries)))
        entries.append(entry)
    return corrections


@pytest.fixture
def corrections() -> Corrections:
    return watch(Corrections(), WORK)


def lines(corrections: Corrections, context: Context) -> list[str]:
    return [line for line, _ in corrections.propose(context)]


@pytest.mark.parametrize(
    ("wrong", "code", "right"),
    [
        ("gti status -s", 127, "git status -s"),
        ("gti status -s", None, "git status -s"),
        ("it push", 127, "git push"),
        ("sudo dokcer ps", None, "sudo docker ps"),
        ("dcoekr ps", 127, "docker ps"),
        ("ls | maek", 127, "ls | make"),
        ("git stauts --short", 1, "git status --short"),
        ("git stauts", None, "git status"),
        ("gti stauts", 127, "git status"),
    ],
)
def test_the_line_comes_again_without_its_mistake(
    corrections: Corrections, wrong: str, code: int | None, right: str
) -> None:
    context = after("make test", (wrong, code))
    (line, score), *_ = corrections.propose(context)
    assert line == right
    assert score < 0
    watch(corrections, [(wrong, code)])  # as it is asked at a prompt: the line has been observed
    assert lines(corrections, context)[0] == right


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("gti status", 0),
        ("gti status", 130),
        ("gti status", 1),  # it was found
        ("git stauts", 0),
        ("git stauts", 130),
        ("git stauts", 127),  # git was not found, whatever came after it
        ("git status", 1),
        ("git status", None),
        ("git status", 127),
        ("zzz status", 127),
        ("dcoekr ps", None),  # two mistakes: only where nothing was found
        ("./gti status", 127),
        ("", None),
    ],
)
def test_what_does_not_look_wrong_is_left_alone(corrections: Corrections, line: str, code: int | None) -> None:
    assert corrections.propose(after((line, code))) == []
    assert corrections.propose(Context()) == []


def test_another_number_is_no_mistake() -> None:
    corrections = watch(Corrections(), ["python3 x", "ssh web1"] * 3)
    assert corrections.propose(after("python2 x")) == []
    assert corrections.propose(after(("ssh web2", 1))) == []
    assert lines(corrections, after("pythn3 x")) == ["python3 x"]


def test_a_word_that_is_used_is_no_slip_of_one_used_a_little_more() -> None:
    corrections = watch(Corrections(), ["vim x"] * 5 + ["vi x"] * 3)
    assert corrections.propose(after("vi x")) == []
    assert corrections.propose(after(("vi x", 127))) == []


def test_a_new_word_is_suspect_once(corrections: Corrections) -> None:
    watch(corrections, ["gti push", "ls"])
    assert lines(corrections, after("gti push")) == ["git push"]
    watch(corrections, ["gti push", "ls"])
    assert corrections.propose(after("gti push")) == []
    assert lines(corrections, after(("gti push", 127))) == ["git push"]


def test_the_argument_of_a_wrong_command_is_that_of_the_right_one(corrections: Corrections) -> None:
    watch(corrections, ["gti status", "git status"] * 3)
    assert lines(corrections, after("gti stauts")) == ["git status"]


def test_a_word_that_was_not_found_is_none_to_correct_to() -> None:
    corrections = watch(Corrections(), [("gti status", 127)] * 5)
    assert corrections.propose(after(("gtit status", 127))) == []
    assert watch(Corrections(), [("git status", 0)]).propose(after(("gti status", 127))) != []
    assert watch(Corrections(), ["git status"]).propose(after(("gti status", 127))) == []


def test_what_was_typed_instead_is_learned() -> None:
    corrections = watch(Corrections(), WORK)
    assert corrections.propose(after(("k get pods", 127))) == []
    watch(corrections, [("k get pods", 127), ("kubectl get pods", 0)])
    assert lines(corrections, after(("k get nodes", 127))) == ["kubectl get nodes"]
    assert lines(corrections, after("k get nodes")) == ["kubectl get nodes"]


def test_a_typo_that_is_made_again_and_again_is_known(corrections: Corrections) -> None:
    before = dict(corrections.propose(after("gti push")))["git push"]
    watch(corrections, ["gti push", "git push", "gti status", "git status", "gti push", "git push"])
    assert dict(corrections.propose(after("gti push")))["git push"] > before
    watch(corrections, ["gti push", "make test"] * 7)
    assert corrections.propose(after("gti push")) == [], "seldom corrected: it is a word"


@pytest.mark.parametrize(
    "pair",
    [
        [("cp a b", 0), ("mv a b", 0)],
        ["cp a b", "mv a b"],
        [("mx a b", 0), ("mv a b", 0)],
        [("mx a b", 127), ("mt a b", 127)],
        [("kk", 127), ("git", 0)],
        [("kx get", 127), ("git push", 0)],
        ["python2 x", "python3 x"],
        [("sl x", 1), ("ls x", 0)],
    ],
)
def test_what_only_looks_like_a_correction_is_not_learned(pair: list[str | tuple[str, int | None]]) -> None:
    corrections = watch(Corrections(), [*["cp x y", "mv x y", "sl x"] * 6, *pair])
    assert corrections.to_record()["typos"] == []


def test_rates_are_learned() -> None:
    def score(fixed: bool) -> float:
        corrections = watch(Corrections(), WORK)
        for wrong in ("amke test", "mkae test", "mmake test", "maek test", "mke test"):
            watch(corrections, [wrong, "make test" if fixed else "ls"])
        return dict(corrections.propose(after("gti status")))["git status"]

    assert score(fixed=True) > math.log(0.5)
    assert score(fixed=False) < math.log(0.15)


def test_what_nobody_typed_teaches_nothing() -> None:
    corrections = Corrections()
    for source in ("synthetic", "feedback"):
        for _ in range(5):
            corrections.observe(CommandEntry("git status", source=source), Context())
    assert corrections.to_record() == Corrections().to_record()


def test_the_oldest_typos_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_TYPOS", 2)
    corrections = Corrections()
    for wrong in ("a", "b", "a", "c"):
        watch(corrections, [(f"{wrong} x", 127), ("git x", 0)])
    assert [wrong for _, wrong, _ in corrections.to_record()["typos"]] == ["a", "c"]


def test_it_is_the_same_after_saving(corrections: Corrections) -> None:
    watch(corrections, ["gti push", "git push", ("k get pods", 127), ("kubectl get pods", 0)])
    again = Corrections.from_record(msgpack.unpackb(msgpack.packb(corrections.to_record())))
    assert again.to_record() == corrections.to_record()
    for wrong in ("gti x", "dokcer ps", "k get x", "git stauts"):
        assert again.propose(after(wrong)) == corrections.propose(after(wrong)) != []


def test_asking_changes_nothing(corrections: Corrections) -> None:
    before = corrections.to_record()
    corrections.propose(after(("gti stauts", 127)))
    assert corrections.to_record() == before
