"""The page: one HTML document that asks nothing of any other file or machine, and runs nothing."""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files

from delta_learn.report.calendar import named
from delta_learn.report.facts import Facts
from delta_learn.report.markup import Markup, element, joined
from delta_learn.report.sections import (
    commands_section,
    gate_section,
    habits_section,
    models_section,
    recording_section,
    savings_section,
    secrets_section,
)
from delta_learn.report.words import moment

_SECTIONS = (
    savings_section,
    gate_section,
    models_section,
    habits_section,
    commands_section,
    secrets_section,
    recording_section,
)


def page(facts: Facts) -> bytes:
    """The whole document, in UTF-8; the same facts give the same bytes."""
    style = files("delta_learn.report").joinpath("page.css").read_text(encoding="utf-8")
    head = element(
        "head",
        element("meta", charset="utf-8"),
        Markup(f'<meta http-equiv="Content-Security-Policy" content="{_policy(style)}">'),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", "delta_learn report"),
        element("style", Markup(style)),
    )
    main = element("main", _header(facts), _figures(facts), *(section(facts) for section in _SECTIONS))
    body = element("body", main, element("footer", element("p", _PRIVATE)))
    return f"<!DOCTYPE html>\n{element('html', head, body, lang='en')}\n".encode()


_PRIVATE = (
    "Commands stand here as they are kept, with their secrets replaced. Treat this page as you treat your history: "
    "nothing on it leaves this machine by itself."
)


def _policy(style: str) -> str:
    """Nothing is loaded, run or sent; only this very style sheet counts."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def _header(facts: Facts) -> Markup:
    span = f"; commands from {named(facts.first)} to {named(facts.last)}" if facts.first and facts.last else ""
    return element("header", element("h1", "delta_learn report"), element("p", f"Made {moment(facts.made)}{span}."))


def _figures(facts: Facts) -> Markup:
    status, total = facts.status, facts.savings.total if facts.savings else None
    taken = f"{total.taken:,} of {total.shown:,} suggestions taken" if total else "no suggestion was shown yet"
    secrets = sum(status.redactions.values())
    return element(
        "dl",
        _figure("Commands kept", f"{status.dataset_size:,}", f"{status.dataset_bytes / 1e6:.1f} MB, sealed"),
        _figure("Keystrokes saved", f"{total.saved:,}" if total else "0", taken),
        _figure("Models", f"{len(facts.models):,}", _deployed(facts)),
        _figure("Secrets replaced", f"{secrets:,}", "before anything was written"),
        class_="figures",
    )


def _figure(name: str, value: str, note: str) -> Markup:
    parts = (element("dt", name), element("dd", value, class_="large"), element("dd", note, class_="small"))
    return element("div", joined(parts))


def _deployed(facts: Facts) -> str:
    version = facts.status.model_version
    return f"{version.removeprefix('delta_model_')} predicts" if version else "none predicts; your history does"
