from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from delta_learn.dataset.corpus import HOLDOUT_SHARE, WEIGHTINGS, Corpus, read_corpus, weight_of
from delta_learn.errors import HistoryError, NotEnoughDataError

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(pages: Sequence[Sequence[str]], kind: str = "doc", name: str = "docs") -> Path:
        path = tmp_path / f"{name}.jsonl"
        rows = [{"source": "o/n:p", "license": "MIT", "kind": kind, "cmds": list(page)} for page in pages]
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return path

    return write


def learnt(corpus: Corpus) -> list[str]:
    return [command for page in corpus.train for command in page.commands]


def measured(corpus: Corpus) -> list[str]:
    return [command for page in corpus.held_out for command in page.commands]


@pytest.mark.parametrize(
    ("kind", "command", "weight"),
    [
        ("doc", "aws s3 ls", 0.3),
        ("ci", "aws s3 ls", 0.3),  # the smallest that fits
        ("single", "find . -name a", 0.4),
        ("cheatsheet", "find . -name a", 1.0),
        ("single", "ls", 1.0),
        ("ci", "make test", 0.4),
        ("dockerfile", "apt-get update", 0.3),
        ("makefile", "gcc a.c", 0.3),
        ("aliases", "git status", 1.0),
        ("doc", "awslocal s3 ls", 1.0),
    ],
)
def test_weights_by_kind_and_first_word(kind: str, command: str, weight: float) -> None:
    assert weight_of(kind, command) == weight


def test_every_weighting_has_a_reason() -> None:
    assert all(w.reason and 0 < w.weight < 1 and (w.kind or w.word) for w in WEIGHTINGS)


def test_what_is_left_out_is_counted(write: Write) -> None:
    pages = [["gcc a.c", " ", "make test"], ["gcc a.c", "gcc a.c", "ls -l"]]
    counts = read_corpus([write(pages)]).counts
    assert counts == {"read": 6, "redacted": 0, "empty": 1, "repeated": 2, "held_out": 0, "known": 0}


def test_the_counts_add_up(write: Write) -> None:
    corpus = read_corpus([write([[f"cmd {i % 700}", f"x {i}"] for i in range(1000)])])
    counts = corpus.counts
    assert counts["known"] > 0
    assert counts["held_out"] == len(measured(corpus))
    assert counts["read"] - counts["repeated"] - counts["known"] == len(learnt(corpus)) + counts["held_out"]


def test_secrets_are_replaced_and_counted(write: Write) -> None:
    secret = "Zk9" + "wLq7TmBx2Rv"
    corpus = read_corpus([write([[f"export DEPLOY_PASSWORD={secret}", "ls"]])])
    assert secret not in " ".join(learnt(corpus))
    assert "<secret:" in " ".join(learnt(corpus))
    assert corpus.counts["redacted"] == 1


def test_a_repeat_stays_where_it_weighs_most(write: Write) -> None:
    recipe, page = write([["make test"]], "ci", "ci"), write([["ls", "make test"]])
    for files in ([recipe, page], [page, recipe]):
        corpus = read_corpus(files)
        assert sorted(learnt(corpus)) == ["ls", "make test"]
        assert corpus.weights["make test"] == 1.0


def test_pages_are_held_out_by_their_text_alone(write: Write) -> None:
    pages = [[f"tool{i} --flag {i}", f"tool{i} {i}"] for i in range(2000)]
    forwards, backwards = read_corpus([write(pages)]), read_corpus([write(pages[::-1], "cheatsheet", "other")])
    assert set(measured(forwards)) == set(measured(backwards))
    assert 0.5 * HOLDOUT_SHARE < len(forwards.held_out) / len(pages) < 1.5 * HOLDOUT_SHARE
    assert all(len(page.commands) == 2 for page in forwards.held_out)  # whole pages


def test_nothing_that_is_learnt_is_measured(write: Write) -> None:
    corpus = read_corpus([write([[f"a {i}", f"b {i % 40}"] for i in range(1500)])])
    assert measured(corpus)
    assert not set(learnt(corpus)) & set(measured(corpus))
    assert len(learnt(corpus)) == len(set(learnt(corpus)))


def test_held_out_commands_are_grouped_by_file_and_kind(write: Write) -> None:
    pages = [[f"tool{i} {i}"] for i in range(500)]
    ci, docs = write(pages[:250], "ci", "ci"), write(pages[250:], "doc", "docs")
    groups = read_corpus([ci, docs]).groups()
    assert list(groups) == [("ci", "ci"), ("docs", "doc")]


def test_pieces_are_learnt_from_the_part_that_weighs(write: Write) -> None:
    corpus = read_corpus([write([[f"aws s3 ls {i}" for i in range(1000)], [f"git log {i}" for i in range(1000)]])])
    lines = list(corpus.lines())
    assert 200 < sum(line.startswith("aws") for line in lines) < 400
    assert sum(line.startswith("git") for line in lines) == 1000


@pytest.mark.parametrize("line", ["{", "[]", '{"source": "a:b"}', '{"source":1,"license":"","kind":"","cmds":"ls"}'])
def test_a_line_that_is_no_page_is_named_and_not_shown(line: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text('{"source": "a:b", "license": "MIT", "kind": "doc", "cmds": ["ls"]}\n' + line + "\n")
    with pytest.raises(HistoryError, match=r"bad\.jsonl, line 2, is no page"):
        read_corpus([path])


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match=r"none\.jsonl cannot be read"):
        read_corpus([tmp_path / "none.jsonl"])


def test_nothing_to_learn_from_is_said(write: Write) -> None:
    with pytest.raises(NotEnoughDataError):
        read_corpus([write([[" "]])])
