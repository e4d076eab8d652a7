"""predictor/offered.py: words from outside go on as typed, and are trusted as they deserve."""

import pytest

from delta_learn.predictor.lexer import tokens
from delta_learn.predictor.offered import NOTHING, Offer, Trust, offer
from delta_learn.predictor.place import Place

WORDS = ("parser.py", "parse-all", "tests/parser", "./run")


def at(text: str) -> Place:
    place = Place()
    for token in tokens(text):
        place = place.after(token)
    return place


def test_a_word_goes_on_token_by_token() -> None:
    assert offer(WORDS, "", at("vim ")).shares == pytest.approx({"parser": 6 / 11, "parse": 3 / 11, "tests": 2 / 11})
    assert offer(WORDS, "parser", at("vim parser")).shares == {".": 1.0}
    assert offer(WORDS, "parser.", at("vim parser.")).shares == {"py": 1.0}
    assert offer(WORDS, "tests/", at("vim tests/")).shares == {"parser": 1.0}


def test_what_is_complete_or_begins_otherwise_offers_nothing() -> None:
    assert offer(WORDS, "parser.py", at("vim parser.py")).shares == {}
    assert offer(WORDS, "zebra", at("vim zebra")).shares == {}
    # `pars` is no token of its own: what is typed of a token is not part of the place
    assert offer(WORDS, "pars", at("vim pars")).shares == {}


def test_trust_follows_what_was_taken() -> None:
    start, inside = (Offer({"parser": 1.0}, start=each) for each in (True, False))
    trust = Trust()
    before = trust.rate(start)
    for _ in range(20):
        trust.learn(start, 1.0)
        trust.learn(inside, 0.0)
    assert trust.rate(inside) < before < 0.9 < trust.rate(start)
    assert trust.rate(NOTHING) == 0
    again = Trust()
    again.load(trust.to_record())
    assert again.to_record() == trust.to_record()


def test_what_is_there_now_is_trusted_from_the_start_and_apart() -> None:
    trust = Trust()
    here = offer(WORDS, "tests/", at("vim tests/"), here=True)
    mentioned = offer(WORDS, "tests/", at("vim tests/"))
    assert trust.rate(here) > 2 * trust.rate(mentioned)
    trust.learn(mentioned, 0.0)
    assert trust.rate(here) == Trust().rate(here)
