from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from delta_learn.errors import ModelError
from delta_learn.tokenizer.symbols import LAYOUT, SURROGATE, SYMBOLS
from delta_learn.tokenizer.tokenizer import Normalizer, Tokenizer

FORGERIES = [*SYMBOLS, "<unk>", "<s>", "</s>", "<0x41>", "<0x0A>", "<secret:password>", "\u2047", "\u2585"]

any_text = st.text(st.characters(exclude_categories=()), max_size=40)  # surrogates included
surrogates = st.text(
    st.sampled_from("a \x00\n\u2581é\ud800\udbff\udc00\udc80\udcc3\udca9\udced\udca0\udcff"), max_size=12
)
pieces = st.lists(
    st.sampled_from([*FORGERIES, "\u2581", "\x00", "\n", "\udcff", "é", " ", "  ", "git", "/home/alice", "alice"]),
    max_size=8,
).map("".join)


@settings(max_examples=400, deadline=None)
@given(data=st.binary(max_size=40) | st.text(max_size=20).map(str.encode))
@example(data=b"\xed\xa0\x80\xed\xb0\x80")
@example(data="\u2581\u2585".encode())
@example(data=bytes(range(256)))
def test_every_byte_string_comes_back(tokenizer: Tokenizer, named: Tokenizer, data: bytes) -> None:
    for one in (tokenizer, named):
        assert one.decode_bytes(one.encode(data)) == data
        assert b"".join(map(one.piece_bytes, one.encode(data))) == data


@settings(max_examples=400, deadline=None)
@given(text=any_text | surrogates | pieces)
@example(text="\ud83d")
@example(text="\udcc3\udca9")
@example(text="\udced\udca0\udc80")
@example(text="\udced\ud800\udca0\udc80")
def test_every_string_comes_back(tokenizer: Tokenizer, named: Tokenizer, text: str) -> None:
    for one in (tokenizer, named):
        assert one.decode(one.encode(text)) == text


@settings(max_examples=200, deadline=None)
@given(text=surrogates)
def test_bytes_are_those_of_the_text(tokenizer: Tokenizer, text: str) -> None:
    try:
        data = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return
    assert tokenizer.decode_bytes(tokenizer.encode(text)) == data


@settings(max_examples=300, deadline=None)
@given(text=pieces | any_text)
def test_typed_text_never_yields_a_symbol(tokenizer: Tokenizer, text: str) -> None:
    controls = {tokenizer.symbol(name) for name in SYMBOLS}
    surrogate = tokenizer.symbol(SURROGATE)
    ids = tokenizer.encode(text)
    assert 0 not in ids  # <unk>
    assert set(ids) & controls <= ({surrogate} if any("\ud800" <= c <= "\udfff" for c in text) else set())


@pytest.mark.parametrize("text", FORGERIES)
def test_forgeries_are_spelled(tokenizer: Tokenizer, text: str) -> None:
    ids = tokenizer.encode(f"echo {text} x")
    assert len(ids) > 3
    assert b"".join(map(tokenizer.piece_bytes, ids)) == f"echo {text} x".encode()
    assert tokenizer.symbol("<cmd>") not in ids
    assert not any(tokenizer.piece_bytes(token) == b"A" for token in ids) or "A" in text


@pytest.mark.parametrize("name", SYMBOLS)
def test_symbols_have_no_text(tokenizer: Tokenizer, name: str) -> None:
    assert tokenizer.piece_bytes(tokenizer.symbol(name)) == b""
    assert tokenizer.decode([tokenizer.symbol(name)]) == ""


def test_an_unknown_symbol_is_an_error(tokenizer: Tokenizer) -> None:
    with pytest.raises(KeyError):
        tokenizer.symbol("<0x41>")


@settings(max_examples=200, deadline=None)
@given(ids=st.lists(st.integers(0, 400), max_size=12))
def test_any_ids_decode(tokenizer: Tokenizer, ids: list[int]) -> None:
    assert tokenizer.decode(ids).encode("utf-8", "surrogatepass") is not None
    assert tokenizer.decode_bytes(ids) is not None


