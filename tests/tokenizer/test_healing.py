from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from delta_learn.tokenizer.healing import PieceTable, heal
from delta_learn.tokenizer.symbols import SURROGATE, SYMBOLS
from delta_learn.tokenizer.tokenizer import Tokenizer

any_text = st.text(st.characters(exclude_categories=()), max_size=30)
shell_text = st.text(st.sampled_from("git comtsru/.-_=' \u2581é0\n\udcff"), max_size=30)


@pytest.fixture(scope="module")
def table(tokenizer: Tokenizer) -> PieceTable:
    return PieceTable(tokenizer)


@settings(max_examples=300, deadline=None)
@given(prefix=any_text | shell_text)
@example(prefix="\ud800a")
def test_ids_and_remainder_spell_the_prefix(tokenizer: Tokenizer, named: Tokenizer, prefix: str) -> None:
    for one in (tokenizer, named):
        healed = heal(one, prefix)
        whole = b"".join(map(one.piece_bytes, one.encode(prefix)))
        assert b"".join(map(one.piece_bytes, healed.ids)) + healed.remainder == whole
        assert one.symbol(SURROGATE) not in healed.ids[-1:]


def test_the_last_word_is_dropped_with_its_spaces(tokenizer: Tokenizer) -> None:
    assert heal(tokenizer, "git comm").remainder == b" comm"
    assert heal(tokenizer, "git  comm").remainder == b"  comm"
    assert heal(tokenizer, "git commit ").remainder == b" "
    assert heal(tokenizer, "gi").remainder == b"gi"
    assert heal(tokenizer, "").ids == []


def test_no_more_than_four_pieces_are_dropped(tokenizer: Tokenizer) -> None:
    prefix = "cat /a/b/c/d/e/f/g/h"
    ids = tokenizer.encode(prefix)
    assert heal(tokenizer, prefix).ids == ids[:-4]


def test_every_cut_of_a_line_leads_back_to_its_pieces(
    tokenizer: Tokenizer, named: Tokenizer, table: PieceTable, lines: list[str]
) -> None:
    """The canonical pieces of the full line are reachable from what was typed of it."""
    reached = total = 0
    for one, pieces in ((tokenizer, table), (named, PieceTable(named))):
        for line in [*lines, "cp /home/alice/notes.txt alice@wonderland:backup/"]:
            full = one.encode(line)
            cuts = [reachable(one, pieces, line[:cut], full) for cut in range(1, len(line))]
            reached += sum(cuts)
            total += len(cuts)
    assert reached / total > 0.97


def reachable(tokenizer: Tokenizer, table: PieceTable, prefix: str, full: list[int]) -> bool:
    healed = heal(tokenizer, prefix)
    if full[: len(healed.ids)] != healed.ids:
        return False
    remainder = healed.remainder
    for token in full[len(healed.ids) :]:
        if not table.mask(remainder)[token]:
            return False
        remainder = table.advance(remainder, token)
    return True


@settings(max_examples=200, deadline=None)
@given(remainder=st.binary(max_size=4) | st.sampled_from([b" comm", b"git", b"\xc3", b"\xe2\x96\x81", b"\x00"]))
def test_mask_is_what_it_says(tokenizer: Tokenizer, table: PieceTable, remainder: bytes) -> None:
    mask = table.mask(remainder)
    assert mask.shape == (tokenizer.vocab_size,)
    assert mask.dtype == np.bool_
    for token in range(tokenizer.vocab_size):
        spelling = tokenizer.piece_bytes(token)
        compatible = bool(spelling) and (spelling.startswith(remainder) or remainder.startswith(spelling))
        if token == tokenizer.symbol("<end>"):
            compatible = not remainder
        assert mask[token] == compatible


@settings(max_examples=100, deadline=None)
@given(prefix=shell_text, choices=st.lists(st.integers(0, 10**6), min_size=30, max_size=30))
def test_following_the_mask_spells_the_prefix(
    tokenizer: Tokenizer, table: PieceTable, prefix: str, choices: list[int]
) -> None:
    healed = heal(tokenizer, prefix)
    ids, remainder = list(healed.ids), healed.remainder
    for choice in choices:
        if remainder:
            allowed = np.flatnonzero(table.mask(remainder))
            ids.append(int(allowed[choice % len(allowed)]))
            remainder = table.advance(remainder, ids[-1])
    written = b"".join(map(tokenizer.piece_bytes, ids))
    assert written.startswith(prefix.encode("utf-8", "surrogateescape")) or remainder


def test_structure_is_never_allowed_inside_a_line(tokenizer: Tokenizer, table: PieceTable) -> None:
    structure = [tokenizer.symbol(name) for name in SYMBOLS if name != "<end>"]
    for remainder in (b"", b"g", b"<cmd>"):
        assert not table.mask(remainder)[structure].any()
    assert table.mask(b"")[tokenizer.symbol("<end>")]


def test_names_of_the_machine_are_allowed(named: Tokenizer) -> None:
    table = PieceTable(named)
    home = named.symbol("<home>")
    assert table.mask(b"/ho")[home]
    assert table.mask(b"/home/alice/src")[home]
    assert table.advance(b"/home/alice/src", home) == b"/src"
    assert not table.mask(b"/hx")[home]


def test_masks_are_made_once_and_cannot_be_changed(table: PieceTable) -> None:
    mask = table.mask(b"git")
    assert table.mask(b"git") is mask
    with pytest.raises(ValueError, match="read-only"):
        mask[0] = True


def test_old_masks_are_let_go(tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("delta_learn.tokenizer.healing._CACHED_MASKS", 2)
    table = PieceTable(tokenizer)
    first = table.mask(b"a")
    table.mask(b"b")
    assert table.mask(b"a") is first
    table.mask(b"c")
    assert table.mask(b"a") is first
    table.mask(b"b")
    table.mask(b"c")
    assert table.mask(b"a") is not first
