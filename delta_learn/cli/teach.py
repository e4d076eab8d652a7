"""teach, add, feedback: behind `:train` and `:feedback`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

_AS_TYPED = {"ignore_unknown_options": True}
"""A command that begins with a dash is a command, no option of ours."""


def register(app: typer.Typer) -> None:
    """Add this file's commands to `app`."""
    app.command(context_settings=_AS_TYPED)(teach)
    app.command(context_settings=_AS_TYPED)(add)
    app.command(context_settings=_AS_TYPED)(feedback)


def teach(
    when: Annotated[str, typer.Argument(help="A command, quoted.")],
    then: Annotated[str, typer.Argument(help="The command that follows it, quoted.")],
) -> None:
    """After WHEN, THEN is what I do."""
    from delta_learn.collector.drain import open_store
    from delta_learn.collector.teaching import teach as teach_pair

    teach_pair(open_store(), when, then)
    typer.echo("Learnt: the second follows the first.")


def add(
    command: Annotated[str, typer.Argument(help="A command, quoted.")],
    meaning: Annotated[str, typer.Argument(help="What it is for, in your words.")],
) -> None:
    """COMMAND is worth more, and `# MEANING` finds it."""
    from delta_learn.collector.drain import open_store
    from delta_learn.collector.teaching import add_meaning

    add_meaning(open_store(), command, meaning)
    typer.echo("Learnt: the command, and what it is for.")


def feedback(
    text: Annotated[str, typer.Argument(help="`helpful`, `unhelpful`, or what you have to say, quoted.")],
) -> None:
    """Keep what you think of the suggestion that this shell showed last."""
    from delta_learn.collector.drain import open_store
    from delta_learn.collector.normalize import visible
    from delta_learn.collector.outcome import AFTER_VARIABLE, SESSION_VARIABLE, SUGGESTION_VARIABLE
    from delta_learn.collector.teaching import give_feedback
    from delta_learn.errors import DeltaError

    session, suggestion, after = (
        os.environ.get(v, "") for v in (SESSION_VARIABLE, SUGGESTION_VARIABLE, AFTER_VARIABLE)
    )
    if not suggestion:
        raise DeltaError("This shell has shown no suggestion yet: say it at the prompt after one, with `:feedback`.")
    give_feedback(open_store(), text, str(Path.cwd()), session, suggestion=suggestion, after=after)
    typer.echo(f"Noted about `{visible(suggestion)}`.")
