from __future__ import annotations

import string
from pathlib import Path

import pytest

from delta_learn.errors import ModelError
from delta_learn.tokenizer.symbols import SYMBOLS
from delta_learn.tokenizer.tokenizer import Tokenizer
from delta_learn.tokenizer.training import MIN_VOCAB_SIZE, train_model, word_list

RARE_WORD = "zyxwvutsrq"
NEW_WORDS = ["tessellate", "quaternion", "hypercube", "wavefront", "voxelizer"]
FIXED = 1 + len(SYMBOLS) + 256


def test_the_same_lines_give_the_same_bytes(lines: list[str]) -> None:
    assert train_model(lines, 2048) == train_model(iter(lines), 2048)
    assert train_model(lines, 2048) != train_model([*lines, "frobnicate"] * 2, 2048)


def test_training_writes_no_file_and_no_word(
    lines: list[str], home: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(home)
    before = sorted(home.rglob("*"))
    train_model(lines, 2048)
    assert sorted(home.rglob("*")) == before
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("texts", [[], [""], ["\x00\n"], ["\u2581\u2585"], ["ls"]])
def test_a_tiny_history_still_trains(texts: list[str]) -> None:
    tokenizer = Tokenizer.train(texts)
    assert FIXED < tokenizer.vocab_size <= 2048
    assert len(tokenizer.encode("git commit")) == 2


def test_the_vocabulary_is_no_larger_than_asked(lines: list[str]) -> None:
    assert Tokenizer.train(lines, vocab_size=MIN_VOCAB_SIZE).vocab_size == MIN_VOCAB_SIZE


@pytest.mark.parametrize("vocab_size", [0, MIN_VOCAB_SIZE - 1, 65537])
def test_a_vocabulary_that_cannot_be_made_is_refused(vocab_size: int) -> None:
    with pytest.raises(ModelError, match=r"tokenizer\.vocab_size"):
        train_model([], vocab_size)


def test_more_kinds_of_characters_than_pieces_still_train() -> None:
    characters = "".join(map(chr, range(0x4E00, 0x4E00 + 3000)))
    tokenizer = Tokenizer.train([characters] * 20, vocab_size=MIN_VOCAB_SIZE)
    assert tokenizer.decode(tokenizer.encode(characters)) == characters


def test_long_lines_are_learnt_from() -> None:
    # SentencePiece drops sentences over max_sentence_length.
    line = "".join(f" #%@{i}" for i in range(5000))
    assert len(line) > 4 * 4192
    assert len(Tokenizer.train([line]).encode(" #%@")) == 1


def test_words_that_are_always_followed_by_the_same_become_pieces() -> None:
    assert len(Tokenizer.train([f"{RARE_WORD} {i}" for i in range(9)]).encode(RARE_WORD)) == 1


@pytest.mark.parametrize("reserved", ["\u2581", "\u2585", "\n", "\x00", "\udcff", "\ud800", "\x7f\x9f"])
def test_reserved_characters_only_part_lines(reserved: str) -> None:
    # SentencePiece drops lines with U+2585, reads U+2581 as a space and cannot read surrogates at all.
    lines = [f"make #{reserved} %%{i}" for i in range(20)]
    parts = [part for line in lines for part in line.split(reserved)]
    assert train_model(lines, 2048) == train_model(parts, 2048)


def test_pieces_do_not_span_words_digits_or_scripts(lines: list[str]) -> None:
    tokenizer = Tokenizer.train([*lines, "make v12-release" * 9] * 9)
    for token in range(FIXED, tokenizer.vocab_size):
        text = tokenizer.piece_bytes(token).decode().lstrip(" ")
        assert " " not in text
        assert len(text) <= 1 or not any(character in string.digits for character in text)
        assert not (set(text) & set(string.ascii_letters) and set(text) & set(string.punctuation) - {"_"})


def test_words_of_the_person_become_pieces() -> None:
    lines = [f"{tool} {word}{end}" for tool in ("vim", "cat") for word in NEW_WORDS for end in (".py", "", "/x")]
    before, after = Tokenizer.train([]), Tokenizer.train(lines)
    assert all(len(before.encode(f" {word}")) > 1 for word in NEW_WORDS)
    assert all(len(after.encode(f" {word}")) == 1 for word in NEW_WORDS)


def test_word_list() -> None:
    words = word_list()
    assert 1500 <= len(words) <= 3000
    assert len(set(words)) == len(words)
    assert all(word == word.strip() and word.isascii() and word.isprintable() for word in words)
    assert {"git", "git commit", "docker", "ls -la", "systemctl restart"} <= set(words)
    assert not any(word.startswith("# ") for word in words)
