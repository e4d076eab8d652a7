"""doctor: every check, and a live round trip in each shell that is here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from delta_learn.errors import DeltaError
from delta_learn.installation.checks import INSTALL, Check, check_start_file, run_checks
from delta_learn.installation.hooks import SHELLS, installed_shells
from delta_learn.installation.roundtrip import round_trip
from delta_learn.paths import Paths


def examine(paths: Paths) -> list[Check]:
    """All checks; nothing of the person's is changed."""
    shells = installed_shells()
    absent = [Check(_name(shell), "ok", f"{shell} is not installed") for shell in SHELLS if shell not in shells]
    return [*run_checks(paths), *_weighed([check_round_trip(shell) for shell in shells]), *absent]


def check_round_trip(shell: str) -> Check:
    """Type two commands into a real shell and find them in a data set of their own.

    A shell that nobody asked to record is a warning.
    """
    try:
        trip = round_trip(shell)
    except DeltaError as error:
        return Check(_name(shell), "problem", str(error), "mend that and run `delta-learn doctor` again")
    if trip.ok:
        return Check(_name(shell), "ok", f"two commands typed, recorded and drained in {trip.seconds:.1f} s")
    if trip.hooked:
        mend = f"put the line of delta_learn last in the start file of {shell}, and report this if that does not help"
        return Check(_name(shell), "problem", trip.problem, mend)
    wanted = check_start_file(shell).state != "warning"
    return Check(_name(shell), "problem" if wanted else "warning", trip.problem, INSTALL)


def _weighed(trips: Sequence[Check]) -> list[Check]:
    """One shell that records is enough; none is a problem."""
    if any(trip.state == "ok" for trip in trips):
        return list(trips)
    return [replace(trip, state="problem") for trip in trips]


def _name(shell: str) -> str:
    return f"{shell} round trip"
