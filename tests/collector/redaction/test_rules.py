"""collector/redaction/rules.py: each vendor's token is found wherever it stands."""

from __future__ import annotations

import random
import string

import pytest

from delta_learn.collector.redaction.redact import Span, redact
from delta_learn.collector.redaction.rules import VENDOR_TOKENS

_RANDOM = random.Random(20)
_HEX = "0123456789abcdef"
_ALNUM = string.ascii_letters + string.digits


def run(length: int, alphabet: str = _ALNUM) -> str:
    """Random characters, with a digit among them."""
    return "".join(_RANDOM.choices(alphabet, k=length - 1)) + "7"


# Prefixes are cut in two, so that neither scanners nor people take this file for a leak.
TOKENS: list[tuple[str, str]] = [
    ("age", "AGE-SECRET" + "-KEY-1" + run(58, string.ascii_uppercase)),
    ("airtable", "pa" + "t" + run(14) + "." + run(64, _HEX)),
    ("anthropic", "sk-" + "ant-api03-" + run(80)),
    ("atlassian", "ATA" + "TT3xFf" + run(180) + "=" + run(8, _HEX)),
    ("atlassian", "AT" + "BB" + run(32)),
    ("aws", "AK" + "IA" + run(16, string.ascii_uppercase)),
    ("aws", "AS" + "IA" + run(16, string.ascii_uppercase)),
    ("crypt", "$6$" + run(8) + "$" + run(86)),
    ("databricks", "da" + "pi" + run(32, _HEX)),
    ("digitalocean", "do" + "p_v1_" + run(64, _HEX)),
    ("discord", "M" + run(23) + "." + run(6) + "." + run(38)),
    ("docker", "dck" + "r_pat_" + run(27)),
    ("doppler", "dp" + ".pt." + run(43)),
    ("figma", "fi" + "gd_" + run(40)),
    ("flyio", "fm" + "2_" + run(60)),
    *(("github", "gh" + kind + "_" + run(36)) for kind in "pousr"),
    ("github", "github" + "_pat_" + run(22) + "_" + run(59)),
    ("gitlab", "gl" + "pat-" + run(20)),
    ("google", "AI" + "za" + run(35)),
    ("google", "ya" + "29." + run(60)),
    ("grafana", "gl" + "sa_" + run(32) + "_" + run(8, _HEX)),
    ("groq", "gs" + "k_" + run(52)),
    ("hashicorp", "hv" + "s." + run(90)),
    ("huggingface", "h" + "f_" + "q" + run(33)),
    ("jwt", "ey" + "J" + run(33) + ".ey" + "J" + run(40) + "." + run(43)),
    ("linear", "lin" + "_api_" + run(40)),
    ("mailgun", "ke" + "y-" + run(32, _HEX)),
    ("newrelic", "NR" + "AK-" + run(27)),
    ("notion", "nt" + "n_" + run(46)),
    ("npm", "np" + "m_" + run(36)),
    ("openai", "s" + "k-proj-" + run(74) + "-" + run(74)),
    ("openai", "s" + "k-" + run(48)),
    ("planetscale", "psc" + "ale_tkn_" + run(43)),
    ("postman", "PM" + "AK-" + run(24, _HEX) + "-" + run(34, _HEX)),
    ("pypi", "py" + "pi-AgEI" + run(150)),
    ("replicate", "r" + "8_" + run(37)),
    ("rubygems", "ruby" + "gems_" + run(48, _HEX)),
    ("sendgrid", "S" + "G." + run(22) + "." + run(43)),
    ("sentry", "sn" + "trys_" + run(100)),
    ("shopify", "shp" + "at_" + run(32, _HEX)),
    ("slack", "xo" + "xb-" + run(12, string.digits) + "-" + run(24)),
    ("slack", "xo" + "xp-" + run(12, string.digits) + "-" + run(32, _HEX)),
    ("square", "sq" + "0atp-" + run(22)),
    ("stripe", "sk" + "_live_" + run(24)),
    ("stripe", "rk" + "_live_" + run(24)),
    ("supabase", "sb" + "p_" + run(40, _HEX)),
    ("tailscale", "ts" + "key-auth-" + run(30)),
    ("telegram", "123456789" + ":AA" + run(33)),
    ("twilio", "S" + "K" + run(32, _HEX)),
    ("xai", "xa" + "i-" + run(80)),
]


def test_every_vendor_has_an_example() -> None:
    assert {kind for kind, _ in TOKENS} == {kind for kind, _ in VENDOR_TOKENS}


@pytest.mark.parametrize(("kind", "token"), TOKENS, ids=[kind for kind, _ in TOKENS])
@pytest.mark.parametrize("command", ["deploy {} now", "deploy '{}'", "x={}", "a;{}|b", "({})"])
def test_a_vendors_token_is_found_wherever_it_stands(command: str, kind: str, token: str) -> None:
    found = redact(command.format(token))
    assert found.redacted == command.format(f"<secret:{kind}>")
    assert found.spans == (Span(command.index("{"), command.index("{") + len(token), kind),)


@pytest.mark.parametrize(("kind", "token"), TOKENS, ids=[kind for kind, _ in TOKENS])
def test_no_tail_of_a_token_is_left(kind: str, token: str) -> None:
    for tail in ("x", "_x7", "Q" * 40):
        longer = redact(f"deploy {token}{tail} now")
        assert longer.spans == () or longer.redacted == f"deploy <secret:{kind}> now"


@pytest.mark.parametrize(("kind", "token"), TOKENS, ids=[kind for kind, _ in TOKENS])
def test_a_token_inside_a_longer_word_is_something_else(kind: str, token: str) -> None:
    assert kind not in {span.kind for span in redact(f"ls x{token[:-1]}").spans}
