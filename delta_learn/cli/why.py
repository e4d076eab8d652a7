"""why: what the last suggestion is based on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from delta_learn.cli.output import echo_json, plural, with_tilde
from delta_learn.cli.times import shown

_EXPERTS = {
    "history": "lines that you typed before",
    "ngram": "words in places like this",
    "copy": "words of the last commands",
    "neural": "your own model",
}


def register(app: typer.Typer) -> None:
    """Add this file's command to `app`."""
    app.command()(why)


def why(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Say what the last suggestion at the prompt is based on."""
    from delta_learn.collector.outcome import SESSION_VARIABLE
    from delta_learn.errors import DeltaError
    from delta_learn.paths import Paths
    from delta_learn.serving.client import ask_why

    facts = ask_why(Paths.from_environment(), os.environ.get(SESSION_VARIABLE, ""))
    if facts is None:
        raise DeltaError("No server answers; the next prompt of a shell with delta_learn starts it, then ask again.")
    if not facts:
        raise DeltaError("Nothing was suggested yet; ask again when a suggestion was shown at the prompt.")
    if as_json:
        echo_json(facts)
        return
    typer.echo("\n".join(f"{name:<12} {text}".rstrip() for name, text in _lines(facts)))


def _lines(facts: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield "suggestion", _line(facts["suggestion"]) + ("" if facts["whole"] else ", the beginning of a line")
    if facts["typed"]:
        yield "typed", _line(facts["typed"])
    yield "probability", f"{facts['probability']:.2f}"
    if not any(facts[name] for name in ("taught", "corrects", "enters", "meanings")):
        yield "from", _EXPERTS.get(facts["source"], facts["source"])
    if len(facts["shares"]) > 1:
        yield "experts", ", ".join(f"{name} {share:.0%}" for name, share in facts["shares"].items())
    yield from _said(facts)
    yield from _evidence(facts)


def _said(facts: dict[str, Any]) -> Iterator[tuple[str, str]]:
    after = _line(facts["after"])
    if facts["taught"]:
        yield "taught", f"you said that it follows {after}"
    for meaning in facts["meanings"]:
        yield "taught", f"you said that it is for: {_line(meaning)}"
    if facts["corrects"]:
        yield "corrects", after
    if facts["enters"]:
        yield "enters", f"what {after} made"
    if facts["judged"] != 1:
        yield "judged", f"what you said of it makes it {facts['judged']:.2g} times as probable"


def _evidence(facts: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if not facts["uses"]:
        yield "used", "never as a whole line"
        for name, line in zip(["like"] + [""] * len(facts["alike"]), facts["alike"], strict=False):
            yield name, _line(line)
        return
    here = f"{facts['same_directory']:,} in this directory"
    after = f"{facts['after_same']:,} after {_line(facts['after'])}" if facts["after"] else ""
    yield "used", ", ".join(filter(None, [plural(facts["uses"], "time"), after, here]))
    if facts["ended"]:
        yield "failed", f"{facts['failures']:,} of {plural(facts['ended'], 'time')}"
    for name, use in zip(["the last"] + [""] * len(facts["examples"]), facts["examples"], strict=False):
        yield name, _use(use)


def _use(use: dict[str, Any]) -> str:
    from delta_learn.collector.normalize import visible

    place = f"in {with_tilde(visible(use['directory']))}" if use["directory"] else ""
    after = f"after {_line(use['after'])}" if use["after"] else "first of its shell"
    end = "failed" if use["failed"] else ""
    return ", ".join(filter(None, [shown(use["time"]), place, after, end]))


def _line(text: str) -> str:
    from delta_learn.collector.normalize import visible

    return f"`{visible(text)}`"
