"""collector/redaction/explain.py: each finding with its rule, and no secret in it."""

from __future__ import annotations

import pytest

from benchmarks.redaction_forms import secret_forms
from delta_learn.collector.redaction.explain import explain
from delta_learn.collector.redaction.patterns import compile_patterns
from delta_learn.collector.redaction.redact import redact

S = "hunter2-Xy"


@pytest.mark.parametrize(
    ("command", "kind", "reason"),
    [
        (f"mysql -p{S}", "password", "mysql takes a password glued to -p"),
        (f"sshpass -p {S} ssh x", "password", "sshpass takes a password after -p"),
        (f"curl -u bob:{S} x", "password", "curl takes user:password after -u"),
        (f"wpa_passphrase home {S}", "password", "argument 2 of wpa_passphrase is a password"),
        (f"tool --api-key {S}", "key", "the name --api-key says so"),
        (f"API_TOKEN={S} x", "token", "the name API_TOKEN says so"),
        (f"echo {S} | sudo -S ls", "password", "sudo reads a password from its input"),
        (f"git clone https://u:{S}@example.com", "password", "URLs hold secrets there"),
        ("gh" + "p_" + "a1" * 18, "github", "tokens of github look like this"),
        ("Tr0ub4dor&3", "password", "the line is one word that looks like a password"),
    ],
)
def test_a_finding_says_where_what_and_why(command: str, kind: str, reason: str) -> None:
    (finding,) = explain(command)
    assert (finding.kind, finding.reason) == (kind, reason)
    assert command[finding.start : finding.end] in (S, command)


def test_the_persons_own_pattern_is_named() -> None:
    (finding,) = explain("open ACME-1", compile_patterns({"ticket": r"ACME-\d+"}))
    assert finding.reason == "your own pattern ticket matches"


def test_nothing_found_is_an_empty_list() -> None:
    assert explain("ls -la") == []


def test_findings_are_what_redaction_replaces_and_reasons_hold_no_secret() -> None:
    for form in secret_forms(21):
        findings = explain(form.command)
        assert [(f.start, f.end, f.kind) for f in findings] == [
            (s.start, s.end, s.kind) for s in redact(form.command).spans
        ]
        for finding in findings:
            assert finding.reason
            assert not any(secret in finding.reason for secret in form.secrets)
