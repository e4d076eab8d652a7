"""import, redact, status: what is in the data set and how it got there."""

from __future__ import annotations

import dataclasses
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from delta_learn.cli.output import echo_json, plural

if TYPE_CHECKING:
    from delta_learn.collector.importers.result import ImportResult
    from delta_learn.collector.redaction.patterns import Patterns
    from delta_learn.collector.store import Added

SAMPLE = "sample"
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
File = Annotated[Path | None, typer.Argument(help="A history file; by default your own.")]
Format = Annotated[
    str | None,
    typer.Option("--from", help="zsh, bash, fish, atuin, mcfly, histdb, jsonl or sample."),
]


def register(app: typer.Typer) -> None:
    """Add this file's commands to `app`."""
    app.command("import")(import_)
    app.command()(redact)
    app.command()(status)


def import_(
    path: File = None,
    form: Format = None,
    again: Annotated[bool, typer.Option("--again", help="Also what was forgotten before.")] = False,
    as_json: Json = False,
) -> None:
    """Import existing shell history; twice imports once."""
    from delta_learn.collector.drain import open_store
    from delta_learn.collector.teaching import commands_only

    result, others = _read(path, form)
    store = open_store()
    written = result.path.stat().st_mtime if form != SAMPLE else None
    added = store.add(result.entries, fallback_time=written, again=again)
    if as_json:
        echo_json({"imports": [_report(result, added)], "dataset_size": len(commands_only(store.entries()))})
        return
    typer.echo(_text(result, added))
    for other in others:
        typer.echo(f"Also found, not imported: {other}; to add it: delta-learn import '{other}'")


def _read(path: Path | None, form: str | None) -> tuple[ImportResult, list[Path]]:
    """The history to import, and others that were found."""
    from delta_learn.collector.importers.detect import find_histories, read_history
    from delta_learn.errors import HistoryError

    if form == SAMPLE:
        return _sample(), []
    if path is not None:
        return read_history(path, form), []
    found = [(f, p) for f, p in find_histories(os.environ) if form in (None, f)]
    if not found:
        raise HistoryError("No shell history was found; give a file: `delta-learn import FILE`.")
    (best, first), *others = found
    return read_history(first, best), [p for _, p in others]


def _sample() -> ImportResult:
    from delta_learn.collector.importers.result import ImportResult
    from delta_learn.collector.sample.generator import sample_entries

    return ImportResult(sample_entries(), [], SAMPLE, Path("the built-in sample"))


def _learnable_share(result: ImportResult) -> float:
    return 1 - result.learnable_from / len(result.entries) if result.entries else 1.0


def _report(result: ImportResult, added: Added) -> dict[str, object]:
    return {
        "path": str(result.path),
        "shell": result.shell,
        "read": len(result.entries),
        "new": added.new,
        "known": added.known,
        "excluded": added.excluded,
        "forgotten": added.forgotten,
        "redacted": added.redacted,
        "broken": [{"line": b.line, "reason": b.reason} for b in result.broken],
        "share_for_sequences": round(_learnable_share(result), 4),
    }


def _text(result: ImportResult, added: Added) -> str:
    read, secrets = plural(len(result.entries), "command"), plural(sum(added.redacted.values()), "secret")
    kinds = ", ".join(f"{n} {kind}" for kind, n in sorted(added.redacted.items()))
    lines = [
        f"{result.path}: {read} read, {added.new:,} new, {added.known:,} known.",
        f"  {secrets} replaced before anything was written{f' ({kinds})' if kinds else ''}.",
    ]
    if added.excluded:
        lines.append(f"  {plural(added.excluded, 'command')} left out, as `collect.exclude_*` says.")
    if added.forgotten:
        lines.append(f"  {added.forgotten:,} forgotten before, not imported again; `--again` imports them too.")
    if result.broken:
        broken, first = plural(len(result.broken), "broken line"), result.broken[0]
        lines.append(f"  {broken} passed over; the first is line {first.line}: {first.reason}.")
    if result.learnable_from:
        head = plural(result.learnable_from, "entry")
        lines.append(f"  The shell has removed old copies of repeated commands from the first {head}:")
        share = f"{_learnable_share(result):.0%} of the file"
        lines.append(f"  {share} is used to learn what follows what, all of it to learn commands.")
    return "\n".join(lines)


def redact(
    explain: Annotated[str | None, typer.Option(help="A command: say what would be replaced in it, and why.")] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Redact what is kept once more, with today's rules.")] = False,
    as_json: Json = False,
) -> None:
    """Read commands from stdin, one a line, and print them without their secrets."""
    from delta_learn.collector.redaction.patterns import compile_patterns
    from delta_learn.config import Config
    from delta_learn.paths import Paths

    if explain is not None and apply:
        raise typer.BadParameter("--explain and --apply do not go together.")
    if apply:
        _redact_again(as_json)
        return
    patterns = compile_patterns(Config.load(Paths.from_environment().config).collect.redact)
    if explain is not None:
        _explain(explain, patterns, as_json)
    else:
        _redact_lines(patterns, as_json)


def _redact_lines(patterns: Patterns, as_json: bool) -> None:
    from delta_learn.collector.redaction.redact import redact as redact_command

    for line in sys.stdin.buffer:
        result = redact_command(line.removesuffix(b"\n").decode("utf-8", "surrogateescape"), patterns)
        if as_json:
            spans = [{"start": s.start, "end": s.end, "kind": s.kind} for s in result.spans]
            echo_json({"command": result.command, "redacted": result.redacted, "spans": spans})
        else:
            sys.stdout.buffer.write(result.redacted.encode("utf-8", "surrogateescape") + b"\n")


def _explain(command: str, patterns: Patterns, as_json: bool) -> None:
    from delta_learn.collector.normalize import visible
    from delta_learn.collector.redaction.explain import explain
    from delta_learn.collector.redaction.redact import redact as redact_command

    redacted, findings = redact_command(command, patterns).redacted, explain(command, patterns)
    if as_json:
        echo_json({"redacted": redacted, "findings": [dataclasses.asdict(finding) for finding in findings]})
        return
    typer.echo(visible(redacted))
    for found in findings:
        typer.echo(f"  {found.kind}: {found.reason} (characters {found.start + 1} to {found.end})")
    if not findings:
        typer.echo("  nothing is replaced")


def _redact_again(as_json: bool) -> None:
    from delta_learn.collector.drain import open_store

    done = open_store().redact_again()
    if as_json:
        echo_json({"days": done.days, "entries": done.entries, "redacted": done.redacted})
        return
    kinds = ", ".join(f"{n} {kind}" for kind, n in sorted(done.redacted.items()))
    if done.entries:
        days = plural(done.days, "day")
        typer.echo(f"{plural(done.entries, 'entry')} changed, in the shards of {days}{f' ({kinds})' if kinds else ''}.")
        typer.echo("The deployed model is made of the new text at the next training; `delta-learn train` does it now.")
    else:
        typer.echo("Nothing changed: all that is kept is as today's rules want it.")


def status(
    short: Annotated[bool, typer.Option("--short", help="Print the lines of `:train status`.")] = False,
    as_json: Json = False,
) -> None:
    """Say what is kept, what was learnt, and when."""
    from delta_learn.nightly.status import read_status

    current = read_status()
    if as_json:
        echo_json(current.to_json())
    else:
        typer.echo(current.to_short_text() if short else current.to_text())
