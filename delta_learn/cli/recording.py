"""pause, resume, review, forget: the person's hand on what is recorded."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from delta_learn.cli import output
from delta_learn.cli.output import echo_json, plural, with_tilde
from delta_learn.cli.times import moment, seconds, shown

if TYPE_CHECKING:
    from delta_learn.collector.forget import Forgotten
    from delta_learn.collector.places import Places
    from delta_learn.entry import CommandEntry

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_PATTERN_HELP = "A part of the command, or all of it with the wildcards `*` and `?`."


def register(app: typer.Typer) -> None:
    """Add this file's commands to `app`."""
    app.command()(pause)
    app.command()(resume)
    app.command()(review)
    app.command()(forget)


def pause(
    length: Annotated[str | None, typer.Option("--for", help="30m, 2h, 1d; by default until `resume`.")] = None,
) -> None:
    """Record nothing, in all shells."""
    from delta_learn.collector.pause import pause as pause_recording
    from delta_learn.paths import Paths

    until = pause_recording(Paths.from_environment(), seconds(length) if length else None)
    end = f"until {shown(until)}, or until you run" if length else "until you run"
    typer.echo(f"No shell records anything {end} `delta-learn resume`.")


def resume() -> None:
    """Record again, in all shells."""
    from delta_learn.collector.pause import resume as resume_recording
    from delta_learn.paths import Paths

    paused = resume_recording(Paths.from_environment())
    typer.echo("All shells record again." if paused else "Nothing was paused.")


def review(
    pattern: Annotated[str | None, typer.Argument(help=_PATTERN_HELP)] = None,
    n: Annotated[int, typer.Option("-n", min=1, help="How many, the newest.")] = 20,
    secrets: Annotated[bool, typer.Option("--secrets", help="Only those in which something was replaced.")] = False,
    suggestions: Annotated[bool, typer.Option("--suggestions", help="Only what became of suggestions.")] = False,
    as_json: Json = False,
) -> None:
    """Look at what is kept, newest last."""
    from delta_learn.collector.drain import open_store
    from delta_learn.collector.forget import matching
    from delta_learn.collector.outcome import outcome_of
    from delta_learn.collector.store import count_redactions

    wanted = matching(pattern=pattern, since=None, directory=None)
    kept = [e for e in open_store().entries() if wanted(e) and (outcome_of(e) is not None) == suggestions]
    entries = [e for e in kept if not secrets or count_redactions([e])]
    redacted = count_redactions(entries)
    if as_json:
        echo_json({"found": len(entries), "redacted": redacted, "entries": [_plain(e) for e in entries[-n:]]})
        return
    for entry in entries[-n:]:
        typer.echo(_line(entry))
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(redacted.items())) or "none"
    typer.echo(
        f"{plural(min(n, len(entries)), 'entry')} of {len(entries):,}. Secrets replaced in all of them: {kinds}."
    )


def _plain(entry: CommandEntry) -> dict[str, object]:
    return {name: value for name, value in dataclasses.asdict(entry).items() if value not in (None, "", {})}


def _line(entry: CommandEntry) -> str:
    from delta_learn.collector.normalize import visible
    from delta_learn.collector.outcome import outcome_of

    place = with_tilde(visible(entry.directory or "-"))
    status = "-" if entry.exit_code is None else str(entry.exit_code)
    source = "" if entry.source in ("typed", "imported") else f"({entry.source}) "
    outcome = outcome_of(entry)
    about = f": {visible(outcome.shown)}" if outcome else ""
    return f"{shown(entry.timestamp):19}  {status:>3}  {place}  {source}{visible(entry.command)}{about}"


def forget(
    pattern: Annotated[str | None, typer.Argument(help=_PATTERN_HELP)] = None,
    since: Annotated[
        str | None, typer.Option(help="Everything after 2h (ago), 2026-11-01, '2026-11-01 14:30'.")
    ] = None,
    directory: Annotated[Path | None, typer.Option(help="Everything typed there or below.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go, place by place.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Forget commands: at once in all that predicts from your history, and in the next model."""
    from delta_learn.collector.forget import forget as forget_entries
    from delta_learn.collector.forget import matching
    from delta_learn.collector.places import count_places
    from delta_learn.collector.store import Store

    if not (pattern or since or directory):
        raise typer.BadParameter("say what to forget: a PATTERN, --since or --directory.")
    start = moment(since) if since else None
    place = os.path.abspath(directory.expanduser()) if directory else None  # noqa: PTH100  (links stay, `..` goes)
    store = Store.open()
    found = count_places(store, matching(pattern=pattern, since=start, directory=place))
    if not as_json:
        typer.echo(_found(found, everywhere=dry_run))
    if dry_run or not found.any:
        if as_json:
            echo_json({"found": dataclasses.asdict(found), "forgotten": None})
        return
    if not yes and not _confirmed(found.entries + found.spooled + found.never):
        typer.echo("Nothing was forgotten.")
        return
    gone = forget_entries(store, pattern=pattern, since=start, directory=place, public=_public_words())
    if as_json:
        echo_json({"found": dataclasses.asdict(found), "forgotten": dataclasses.asdict(gone)})
    else:
        typer.echo(_gone(gone))


def _found(found: Places, *, everywhere: bool) -> str:
    """How many entries match; with `everywhere` also where they are, and what was made of them."""
    entries = found.entries + found.spooled
    also = f", and {plural(found.never, 'line')} of those never suggested" if found.never else ""
    lines = [f"{plural(entries, 'entry')} {'matches' if entries == 1 else 'match'}{also}."]
    if found.training:
        lines.append("A training runs that has read them: it is ended, and begins anew another time.")
    if everywhere and found.any:
        lines += [
            f"  in the shards of {plural(found.days, 'day')}: {found.entries:,}; recorded since: {found.spooled:,}",
            f"  removed with them, as made of all entries: {plural(found.token_runs, 'token run')}, "
            f"{plural(found.checkpoints, 'checkpoint')}, {plural(found.caches, 'cache')}",
            f"  may know them and must not suggest them any more: {plural(found.models, 'model')}",
        ]
    return "\n".join(lines)


def _gone(gone: Forgotten) -> str:
    ended = " The training that ran was ended: it had read them." if gone.training else ""
    return (
        f"{plural(gone.entries, 'entry')} forgotten, in the shards of {plural(gone.days, 'day')}. No older model may "
        f"suggest them; the next one is made without them: `delta-learn train` does it now.{ended}"
    )


def _public_words() -> frozenset[str]:
    """The words of the public commands that the package carries: to know one of them is no secret."""
    from importlib import resources

    from delta_learn.base.files import read_examples
    from delta_learn.collector.traces import words

    return frozenset(word for line in read_examples(resources.files("delta_learn.base")) for word in words(line))


def _confirmed(count: int) -> bool:
    if not output.on_terminal():
        raise typer.BadParameter("nobody can be asked here: say --yes to forget, or --dry-run to look.")
    return typer.confirm(f"Forget {'it' if count == 1 else 'them'} for good?", default=False)
