"""Training of the SentencePiece unigram model from command lines and the packaged word list."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from importlib import resources
from typing import Any

from delta_learn.errors import ModelError
from delta_learn.tokenizer.symbols import SYMBOLS

MIN_VOCAB_SIZE = 512
MAX_VOCAB_SIZE = 65536
"""Token shards hold ids as uint16."""

RESERVED = re.compile("[\x00-\x1f\x7f-\x9f\u2581\u2585\ud800-\udfff]+")
"""What SentencePiece never sees: control characters, its own marks (U+2581 for the space, U+2585 for the
unknown) and surrogates (bytes that are not UTF-8). These are spelled in byte pieces by id."""

_WORD = re.compile(r" ?[^\W\d_]+")
_MAX_SENTENCE_CHARACTERS = 2048
_RARE_CHARACTER_SHARE = 1e-4
"""Characters below this share of the text, once in some 300 commands, get no piece of their own."""
_OPTIONS: dict[str, Any] = {
    "model_type": "unigram",
    "normalization_rule_name": "identity",
    "remove_extra_whitespaces": False,
    "add_dummy_prefix": False,
    "byte_fallback": True,
    "split_digits": True,
    "allow_whitespace_only_pieces": True,
    "hard_vocab_limit": False,
    "character_coverage": 1.0,
    # The trainer drops longer sentences without a word, so `_sentences` cuts them; 4 bytes a character.
    "max_sentence_length": 4 * _MAX_SENTENCE_CHARACTERS,
    "unk_id": 0,
    "bos_id": -1,
    "eos_id": -1,
    "pad_id": -1,
    "control_symbols": list(SYMBOLS),
    # More threads sum floats in another order: the bytes of the model would differ from run to run.
    "num_threads": 1,
    "minloglevel": 2,
}


def train_model(texts: Iterable[str], vocab_size: int) -> bytes:
    """Train on `texts` and the word list; returns the serialised SentencePiece model.

    The same texts give the same bytes. Repeated texts count as often as they come, each line of the word
    list once. The vocabulary is smaller than `vocab_size` where the texts do not support that many pieces.

    Raises:
        ModelError: `vocab_size` is out of range.
    """
    import sentencepiece

    if not MIN_VOCAB_SIZE <= vocab_size <= MAX_VOCAB_SIZE:
        raise ModelError(
            f"A vocabulary of {vocab_size} pieces cannot be made: set tokenizer.vocab_size between "
            f"{MIN_VOCAB_SIZE} and {MAX_VOCAB_SIZE}."
        )
    lines = list(_sentences(texts))
    sentences = _without_rare_characters([*word_list(), *lines, *_repeated_words(lines)], vocab_size // 4)
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(sentences),
        model_writer=model,
        vocab_size=vocab_size,
        **_OPTIONS,
    )
    return model.getvalue()


def word_list() -> list[str]:
    """The lines of words.txt: common commands with their subcommands and flags."""
    text = resources.files("delta_learn.tokenizer").joinpath("words.txt").read_text(encoding="ascii")
    return [line for line in text.splitlines() if line and not line.startswith("# ")]


def _sentences(texts: Iterable[str]) -> Iterator[str]:
    """The parts of `texts` that SentencePiece may see, none longer than it accepts."""
    for text in texts:
        for part in RESERVED.split(text):
            for start in range(0, len(part), _MAX_SENTENCE_CHARACTERS):
                yield part[start : start + _MAX_SENTENCE_CHARACTERS]


def _repeated_words(sentences: Iterable[str]) -> Iterator[str]:
    """Each word that occurs three times or more, once before a space and once at an end.

    The trainer's candidates are strings that are followed by different characters. A word with always the
    same one after it, as a tool's name that is never typed without arguments, would not be among them.
    """
    counts = Counter(word for sentence in sentences for word in _WORD.findall(sentence))
    return (f"{word} {word.lstrip()}" for word, count in counts.items() if count > 2)


def _without_rare_characters(sentences: list[str], most: int) -> list[str]:
    """The sentences cut at rare characters, so that at most `most` different ones remain.

    SentencePiece gives each character that it sees a piece and refuses to train when these alone exceed the
    vocabulary, as those of a history in Chinese may. Rare ones are spelled in byte pieces instead.
    """
    counts = Counter[str]()
    for sentence in sentences:
        counts.update(sentence)
    least = counts.total() * _RARE_CHARACTER_SHARE
    common = {character for character, count in counts.most_common(most) if count >= least}
    cuts = dict.fromkeys((ord(character) for character in counts if character not in common), "\n")
    return [part for sentence in sentences for part in sentence.translate(cuts).split("\n")]
