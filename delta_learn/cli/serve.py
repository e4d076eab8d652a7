"""serve: the server of the prompt, for who wants to start it by hand or from a unit; shells start it themselves."""

from __future__ import annotations

from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add this file's command to `app`."""
    app.command()(serve)


def serve(
    stop: Annotated[
        bool, typer.Option("--stop", help="End the server that runs now; the next prompt starts it.")
    ] = False,
) -> None:
    """Answer the prompts of your shells until nobody asks any more; one server for each user."""
    import logging

    from delta_learn.paths import Paths
    from delta_learn.serving.daemon import ENDING_SECONDS, serve_here
    from delta_learn.storage.lock import end_holder, holder

    paths = Paths.from_environment()
    if stop:
        running = holder(paths.server_lock)
        end_holder(paths.server_lock, seconds=ENDING_SECONDS)
        typer.echo(f"The server (pid {running.pid}) has ended." if running else "No server is running.")
        return
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    serve_here(paths)
