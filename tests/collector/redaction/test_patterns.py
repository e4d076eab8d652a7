"""collector/redaction/patterns.py: the person's own secrets."""

from __future__ import annotations

import pytest

from delta_learn.collector.redaction.patterns import NO_PATTERNS, compile_patterns
from delta_learn.collector.redaction.redact import redact, redact_entry
from delta_learn.entry import CommandEntry
from delta_learn.errors import ConfigError


def test_a_pattern_replaces_all_that_it_matches() -> None:
    patterns = compile_patterns({"ticket": r"ACME-\d+"})
    assert redact("open ACME-12 ACME-7", patterns).redacted == "open <secret:ticket> <secret:ticket>"
    assert redact("open ACME-12").redacted == "open ACME-12"


def test_group_one_is_the_secret_if_there_is_one() -> None:
    patterns = compile_patterns({"badge": r"badge (\w+) (now)"})
    assert redact("badge k7 now", patterns).redacted == "badge <secret:badge> now"


def test_a_group_that_takes_no_part_replaces_nothing() -> None:
    assert not redact("abc", compile_patterns({"x": r"abc(d)?"})).spans


def test_several_kinds_each_have_their_own() -> None:
    patterns = compile_patterns({"a": "one", "b_2": "two"})
    assert redact("one two", patterns).redacted == "<secret:a> <secret:b_2>"


def test_the_persons_kind_wins_over_ours_at_the_same_place() -> None:
    patterns = compile_patterns({"mine": "hunter2-Xy"})
    assert redact("mysql -phunter2-Xy", patterns).redacted == "mysql -p<secret:mine>"


@pytest.mark.parametrize("pattern", [r"\w+", r".+", r"secret", r"a|<", r"[^ ]+", r"(?s).*a.*"])
def test_placeholders_are_no_matches_of_their_own(pattern: str) -> None:
    patterns = compile_patterns({"all": pattern})
    once = redact("mysql -phunter2-Xy abc", patterns).redacted
    assert redact(once, patterns).spans == ()


def test_an_entry_is_searched_in_all_its_fields() -> None:
    patterns = compile_patterns({"ticket": r"ACME-\d+"})
    entry = CommandEntry("ls ACME-1", directory="/x/ACME-2", environment={"A": "ACME-3"}, system_info={"b": "ACME-4"})
    clean, spans = redact_entry(entry, patterns)
    assert "ACME" not in repr(clean)
    assert [span.kind for span in spans] == ["ticket"] * 4
    assert redact_entry(entry, NO_PATTERNS) == (entry, ())


@pytest.mark.parametrize(
    ("kind", "pattern", "said"),
    [
        ("My Kind", "x", "'My Kind' is no kind"),
        ("", "x", "is no kind"),
        ("a>b", "x", "is no kind"),
        ("x", "(", "is not valid"),
        ("x", "a*", "matches empty text"),
    ],
)
def test_what_cannot_work_is_said_in_one_sentence(kind: str, pattern: str, said: str) -> None:
    with pytest.raises(ConfigError, match=r"^collect\.redact: [^.]*.*\.$") as error:
        compile_patterns({kind: pattern})
    assert said in str(error.value)
