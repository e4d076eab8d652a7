"""Summary: what the night finds that the one before did not know."""

from __future__ import annotations

from delta_learn.collector.usage import Counts, counted_since
from delta_learn.nightly.night import Night


def summarize(night: Night) -> None:
    """Say what came since the last training: commands, those never typed before, what suggestions saved."""
    newest = max(night.registry.models, key=lambda model: model.created, default=None)
    if newest is None:
        return
    known = min(int(newest.lineage.get("entries_total", 0)), len(night.entries))
    before, since = night.entries[:known], night.entries[known:]
    lines = {entry.command for entry in before}
    fresh = len({entry.command for entry in since} - lines)
    counts = counted_since(night.store.entries(), newest.created)
    night.say(f"Since {newest.version}: {len(since):,} commands ({fresh:,} never typed before){_saved(counts)}.")


def _saved(counts: Counts) -> str:
    return (
        f"; {counts.taken:,} of {counts.shown:,} suggestions taken, {counts.saved:,} keys saved" if counts.shown else ""
    )
