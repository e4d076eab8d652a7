"""What `models show` and `models ab` print: where a version comes from, what the gate said, how a test stands."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from delta_learn.cli.output import plural

if TYPE_CHECKING:
    from delta_learn.collector.usage import Counts
    from delta_learn.config import AbConfig
    from delta_learn.registry import ModelRecord, Registry

_WIDTH = 12
_OUTCOMES = {
    "better": "better, and deployed",
    "worse": "worse, and dropped",
    "undecided": "not known to be better, and dropped",
}


def lineage_text(record: ModelRecord, registry: Registry, live: Counts) -> str:
    """The lines of `models show`; `live` is what became of its suggestions."""
    facts = {
        "version": f"{record.version}, {_place(record, registry)}",
        "made": _moment(record.created),
        "base": record.lineage.get("base") or "none: from scratch",
        "learned": _learned(record.lineage),
        "training": _training(record.lineage),
        "gate": _gate(record.gate),
        **_numbered("reasons", record.gate.get("reasons", ())),
        **({"A/B test": _outcome(record.trial)} if record.trial else {}),
        "live": _live(live),
    }
    return _lines(facts)


def abtest_facts(registry: Registry, config: AbConfig) -> dict[str, Any]:
    """What `models ab --json` prints."""
    from delta_learn.serving.abtest import running_test
    from delta_learn.serving.evalue import DECIDES_AT

    test = running_test(registry)
    ended = [{"challenger": each.version, **each.trial} for each in registry.models if each.trial]
    facts: dict[str, Any] = {
        "enabled": config.enabled,
        "running": test is not None,
        "min_probability": config.min_probability,
        "decides_at": DECIDES_AT,
        "last": max(ended, key=lambda each: each["until"], default=None),
    }
    if test is not None:
        better, worse = test.evidence
        facts |= {
            "deployed": test.deployed,
            "challenger": test.challenger,
            "since": test.since,
            "until": test.since + config.days * 86_400,
            "events": test.wins + test.losses,
            "wins": test.wins,
            "losses": test.losses,
            "e_better": better,
            "e_worse": worse,
        }
    return facts


def abtest_text(facts: Mapping[str, Any]) -> str:
    """The lines of `models ab`."""
    lines = {}
    if facts["running"]:
        lines = {
            "deployed": facts["deployed"] or "no model: history and n-gram alone",
            "challenger": f"{facts['challenger']}, since {_moment(facts['since'])}",
            "events": f"{facts['events']:,} decided: {facts['wins']:,} for the challenger, {facts['losses']:,} against",
            "evidence": f"E = {facts['e_better']:.3g} that it is better, E = {facts['e_worse']:.3g} that it is worse",
            "next": _coming(facts),
        }
    else:
        lines["running"] = (
            f"nothing: the next candidate with P >= {facts['min_probability']:.2f} that the gate keeps is"
        )
    if facts["last"]:
        lines["last"] = f"{facts['last']['challenger']}: {_outcome(facts['last'])}"
    if not facts["enabled"]:
        lines["off"] = "`delta-learn config set ab.enabled true` lets tests run"
    return _lines(lines)


def _coming(facts: Mapping[str, Any]) -> str:
    date = time.strftime("%Y-%m-%d", time.localtime(facts["until"]))
    return (
        f"at E >= {facts['decides_at']:.0f} the challenger is deployed, or dropped, by itself; "
        f"on {date} it is dropped if neither is sure"
    )


def _place(record: ModelRecord, registry: Registry) -> str:
    if record.version == registry.deployed:
        return "deployed"
    if record.version == registry.challenger:
        return "tried against the deployed one"
    return "deployed before" if record.version in registry.history else "not deployed"


def _learned(lineage: Mapping[str, Any]) -> str:
    text = f"{lineage.get('entries', 0):,} of {plural(lineage.get('entries_total', 0), 'entry')}"
    first, last = lineage.get("from"), lineage.get("to")
    return text if first is None or last is None else f"{text}, from {_moment(first)} to {_moment(last)}"


def _training(lineage: Mapping[str, Any]) -> str:
    steps, tokens = (plural(lineage.get(f"{each}s", 0), each) for each in ("step", "token"))
    bits = lineage.get("bits_per_token")
    rest = "" if bits is None else f", {bits:.2f} bits a token on newer entries"
    return f"{tokens} in {steps}, {lineage.get('seconds', 0):,.0f} s, seed {lineage.get('seed', '-')}{rest}"


def _gate(gate: Mapping[str, Any]) -> str:
    if not gate:
        return "not asked"
    verdict = "passed" if gate.get("deploy") else "kept back"
    interval, probability = gate.get("interval"), gate.get("probability")
    if interval is None or probability is None:
        return f"{verdict}; nothing could be compared"
    return (
        f"{verdict}; {interval['mean']:+.3f} keys a command, "
        f"90 % interval {interval['low']:+.3f} to {interval['high']:+.3f}, P(gain > 0) = {probability:.3f}"
    )


def _outcome(trial: Mapping[str, Any]) -> str:
    events = f"{trial['wins']:,} won, {trial['losses']:,} lost"
    sure = f"E = {trial['e_better']:.3g} for it, {trial['e_worse']:.3g} against it"
    return f"{_OUTCOMES[trial['outcome']]}; {events} against {trial['against'] or 'no model'}, {sure}"


def _live(live: Counts) -> str:
    shown, saved = plural(live.shown, "suggestion"), plural(live.saved, "keystroke")
    return f"{shown} shown, {live.taken:,} taken, {saved} saved"


def _numbered(name: str, values: Any) -> dict[str, str]:
    """One line each, the name before the first."""
    return {name if number == 0 else " " * number: value for number, value in enumerate(values)}


def _lines(facts: Mapping[str, str]) -> str:
    return "\n".join(f"{name.strip():{_WIDTH}}{value}" for name, value in facts.items())


def _moment(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))
