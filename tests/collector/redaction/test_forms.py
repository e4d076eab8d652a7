"""Redaction on commands written from manual pages: what must go goes, what must stay stays, lines keep their shape."""

from __future__ import annotations

import shlex
from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.redaction_forms import Form, benign_forms, mistyped, secret_forms, survives, templates
from delta_learn.collector.redaction.redact import redact

SEEDS = [11, 12]
SECRETS = st.text("abcXYZ019-_.+@%", min_size=4, max_size=20).filter(
    lambda s: s.isascii() and s[:1].isalpha() and "1" in s
)


def words(command: str) -> list[str] | None:
    """The words as a POSIX shell would split them, None where it would not."""
    try:
        return shlex.split(command)
    except ValueError:
        return None


def test_there_are_enough_forms() -> None:
    assert len(secret_forms(1)) >= 400
    assert len(benign_forms(1)) >= 1500


@pytest.mark.parametrize("seed", SEEDS)
def test_secrets_go_in_every_family(seed: int) -> None:
    missed: dict[str, list[str]] = defaultdict(list)
    count: dict[str, int] = defaultdict(int)
    for form in secret_forms(seed):
        count[form.family] += 1
        if survives(form, redact(form.command).redacted):
            missed[form.family].append(form.command)
    assert sum(map(len, missed.values())) <= 0.01 * sum(count.values()), missed
    for family, commands in missed.items():
        assert len(commands) <= 0.05 * count[family], commands


@pytest.mark.parametrize("seed", SEEDS)
def test_what_only_looks_like_a_secret_stays(seed: int) -> None:
    changed = [form.command for form in benign_forms(seed) if redact(form.command).spans]
    assert changed == []


@pytest.mark.parametrize("seed", SEEDS)
def test_redacted_forms_keep_their_words_and_are_fixed_points(seed: int) -> None:
    for form in secret_forms(seed):
        check_shape(form)


def check_shape(form: Form) -> None:
    redacted = redact(form.command).redacted
    assert redact(redacted).redacted == redacted
    before = words(form.command)
    if before is None:
        return
    after = words(redacted)
    assert after is not None, redacted
    assert len(after) == len(before), redacted
    for old, new in zip(before, after, strict=True):
        kept, mark, _ = new.partition("<secret:")
        assert old.startswith(kept) if mark else old == new, redacted


FILLED = [template for _, template in templates("secret_forms.txt") if "{}" in template and "{q}" not in template]


@settings(max_examples=300)
@given(st.sampled_from(FILLED), SECRETS)
def test_any_password_keeps_the_shape(template: str, secret: str) -> None:
    check_shape(Form("any", template.replace("{}", secret), (secret,)))


def test_survival_is_told_by_six_characters_that_stand_nowhere_else() -> None:
    form = Form("x", "tool -u hunter --pw hunter2-long", ("hunter2-long",))
    assert survives(form, form.command)
    assert survives(form, "tool -u hunter --pw <secret:password>r2-long")
    assert not survives(form, "tool -u hunter --pw <secret:password>")


def test_mistyped_passwords_are_made_anew() -> None:
    import random

    rng = random.Random(3)
    assert len({mistyped(rng) for _ in range(50)}) > 45
