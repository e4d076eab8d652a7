"""Why a command would be redacted: each finding with the rule that made it."""

from __future__ import annotations

from dataclasses import dataclass

from delta_learn.collector.redaction.patterns import NO_PATTERNS, Patterns
from delta_learn.collector.redaction.redact import redact


@dataclass(frozen=True, slots=True)
class Finding:
    """`command[start:end]` is replaced by `<secret:KIND>`."""

    start: int
    end: int
    kind: str
    reason: str
    """The rule, in one phrase; never the secret."""


def explain(command: str, patterns: Patterns = NO_PATTERNS) -> list[Finding]:
    """What `redact` replaces in `command`, in order, each with the rule that found it."""
    spans = redact(command, patterns).spans
    return [Finding(span.start, span.end, span.kind, span.reason) for span in spans]
