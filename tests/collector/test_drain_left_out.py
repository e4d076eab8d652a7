"""collector/drain.py: what is left out of what is recorded, and what nothing may keep."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from delta_learn.collector.drain import Drained, drain
from delta_learn.collector.store import Store
from delta_learn.errors import ConfigError
from delta_learn.paths import Paths
from delta_learn.storage.blockfile import BlockReader
from tests.collector.drained import commands, configure


def test_what_is_excluded_is_counted_and_gone(paths: Paths, spool: Path, fake_shell: Any) -> None:
    configure(paths, exclude_directories=["~/private"], exclude_commands=["curl *"])
    shell = fake_shell(spool)
    shell.run(" echo quiet")
    shell.run("curl http://x")
    shell.run("ls", directory=str(Path.home() / "private" / "deep"))
    shell.run("make", directory=str(Path.home()))
    store = Store.open(paths)
    assert drain(store) == Drained(new=1, excluded=3)
    (entry,) = store.entries()
    assert entry.command == "make"
    assert entry.system_info, "the first that is kept"
    for path in (*paths.home.rglob("*"), *paths.state.rglob("*")):
        assert not path.is_file() or b"quiet" not in path.read_bytes()


@pytest.mark.parametrize("agents", [False, True])
def test_programs_that_type_are_recorded_if_wanted(paths: Paths, spool: Path, fake_shell: Any, agents: bool) -> None:
    configure(paths, agents=agents)
    shell = fake_shell(spool, author="CLAUDECODE")
    shell.run("ls", environment={"NODE_ENV": "x"})
    store = Store.open(paths)
    assert drain(store) == (Drained(new=1) if agents else Drained(excluded=1))
    assert [dict(e.environment) for e in store.entries()] == (
        [{"NODE_ENV": "x", "DELTA_AUTHOR": "CLAUDECODE"}] if agents else []
    )


def test_secrets_of_the_persons_own_kind_are_replaced(paths: Paths, spool: Path, fake_shell: Any) -> None:
    configure(paths, redact={"badge": "B-[0-9]{6}"})
    fake_shell(spool).run("open B-123456")
    store = Store.open(paths)
    assert drain(store).redacted == {"badge": 1}
    assert commands(store) == ["open <secret:badge>"]


@pytest.mark.parametrize("text", ["{", '{"collect": {"colour": 1}}', '{"collect": {"redact": {"x": "("}}}'])
def test_with_a_broken_configuration_nothing_is_moved(paths: Paths, spool: Path, fake_shell: Any, text: str) -> None:
    shell, store = fake_shell(spool), Store.open(paths)
    shell.run("ls")
    paths.config.write_text(text)
    before = shell.path.read_bytes()
    with pytest.raises(ConfigError):
        drain(store)
    assert shell.path.read_bytes() == before
    assert json.loads(paths.drained.read_text())["error"]
    paths.config.unlink()
    assert drain(store).new == 1
    assert json.loads(paths.drained.read_text())["error"] is None


def planted(secret: str) -> list[str]:
    return [
        f"mysql --password={secret} shop",
        f"curl -u ann:{secret} http://x",
        f"export API_TOKEN={secret}\nfalse",
        f"psql postgresql://ann:{secret}@db/shop",
    ]


def test_no_secret_is_in_any_file_after_a_drain(paths: Paths, spool: Path, fake_shell: Any) -> None:
    secret = "Tr0ub4dor" + "3horse"
    finished, alive = fake_shell(spool), fake_shell(spool)
    for shell in (finished, alive):
        for command in planted(secret):
            shell.run(command, 1, directory=f"/srv/token={secret}", environment={"DB_PASSWORD": secret})
        shell.begin(planted(secret)[0])
    finished.exit()
    store = Store.open(paths)
    assert drain(store).new == 10
    for path in (*paths.home.rglob("*"), *paths.state.rglob("*")):
        assert not path.is_file() or secret.encode() not in path.read_bytes(), path.name
    for path in store.files():
        with BlockReader(path, kind="raw", keyring=store.keyring) as reader:
            for record in reader.records():
                assert secret not in repr(record)
