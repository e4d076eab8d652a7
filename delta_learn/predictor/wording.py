"""Wording: how much of the best guesses is worth showing after what is typed.

What is shown pays in two ways: the whole line can be right, or its next word. The most probable line need not
have the most probable next word, and a word need not be sure to its end.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

Share = Callable[[str], float]
"""From a text to P(the line begins with it) by some of the experts, weighed."""

_NEXT_WORD = re.compile(r"\s*\S+\s?")

_PROMPT_GAIN = 2
"""Keys by which a word that is shown late is worse than one that is shown now: a letter or two tell it apart."""

_CUT_LINE_SHARE = 0.1
"""A word is only shown in part where each line that goes on is this improbable, given that part."""


@dataclass(frozen=True, slots=True)
class Text:
    """What a line may begin with, longer than what is typed."""

    text: str
    probability: float
    """P(the line begins so | what is typed); of a whole line, P(it is this one)."""
    whole: bool
    inner: bool = False
    """Longer texts in the same list go on from here."""


@dataclass(slots=True)
class _Word:
    """One next word: P(the line goes on with it), and the best text that does."""

    probability: float = 0.0
    shown: str = ""
    line_probability: float = 0.0


def best_text(
    prefix: str, lines: Sequence[Text], beginnings: Sequence[Text], known: Share, modelled: Share = lambda _: 0.0
) -> Text | None:
    """The one text to show after `prefix`, or None where nothing is known.

    `lines` are whole lines, best first; `beginnings` what composed lines may begin with, in shares of their
    expert; `known(text)` is the share of the lines typed before that begin with a text, and `modelled(text)` what the
    language model adds to that.
    """
    words = _next_words(prefix, lines, beginnings, known, modelled)
    parts = _parts(prefix, lines, beginnings, lambda text: known(text) + modelled(text), words)
    values = {part: probability * _gain(part) for part, probability in parts.items()}
    values |= {word: each.probability * _gain(word) + each.line_probability for word, each in words.items()}
    if not values:
        return None
    probabilities = {**parts, **{word: each.probability for word, each in words.items()}}
    best = _lengthened(max(values, key=values.__getitem__), parts, probabilities)
    if best in parts:
        return Text(prefix + best, parts[best], whole=False)
    return _offer(prefix, best, words[best])


def next_texts(prefix: str, texts: Iterable[Text]) -> list[str]:
    """What is typed with the next word of each text, and with what there is of a word that goes on."""
    found: dict[str, None] = {}
    for each in texts:
        match = _NEXT_WORD.match(each.text, len(prefix))
        if match:
            found[prefix + match[0].rstrip()] = None
    return list(found)


def _next_words(
    prefix: str, lines: Sequence[Text], beginnings: Sequence[Text], known: Share, modelled: Share
) -> dict[str, _Word]:
    words: dict[str, _Word] = {}
    for line in lines:
        match = _NEXT_WORD.match(line.text, len(prefix))
        if match and (word := match[0].rstrip()) not in words:
            words[word] = _Word(known(prefix + word), line.text, line.probability)
    for each in beginnings:
        match = None if each.inner else _NEXT_WORD.match(each.text, len(prefix))
        if match and (each.whole or match.end() < len(each.text) or match[0][-1].isspace()):
            found = words.setdefault(match[0].rstrip(), _Word())
            found.probability += each.probability
            found.shown = found.shown or each.text[: match.end()]
    for word, found in words.items():
        found.probability += modelled(prefix + word)
    return words


def _parts(
    prefix: str,
    lines: Sequence[Text],
    beginnings: Sequence[Text],
    known: Share,
    words: Mapping[str, _Word],
) -> dict[str, float]:
    """Beginnings of the next word with P(the line goes on with them), where no line that goes on is probable."""
    parts: dict[str, float] = {}
    for each in beginnings:
        part = each.text[len(prefix) :]
        match = _NEXT_WORD.fullmatch(part)
        if each.whole or not match or part[-1].isspace() or len(part) < 2 or part in words or part in parts:
            continue
        probability = each.probability + known(each.text)
        likeliest = max((line.probability for line in lines if line.text.startswith(each.text)), default=0.0)
        if likeliest <= _CUT_LINE_SHARE * probability:
            parts[part] = probability
    return parts


def _lengthened(text: str, parts: Mapping[str, float], probabilities: Mapping[str, float]) -> str:
    """A part, made longer as long as that pays: a key for the rest against losing the part."""
    while text in parts:
        longer = [other for other in probabilities if other.startswith(text) and len(other) > len(text)]
        best = max(longer, key=probabilities.__getitem__, default=None)
        if best is None or probabilities[best] < (1 - 1 / len(text)) * probabilities[text]:
            break
        text = best
    return text


def _offer(prefix: str, word: str, each: _Word) -> Text:
    if each.line_probability:
        return Text(each.shown, each.line_probability, whole=True)
    return Text(each.shown or prefix + word, each.probability, whole=False)


def _gain(text: str) -> int:
    return min(len(text) - 1, _PROMPT_GAIN)
