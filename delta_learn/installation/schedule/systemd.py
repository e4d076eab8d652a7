"""The night as a timer of the user's own systemd."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from delta_learn.config import ScheduleConfig
from delta_learn.errors import DeltaError
from delta_learn.installation.schedule.clock import TimeOfDay
from delta_learn.installation.schedule.commands import Answer, ask
from delta_learn.installation.schedule.units import SERVICE, TIMER, due_in, learns_from, service_text, timer_text
from delta_learn.paths import Paths
from delta_learn.storage.atomic import remove_file, replace_file, storage_errors


class SystemdTimer:
    """Two unit files in ~/.config/systemd/user, and the link that enables the timer."""

    def __init__(self, paths: Paths, environment: Mapping[str, str] = os.environ) -> None:
        """Touches nothing."""
        home = Path(environment.get("HOME") or Path.home())
        config = Path(environment.get("XDG_CONFIG_HOME") or home / ".config")
        data = Path(environment.get("XDG_DATA_HOME") or home / ".local" / "share")
        self._paths = paths
        self._directory = config / "systemd" / "user"
        self._stamp = data / "systemd" / "timers" / f"stamp-{TIMER}"

    def works(self) -> bool:
        """Whether systemd runs for this user and answers."""
        return _systemctl("show-environment").ok

    def installed(self) -> TimeOfDay | None:
        """From when on a night is due; None where no timer is enabled, or one for another data set."""
        service = self._service()
        return due_in(service) if learns_from(service, self._paths) and self._link.is_symlink() else None

    def install(self, at: TimeOfDay, config: ScheduleConfig) -> None:
        """Write, load and start the timer, in the place of an older one; where systemd refuses it, that one stays.

        Raises:
            DeltaError: systemd refuses it. StorageError: a unit cannot be written.
        """
        before = {path: path.read_bytes() if path.exists() else None for path in self._files}
        texts = (service_text(self._paths, at, config), timer_text(at, config))
        try:
            for path, text in zip(self._files, texts, strict=True):
                _write(path, text.encode())
            # `restart`, as a timer that runs keeps its old time until then.
            for verb in (["daemon-reload"], ["enable", TIMER], ["restart", TIMER]):
                _demand(*verb)
        except DeltaError:
            self._restore(before)
            raise

    def remove(self, *, of_any: bool = False) -> bool:
        """Stop the timer of this, or any, data set and remove all of it, also where systemd does not answer.

        Says whether there was one.

        Raises:
            StorageError: a file cannot be removed.
        """
        service = self._service()
        if not (of_any and service) and not learns_from(service, self._paths):
            return False
        self._erase()
        return True

    @property
    def _files(self) -> tuple[Path, Path]:
        return self._directory / SERVICE, self._directory / TIMER

    @property
    def _link(self) -> Path:
        return self._directory / "timers.target.wants" / TIMER

    def _service(self) -> str:
        try:
            return self._files[0].read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""

    def _erase(self) -> None:
        _systemctl("disable", "--now", TIMER)
        with storage_errors(self._stamp):
            self._stamp.unlink(missing_ok=True)
        for path in (self._link, *reversed(self._files)):  # the service last: what is left says whose it was
            if path.exists() or path.is_symlink():
                remove_file(path)
        _systemctl("daemon-reload")

    def _restore(self, before: Mapping[Path, bytes | None]) -> None:
        if None in before.values():
            self._erase()
            return
        for path, content in before.items():
            _write(path, content or b"")
        _systemctl("daemon-reload")
        _systemctl("restart", TIMER)


def _write(path: Path, content: bytes) -> None:
    with replace_file(path) as file:
        file.write(content)


def _systemctl(*arguments: str) -> Answer:
    return ask(["systemctl", "--user", "--no-ask-password", *arguments])


def _demand(*arguments: str) -> None:
    answer = _systemctl(*arguments)
    if not answer.ok:
        raise DeltaError(
            f"`systemctl --user {' '.join(arguments)}` failed ({answer.error or answer.status}); nothing was changed: "
            "mend that, or use `delta-learn schedule install --with cron`."
        )
