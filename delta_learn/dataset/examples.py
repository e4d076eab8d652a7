"""Examples: the commands of a corpus that the composer reads before anybody typed anything."""

from __future__ import annotations

import hashlib
from collections import Counter

from delta_learn.dataset.corpus import Corpus

MAX_EXAMPLES = 20_000
LONGEST = 100
"""Characters; longer commands are examples of what is typed once."""

MOST_OF_A_WORD = 500
"""Examples that begin with the same word: a corpus is about some tools far more than people are."""


def choose_examples(corpus: Corpus, limit: int = MAX_EXAMPLES) -> list[str]:
    """At most `limit` commands, those of weight w with probability w; only their texts decide which, and the order."""
    lines = (line for line in corpus.lines() if len(line) <= LONGEST and "\n" not in line)
    words: Counter[str] = Counter()
    chosen = []
    for line in sorted(lines, key=_number):
        word = line.split(maxsplit=1)[0]
        words[word] += 1
        if words[word] <= MOST_OF_A_WORD:
            chosen.append(line)
    return chosen[:limit]


def _number(line: str) -> bytes:
    """Puts lines in an order that says nothing."""
    return hashlib.sha256(b"order" + line.encode(errors="surrogatepass")).digest()
