"""BlockPool: which blocks of a key/value store are whose (PagedAttention, arXiv 2309.06180, section 4)."""

from __future__ import annotations

from array import array
from collections import OrderedDict
from collections.abc import Sequence


class BlockPool:
    """A fixed number of blocks of `block_tokens` tokens each, handed out to tables and counted.

    A table is a list of blocks: token number i of its row lies in block `table[i // block_tokens]`. A full block is
    known by all tokens of the row up to its end, so that rows that begin alike share it; it is never written again.
    A block that nobody holds keeps what it is known by until it is needed: a row that comes back finds it.
    """

    def __init__(self, blocks: int, block_tokens: int) -> None:
        self.blocks = blocks
        self.block_tokens = block_tokens
        self._holders = [0] * blocks
        self._free = OrderedDict.fromkeys(range(blocks))
        """The one that was given back first comes first, and is the next to be handed out."""
        self._known: dict[bytes, int] = {}
        self._contents: dict[int, bytes] = {}
        """The inverse of `_known`."""

    @property
    def free(self) -> int:
        """Blocks that nobody holds."""
        return len(self._free)

    @property
    def used(self) -> int:
        """Blocks that somebody holds; one that is shared counts once."""
        return self.blocks - self.free

    def count(self, tokens: int) -> int:
        """Blocks that a row of so many tokens needs."""
        return -(-tokens // self.block_tokens)

    def share(self, tokens: Sequence[int]) -> list[int]:
        """A table of the known blocks that a row of `tokens` begins with; one token at least is left to be read."""
        table: list[int] = []
        for end in range(self.block_tokens, len(tokens), self.block_tokens):
            block = self._known.get(_content(tokens[:end]))
            if block is None:
                break
            self._hold(block)
            table.append(block)
        return table

    def grow(self, table: list[int], tokens: int) -> bool:
        """Add blocks to `table` until so many tokens fit; False where there are too few, and nothing is changed."""
        missing = self.count(tokens) - len(table)
        if missing > self.free:
            return False
        for _ in range(missing):
            block = next(iter(self._free))
            self._forget(block)
            self._hold(block)
            table.append(block)
        return True

    def remember(self, table: Sequence[int], tokens: Sequence[int], begin: int = 0) -> None:
        """The blocks of `table` are filled with `tokens`; up to `begin` that was said before."""
        for place in range(begin // self.block_tokens, len(tokens) // self.block_tokens):
            content, block = _content(tokens[: (place + 1) * self.block_tokens]), table[place]
            if content not in self._known and block not in self._contents:
                self._known[content], self._contents[block] = block, content

    def release(self, table: list[int]) -> None:
        """Give back what `table` holds, its end first, and empty it: others may begin as this row does."""
        while table:
            block = table.pop()
            self._holders[block] -= 1
            if not self._holders[block]:
                self._free[block] = None

    def _hold(self, block: int) -> None:
        self._holders[block] += 1
        self._free.pop(block, None)

    def _forget(self, block: int) -> None:
        content = self._contents.pop(block, None)
        if content is not None:
            del self._known[content]


def _content(tokens: Sequence[int]) -> bytes:
    return array("q", tokens).tobytes()
