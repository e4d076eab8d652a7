"""serving/blocks.py: no block is two rows' unless they begin alike, and everything comes back."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from delta_learn.serving.blocks import BlockPool

SIZE = 2
"""Tokens of a block: with three tokens to choose from, rows often begin alike."""

Row = list[int]


class Pool(RuleBasedStateMachine):
    """Rows come, grow, are read and go; beside the pool there is what really was written to each block."""

    @initialize(blocks=st.integers(1, 8))
    def make(self, blocks: int) -> None:
        self.pool = BlockPool(blocks, SIZE)
        self.written: dict[int, Row] = {}
        self.rows: list[tuple[list[int], Row]] = []
        """Tables, and the tokens that were read into them."""

    @rule(row=st.lists(st.integers(0, 2), min_size=1, max_size=9))
    def come(self, row: Row) -> None:
        table = self.pool.share(row)
        known = len(table) * SIZE
        assert known < len(row)
        for place, block in enumerate(table):
            assert self.written[block] == row[: (place + 1) * SIZE], "shared with a row that begins otherwise"
        before = (list(table), self.pool.free)
        if not self.pool.grow(table, len(row)):
            assert (table, self.pool.free) == before
            assert self.pool.count(len(row)) - len(table) > self.pool.free
            self.pool.release(table)
            return
        self.write(table, row, known)
        self.rows.append((table, list(row)))

    @rule(data=st.data(), more=st.lists(st.integers(0, 2), min_size=1, max_size=3))
    def go_on(self, data: st.DataObject, more: Row) -> None:
        if not self.rows:
            return
        table, row = data.draw(st.sampled_from(self.rows))
        if self.pool.grow(table, len(row) + len(more)):
            begin = len(row)
            row += more
            self.write(table, row, begin)

    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        if not self.rows:
            return
        table, _ = self.rows.pop(data.draw(st.integers(0, len(self.rows) - 1)))
        self.pool.release(table)
        assert table == []

    def write(self, table: list[int], row: Row, begin: int) -> None:
        """What a pass does: all tokens from `begin` on go to their blocks, which nobody else may hold then."""
        for place in range(begin // SIZE, self.pool.count(len(row))):
            block = table[place]
            assert not any(block in other for other, _ in self.rows if other is not table), "written, and another's"
            self.written[block] = row[: (place + 1) * SIZE]
        self.pool.remember(table, row, begin)

    @invariant()
    def counts_are_right(self) -> None:
        if not hasattr(self, "pool"):
            return
        held = [set(table) for table, _ in self.rows]
        assert self.pool.used == len(set().union(*held))
        assert self.pool.free + self.pool.used == self.pool.blocks
        for table, row in self.rows:
            assert len(set(table)) == len(table) >= self.pool.count(len(row))
            for place in range(len(row) // SIZE):
                assert self.written[table[place]] == row[: (place + 1) * SIZE], "overwritten while it was held"

    def teardown(self) -> None:
        for table, _ in getattr(self, "rows", []):
            self.pool.release(table)
        if hasattr(self, "pool"):
            assert self.pool.used == 0
            table: list[int] = []
            assert self.pool.grow(table, self.pool.blocks * SIZE)
            assert sorted(table) == list(range(self.pool.blocks))


Pool.TestCase.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
TestPool = Pool.TestCase


def test_what_was_given_back_is_found_again_until_it_is_needed() -> None:
    pool = BlockPool(3, SIZE)
    table: list[int] = []
    pool.grow(table, 5)
    pool.remember(table, [1, 2, 3, 4, 5])
    held = list(table)
    pool.release(table)
    assert pool.used == 0
    assert pool.share([1, 2, 3, 4, 9]) == held[:2]
    assert pool.share([1, 2, 3, 4]) == held[:1]  # one token is left to be read
    assert pool.share([2, 2, 3, 4]) == []
    assert pool.used == 2


def test_the_end_of_a_row_is_needed_before_its_beginning() -> None:
    pool = BlockPool(3, SIZE)
    table: list[int] = []
    pool.grow(table, 6)
    pool.remember(table, [1, 2, 3, 4, 5, 6])
    first = table[0]
    pool.release(table)
    other: list[int] = []
    pool.grow(other, 4)
    assert pool.share([1, 2, 3]) == [first]
