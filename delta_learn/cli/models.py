"""models list|show|deploy|rollback|verify|ab: the versions on disk."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from delta_learn.cli.output import echo_json, table

if TYPE_CHECKING:
    from delta_learn.registry import ModelRecord, Registry

T = TypeVar("T")
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Version = Annotated[str, typer.Argument(help="A version as `models list` shows it.")]
MaybeVersion = Annotated[str | None, typer.Argument(metavar="[VERSION]", help="By default the deployed one.")]


def register(app: typer.Typer) -> None:
    """Add this file's commands to `app`."""
    models = typer.Typer(
        help="Look at, deploy and verify the models on this machine.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    models.command("list")(list_)
    models.command()(show)
    models.command()(deploy)
    models.command()(rollback)
    models.command()(verify)
    models.command()(ab)
    app.add_typer(models, name="models")


def _registry() -> Registry:
    from delta_learn.collector.store import Store
    from delta_learn.registry import Registry

    store = Store.open()
    return Registry(store.paths, store.keyring)


def _locked(action: Callable[[Registry], T], purpose: str) -> T:
    from delta_learn.storage.lock import exclusive

    registry = _registry()
    with exclusive(registry.paths.lock, f"delta-learn {purpose}", timeout=10):
        return action(_registry())


def list_(as_json: Json = False) -> None:
    """All versions, oldest first."""
    registry = _registry()
    if as_json:
        echo_json([{**dataclasses.asdict(m), "deployed": m.version == registry.deployed} for m in registry.models])
        return
    if not registry.models:
        typer.echo("No model yet; run `delta-learn train`.")
        return
    typer.echo(table(["version", "made", "entries", "gate", ""], [_row(registry, m) for m in registry.models]))


def _row(registry: Registry, record: ModelRecord) -> list[str]:
    made = time.strftime("%Y-%m-%d %H:%M", time.localtime(record.created))
    verdict = "passed" if record.gate.get("deploy") else "kept back"
    return [
        record.version,
        made,
        f"{record.lineage.get('entries', 0):,}",
        verdict,
        "deployed" if record.version == registry.deployed else "tried" if record.version == registry.challenger else "",
    ]


def show(version: MaybeVersion = None, as_json: Json = False) -> None:
    """Everything known about one version: what it was trained on, what the gate said, and what was taken since."""
    from delta_learn.cli.lineage import lineage_text
    from delta_learn.collector.drain import open_store
    from delta_learn.collector.usage import acceptance

    registry = _registry()
    record = registry.find(version or _deployed(registry))
    live = acceptance(open_store().entries(), record.version)
    if as_json:
        echo_json({**dataclasses.asdict(record), "live": dataclasses.asdict(live)})
    else:
        typer.echo(lineage_text(record, registry, live))


def _deployed(registry: Registry) -> str:
    from delta_learn.errors import ModelError

    if registry.deployed is None:
        raise ModelError("No model is deployed; name one that `delta-learn models list` shows.")
    return registry.deployed


def deploy(version: Version) -> None:
    """Use this version from now on."""
    _locked(lambda registry: registry.deploy(version), "models deploy")
    typer.echo(f"{version} is deployed.")


def rollback() -> None:
    """Go back to what was deployed before."""
    version = _locked(lambda registry: registry.rollback(), "models rollback")
    typer.echo(
        f"{version} is deployed." if version else "No model is deployed: predictions come from your history alone."
    )


def ab(as_json: Json = False) -> None:
    """The A/B test of a candidate against the deployed model: how it stands, and what will happen."""
    from delta_learn.cli.lineage import abtest_facts, abtest_text
    from delta_learn.config import Config

    registry = _registry()
    facts = abtest_facts(registry, Config.load(registry.paths.config).ab)
    if as_json:
        echo_json(facts)
    else:
        typer.echo(abtest_text(facts))


def verify(as_json: Json = False) -> None:
    """Read every model file and say whether it is whole; exit status 1 if one is not."""
    results = _registry().verify()
    if as_json:
        echo_json(results)
    else:
        for version, result in results.items():
            typer.echo(f"{version}: {result}")
    if any(result != "ok" for result in results.values()):
        raise typer.Exit(1)
