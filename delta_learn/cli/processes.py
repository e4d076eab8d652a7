"""Options that say how many processes train, the same for every command that trains."""

from __future__ import annotations

from typing import Annotated

import typer

Gpus = Annotated[
    int | None, typer.Option(help="Train on so many GPUs of this machine, a process each; 0: on the CPU. Else on all.")
]
OnCpu = Annotated[
    int | None, typer.Option("--processes", help="Train in so many processes on the CPU instead.", hidden=True)
]
Nodes = Annotated[int, typer.Option(help="Train on so many machines; start the same command on each.")]
Rendezvous = Annotated[str, typer.Option(help="HOST:PORT of the machine at which they meet.")]