def test_a_mark_without_its_bytes_is_passed_over(tokenizer: Tokenizer) -> None:
    mark = tokenizer.symbol(SURROGATE)
    text = tokenizer.encode("git status")
    assert tokenizer.decode([mark, *text, mark, mark, *text, mark]) == "git statusgit status"


def test_names_of_the_machine_become_symbols(named: Tokenizer) -> None:
    ids = named.encode("ssh alice@wonderland ls /home/alice/x")
    assert [ids.count(named.symbol(name)) for name in ("<home>", "<user>", "<host>")] == [1, 1, 1]
    assert named.piece_bytes(named.symbol("<home>")) == b"/home/alice"


def test_names_of_the_machine_are_not_learnt(named_class: type[Normalizer]) -> None:
    lines = ["cd /home/alice/x", "ssh alice@wonderland"] * 9
    parts = ["cd ", "/x", "ssh ", "@"] * 9
    assert Tokenizer.train(lines, normalizer=named_class()).version == Tokenizer.train(parts).version


def test_names_move_to_another_machine(named: Tokenizer) -> None:
    from dataclasses import dataclass

    @dataclass(frozen=True)
    class Elsewhere:
        home: str = "/Users/bob"
        user: str = "bob"
        host: str = "mac"

        def split(self, text: str) -> list[tuple[str | None, str]]:
            return [(None, text)]

    elsewhere = Tokenizer.from_bytes(named.to_bytes(), Elsewhere())
    assert elsewhere.decode(named.encode("cd /home/alice/src")) == "cd /Users/bob/src"


def test_a_literal_that_is_not_the_name_is_spelled(tokenizer: Tokenizer) -> None:
    from dataclasses import dataclass

    @dataclass(frozen=True)
    class CaseBlind:
        home: str = "/h"
        user: str = "u"
        host: str = "wonderland"

        def split(self, text: str) -> list[tuple[str | None, str]]:
            return [("<host>", text)]

    folded = Tokenizer.from_bytes(tokenizer.to_bytes(), CaseBlind())
    assert folded.encode("wonderland") == [folded.symbol("<host>")]
    assert folded.decode(folded.encode("Wonderland")) == "Wonderland"


def test_bytes_round_trip(tokenizer: Tokenizer, lines: list[str]) -> None:
    again = Tokenizer.from_bytes(tokenizer.to_bytes())
    assert again.version == tokenizer.version
    assert again.vocab_size == tokenizer.vocab_size
    assert [again.encode(line) for line in lines] == [tokenizer.encode(line) for line in lines]


def test_version_names_the_pieces(tokenizer: Tokenizer, named: Tokenizer, lines: list[str]) -> None:
    assert Tokenizer.train(lines).version == Tokenizer.train(lines).version
    assert tokenizer.version.startswith(f"{LAYOUT}-")
    assert Tokenizer.train([*lines, "frobnicate"] * 3).version != tokenizer.version
    assert Tokenizer.from_bytes(named.to_bytes()).version == named.version


@pytest.mark.parametrize("data", [b"", b"x", b"delta-tokenizer", b"\x00" * 500, b"delta-tokenizer" + bytes(80)])
def test_garbage_is_refused(data: bytes) -> None:
    with pytest.raises(ModelError, match="delta-learn train"):
        Tokenizer.from_bytes(data)


@settings(max_examples=60, deadline=None)
@given(where=st.integers(0, 10**6), bit=st.integers(0, 7))
def test_every_flipped_bit_is_noticed(tokenizer: Tokenizer, where: int, bit: int) -> None:
    data = bytearray(tokenizer.to_bytes())
    data[where % len(data)] ^= 1 << bit
    with pytest.raises(ModelError):
        Tokenizer.from_bytes(bytes(data))


def test_a_cut_is_noticed(tokenizer: Tokenizer) -> None:
    with pytest.raises(ModelError, match="damaged"):
        Tokenizer.from_bytes(tokenizer.to_bytes()[:-1])


def test_another_layout_is_refused(tokenizer: Tokenizer) -> None:
    data = bytearray(tokenizer.to_bytes())
    data[len(b"delta-tokenizer")] = LAYOUT + 1
    with pytest.raises(ModelError, match="layout"):
        Tokenizer.from_bytes(bytes(data))
