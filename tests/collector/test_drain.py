"""collector/drain.py: from the spool to the shards, each command once, nothing that must not be kept."""

from __future__ import annotations

import json
import logging
import os
import resource
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from delta_learn.collector import drain as drain_module
from delta_learn.collector import spoolfiles
from delta_learn.collector.drain import Drained, drain, drain_at, open_store
from delta_learn.collector.store import Store
from delta_learn.errors import ConfigError, LockHeldError, StorageError, UnsafeFileError
from delta_learn.paths import Paths
from delta_learn.storage.blockfile import BlockReader
from delta_learn.storage.lock import exclusive

NOT_A_PROCESS = 2**22 + 1
"""Above the greatest pid of Linux."""
DAY = 86_400


def commands(store: Store) -> list[str]:
    return [entry.command for entry in store.entries()]


def configure(paths: Paths, **collect: object) -> None:
    paths.training.mkdir(parents=True, exist_ok=True)
    paths.config.write_text(json.dumps({"collect": collect}))


def test_without_a_spool_nothing_is_done(paths: Paths) -> None:
    assert drain(Store.open(paths)) == Drained()
    assert not paths.spool.exists()
    assert not paths.drained.exists()


def test_a_session_goes_to_the_shards(paths: Paths, spool: Path, fake_shell: Any) -> None:
    shell = fake_shell(spool)
    shell.run("ls", environment={"NODE_ENV": "test"})
    shell.run("false", 1)
    shell.exit()
    store = Store.open(paths)
    assert drain(store) == Drained(new=2)
    first, second = store.entries()
    assert (first.command, first.exit_code, first.duration_ms, first.directory) == ("ls", 0, 500, "/srv")
    assert (first.session, first.sequence, first.shell, first.source) == (shell.session, 0, "zsh", "typed")
    assert first.environment == {"NODE_ENV": "test"}
    assert first.system_info == {"host": os.uname().nodename, "user": "ann", "system": "linux-gnu x86_64",
                                 "shell": "zsh 5.9"}  # fmt: skip
    assert (second.command, second.exit_code, dict(second.system_info)) == ("false", 1, {})
    assert list(spool.iterdir()) == []
    assert drain(store) == Drained()


def test_a_running_command_is_kept_at_once_and_completed_later(paths: Paths, spool: Path, fake_shell: Any) -> None:
    shell, store = fake_shell(spool), Store.open(paths)
    shell.begin("make")
    assert drain(store) == Drained(new=1)
    assert store.entries()[0].exit_code is None
    assert b"make" not in shell.path.read_bytes()
    shell.end(2)
    shell.run("ls")
    assert drain(store) == Drained(new=1, completed=1)
    assert [(e.command, e.exit_code, e.duration_ms) for e in store.entries()] == [("make", 2, 500), ("ls", 0, 500)]
    assert [bool(e.system_info) for e in store.entries()] == [True, False]


def test_a_command_over_midnight_is_completed_in_its_own_day(paths: Paths, spool: Path, fake_shell: Any) -> None:
    shell, store = fake_shell(spool), Store.open(paths)
    shell.begin("train", start=int((time.time() - 5 * DAY) * 1e6))
    drain(store)
    shell.end(0, after=5 * DAY * 1_000_000)
    assert drain(store).completed == 1
    (entry,) = store.entries()
    assert (entry.exit_code, entry.duration_ms) == (0, 5 * DAY * 1000)
    assert len(store.files()) == 1


def test_what_was_forgotten_is_not_completed(paths: Paths, spool: Path, fake_shell: Any) -> None:
    shell, store = fake_shell(spool), Store.open(paths)
    shell.begin("make")
    drain(store)
    store.forget(lambda entry: True)
    shell.end(0)
    assert drain(store) == Drained()
    assert store.entries() == []


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    def move(name: str) -> None:
        monkeypatch.setenv("TZ", name)
        time.tzset()

    yield move
    monkeypatch.undo()
    time.tzset()


def test_the_day_is_the_local_day_of_the_start(paths: Paths, spool: Path, fake_shell: Any, zone: Any) -> None:
    zone("UTC+8")
    noon = 1_795_348_800
    fake_shell(spool, pid=NOT_A_PROCESS).run("late", start=(noon - 6 * 3600) * 1_000_000)
    store = Store.open(paths)
    drain(store)
    assert [path.name for path in store.files()] == ["commands_2026-11-21.bin"]


def test_a_journey_over_time_zones_brings_nothing_twice(
    paths: Paths, spool: Path, fake_shell: Any, zone: Any, tmp_path: Path
) -> None:
    zone("UTC+11")
    shell, store = fake_shell(spool), Store.open(paths)
    for hour in range(0, 48, 3):
        shell.begin(f"c{hour}", start=(1_795_348_800 + hour * 3600) * 1_000_000)
    shutil.copy(shell.path, tmp_path / "copy")
    assert drain(store).new == 16
    shutil.copy(tmp_path / "copy", shell.path)
    zone("UTC-14")
    shell.end(3)
    assert drain(store) == Drained(completed=1)
    assert len(store.entries()) == 16


def test_a_clock_that_jumps_loses_and_doubles_nothing(paths: Paths, spool: Path, fake_shell: Any) -> None:
    shell, store = fake_shell(spool), Store.open(paths)
    now = int(time.time() * 1e6)
    for number, start in enumerate([now, 0, now + 400 * DAY * 1_000_000, 5, now]):
        shell.begin(f"c{number}", start=start)
        if number % 2:
            shell.end(0, after=-3)
        drain(store)
    assert sorted(commands(store)) == ["c0", "c1", "c2", "c3", "c4"]
    assert [e.command for e in store.entries() if e.session == shell.session] == ["c0", "c1", "c2", "c3", "c4"]
    assert {e.duration_ms for e in store.entries()} == {None}


def test_finished_generations_go_and_the_newest_is_wiped(paths: Paths, spool: Path, fake_shell: Any) -> None:
    shell = fake_shell(spool)
    shell.run("one")
    shell.rotate()
    shell.run("two")
    size = shell.path.stat().st_size
    header = shell.path.read_bytes().partition(b"\n")[0] + b"\n"
    drain(Store.open(paths))
    assert [path.name for path in spool.iterdir()] == [shell.path.name]
    assert shell.path.read_bytes() == header + bytes(size - len(header))


def test_the_file_of_a_dead_shell_goes_with_its_torn_end(paths: Paths, spool: Path, fake_shell: Any) -> None:
    shell = fake_shell(spool, pid=NOT_A_PROCESS)
    shell.run("one")
    shell.write(b"\x1e1S1\0")
    assert drain(Store.open(paths)) == Drained(new=1, torn=1)
    assert list(spool.iterdir()) == []


def test_the_torn_end_of_a_live_shell_is_read_when_it_is_whole(paths: Paths, spool: Path, fake_shell: Any) -> None:
    shell, store = fake_shell(spool), Store.open(paths)
    shell.run("one")
    record = shell.record("S", "1", str(shell.clock), "", "/srv", "", "two")
    shell.write(record[:20])
    assert drain(store) == Drained(new=1)
    shell.write(record[20:])
    assert drain(store) == Drained(new=1)
    assert commands(store) == ["one", "two"]


def test_the_shell_of_another_host_counts_as_alive(paths: Paths, spool: Path, fake_shell: Any) -> None:
    shell = fake_shell(spool, pid=NOT_A_PROCESS, host="elsewhere")
    shell.run("one")
    assert drain(Store.open(paths)).new == 1
    assert shell.path.exists()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no /proc")
def test_a_pid_that_another_process_has_now_is_no_live_shell(paths: Paths, spool: Path, fake_shell: Any) -> None:
    shell = fake_shell(spool, began=int((time.time() - 30 * DAY) * 1e6))
    shell.run("one")
    assert drain(Store.open(paths)).new == 1
    assert list(spool.iterdir()) == []


def test_a_file_that_nobody_touches_goes_after_a_week(paths: Paths, spool: Path, fake_shell: Any) -> None:
    shell, store = fake_shell(spool, host="elsewhere"), Store.open(paths)
    shell.begin("one")
    shell.write(b"\x1e1E0\0")
    for days, drained in ((0, Drained(new=1)), (6, Drained()), (8, Drained(torn=1))):
        os.utime(shell.path, (time.time() - days * DAY,) * 2)
        assert drain(store) == drained
        assert shell.path.exists() is (days < 7)
    shell.end()
    assert drain(store) == Drained(completed=1), "the shell began another generation"


def test_what_is_no_spool_file_is_left_alone(paths: Paths, spool: Path) -> None:
    for name in ("notes", "zsh-1-2-3", "zsh-1-2-3.0.swp", "zsh-x-2-3.0", "ZSH-1-2-3.0"):
        (spool / name).write_text("mine")
    (spool / "zsh-1-2-3.0").mkdir()
    drain(Store.open(paths))
    assert len(list(spool.iterdir())) == 6
    assert (spool / "notes").read_text() == "mine"


def test_files_that_others_may_write_are_passed_over(
    paths: Paths, spool: Path, fake_shell: Any, caplog: pytest.LogCaptureFixture
) -> None:
    unsafe, safe = fake_shell(spool), fake_shell(spool)
    safe.run("mine")
    unsafe.run("forged")
    unsafe.path.chmod(0o622)
    store = Store.open(paths)
    assert drain(store).new == 1
    assert commands(store) == ["mine"]
    assert unsafe.path.exists()
    assert "open to other users" in caplog.text


def test_a_spool_that_others_may_write_is_refused(paths: Paths, spool: Path) -> None:
    spool.chmod(0o777)
    with pytest.raises(UnsafeFileError, match="spool is open to other users"):
        drain(Store.open(paths))


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


def test_over_the_limit_the_oldest_sessions_go(paths: Paths, spool: Path, fake_shell: Any) -> None:
    configure(paths, spool_mb=0.01)
    store = Store.open(paths)
    old, new = fake_shell(spool, began=1_795_000_000_000_000), fake_shell(spool)
    for shell in (old, new):
        shell.run("x" * 4000)
        shell.rotate()
        shell.run("x" * 4000)
    paths.raw.chmod(0o777)
    with pytest.raises(StorageError):
        drain(store)
    assert not list(spool.glob(f"{old.session}.*"))
    assert len(list(spool.glob(f"{new.session}.*"))) == 2
    assert json.loads(paths.drained.read_text())["dropped_sessions"] == 1
    paths.raw.chmod(0o700)
    assert drain(store) == Drained(new=2)
    assert json.loads(paths.drained.read_text())["dropped_sessions"] == 1, "the sum over all drains"


def test_what_is_drained_does_not_count_for_the_limit(paths: Paths, spool: Path, fake_shell: Any) -> None:
    configure(paths, spool_mb=0.001)
    shell, store = fake_shell(spool), Store.open(paths)
    shell.run("x" * 4000)
    assert drain(store) == Drained(new=1)
    assert shell.path.exists()


def test_a_store_that_cannot_be_opened_lets_the_spool_grow_no_further(
    paths: Paths, spool: Path, fake_shell: Any
) -> None:
    Store.open(paths)
    configure(paths, spool_mb=0.001)
    fake_shell(spool).run("x" * 4000)
    paths.key.write_bytes(b"broken")
    with pytest.raises(StorageError, match="key is damaged"):
        drain_at(paths, wait_seconds=0)
    assert list(spool.iterdir()) == []
    assert "key is damaged" in json.loads(paths.drained.read_text())["error"]


def test_readers_go_on_when_nothing_can_be_drained(
    paths: Paths, spool: Path, fake_shell: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drain_module, "_READERS_WAIT", 0)
    shell = fake_shell(spool)
    shell.run("one")
    assert commands(open_store(paths)) == ["one"]
    shell.run("two")
    with exclusive(paths.lock, "delta-learn import"):
        assert commands(open_store(paths)) == ["one"]
        with pytest.raises(LockHeldError):
            drain(Store.open(paths), wait_seconds=0)
    assert "not moved yet" in caplog.text
    assert commands(open_store(paths)) == ["one", "two"]


def test_a_full_disk_loses_nothing(paths: Paths, spool: Path, fake_shell: Any) -> None:
    shell, store = fake_shell(spool), Store.open(paths)
    for number in range(300):
        shell.run(f"command {number} {os.urandom(64).hex()}")
    before = shell.path.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        with pytest.raises(StorageError, match="nothing was lost"):
            drain(store)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert shell.path.read_bytes() == before
    assert drain(store).new == 300
    assert len(set(commands(store))) == len(commands(store)) == 300


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """256 kB of disk; only root may mount it."""
    mount, umount, point = shutil.which("mount"), shutil.which("umount"), tmp_path / "disk"
    point.mkdir()
    if not mount or not umount or os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    done = subprocess.run([mount, "-t", "tmpfs", "-o", "size=256k,mode=700", "tmpfs", point], capture_output=True)
    if done.returncode:
        pytest.skip("this machine lets nobody mount")
    yield point
    subprocess.run([umount, "-l", point], check=True)


def test_a_disk_without_any_space_loses_nothing(small_disk: Path, fake_shell: Any) -> None:
    paths = Paths(small_disk / "home", small_disk / "state")
    store = Store.open(paths)
    paths.spool.mkdir()
    shell = fake_shell(paths.spool)
    for number in range(500):
        shell.run(f"command {number} {os.urandom(40).hex()}")
    ballast = small_disk / "ballast"
    with pytest.raises(OSError, match="No space"), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    with pytest.raises(StorageError, match="No space"):
        drain(store)
    with pytest.raises(OSError, match="No space"):
        shell.run("x" * 5000)
    ballast.unlink()
    shell.run("after")
    assert drain(store).new == 501
    assert len(set(commands(store))) == len(commands(store)) == 501


def test_a_read_only_disk_loses_nothing(small_disk: Path, fake_shell: Any) -> None:
    paths = Paths(small_disk / "home", small_disk / "state")
    store = Store.open(paths)
    paths.spool.mkdir()
    shell = fake_shell(paths.spool)
    shell.run("one")
    drain(store)
    shell.run("two")
    mount = shutil.which("mount")
    subprocess.run([mount, "-o", "remount,ro", small_disk], check=True)
    assert commands(open_store(paths)) == ["one"]
    subprocess.run([mount, "-o", "remount,rw", small_disk], check=True)
    assert commands(open_store(paths)) == ["one", "two"]


def test_a_file_that_cannot_be_wiped_brings_nothing_twice(
    paths: Paths, spool: Path, fake_shell: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell, store = fake_shell(spool), Store.open(paths)
    shell.run("one")
    with monkeypatch.context() as patch:
        patch.setattr(spoolfiles, "wipe", lambda read: (_ for _ in ()).throw(StorageError("refused")))
        with pytest.raises(StorageError, match="refused"):
            drain(store)
    assert commands(store) == ["one"]
    assert drain(store) == Drained()
    assert b"one" not in shell.path.read_bytes()


@pytest.mark.slow
def test_four_shells_write_while_it_drains(paths: Paths, spool: Path, fake_shell: Any, forked: Any) -> None:
    store, children = Store.open(paths), []
    for number in range(4):

        def work(number: int = number) -> None:
            shell = fake_shell(spool)
            shell.session += str(number)
            write_on(shell, number, 5000)

        children.append(forked(work))
    drains = 0
    while children:
        drain(store)
        drains += 1
        pid, status = os.waitpid(children[0], os.WNOHANG)
        if pid:
            assert status == 0
            children.pop(0)
    drain(store)
    entries = store.entries()
    expected = {f"shell {n} command {i}" for n in range(4) for i in range(5000)}
    assert len(entries) == 20_000
    assert {e.command for e in entries} == expected
    assert {e.exit_code for e in entries} == {0}
    assert drains > 3


def write_on(shell: Any, number: int, count: int) -> None:
    """Write as the hooks do: one descriptor for many records, a new generation now and then."""
    fd = -1
    for index in range(count):
        if fd < 0 or not shell.path.exists() or index % 100 == 0:
            if fd >= 0:
                os.close(fd)
            shell.rotate()
            fd = os.open(shell.path, os.O_WRONLY | os.O_APPEND)
        start = str(int(time.time() * 1e6))
        os.write(fd, shell.record("S", str(index), start, "", "/srv", "", f"shell {number} command {index}"))
        os.write(fd, shell.record("E", str(index), start, start, "0"))
    os.write(fd, shell.record("X"))


def test_nothing_of_a_command_is_logged(
    paths: Paths, spool: Path, fake_shell: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    shell = fake_shell(spool, pid=NOT_A_PROCESS)
    shell.run("a-very-private-command", directory="/a-very-private-place")
    shell.write(b"\x1e1Sa-very-private-torn-record")
    drain(Store.open(paths))
    assert "private" not in caplog.text


def outcomes(store: Store) -> list[tuple[str, str, str | None]]:
    found = [entry for entry in store.entries() if entry.source == "feedback"]
    return [(e.command, e.environment["DELTA_SUGGESTION"], e.environment.get("DELTA_SUGGESTION_AFTER")) for e in found]


def test_what_became_of_suggestions_is_kept_beside_the_commands(paths: Paths, spool: Path, fake_shell: Any) -> None:
    shell, store = fake_shell(spool), Store.open(paths)
    shell.begin("git commit")
    shell.say("overridden", "git status")
    shell.end()
    shell.begin("git push")
    shell.say("accepted", "git push", saved=7, after="git commit")
    assert drain(store).new == 2, "commands"
    shell.end()
    shell.begin("ls")
    shell.say("typed", "ls", after="git push")
    assert drain(store) == Drained(new=1, completed=1)
    assert outcomes(store) == [
        ("overridden", "git status", ""),
        ("accepted", "git push", "git commit"),
        ("typed", "ls", None),
    ]
    (taken,) = [entry for entry in store.entries() if entry.command == "accepted"]
    assert taken.environment == {
        "DELTA_SESSION": shell.session, "DELTA_SEQUENCE": "1", "DELTA_SUGGESTION": "git push",
        "DELTA_SUGGESTION_AFTER": "git commit", "DELTA_TYPED": "0", "DELTA_SAVED": "7", "DELTA_PROBABILITY": "0.532",
        "DELTA_EXPERT": "history", "DELTA_VERSION": "delta_model_2026-11-22",
    }  # fmt: skip
    assert [session.id for session in store.sessions()] == [shell.session]


def test_a_drain_that_is_repeated_keeps_an_outcome_once(
    paths: Paths, spool: Path, fake_shell: Any, tmp_path: Path
) -> None:
    shell, other, store = fake_shell(spool), fake_shell(spool), Store.open(paths)
    for each in (shell, other):
        each.begin("git push", start=shell.clock)
        each.say("accepted", "git push", time=shell.clock)
        each.end()
    shutil.copytree(spool, tmp_path / "before")
    drain(store)
    assert len(outcomes(store)) == 2, "two shells at one microsecond are two"
    shutil.copytree(tmp_path / "before", spool, dirs_exist_ok=True)
    drain(store)
    assert len(outcomes(store)) == 2


@pytest.mark.parametrize(
    "settings", [{"exclude_directories": ["/private"]}, {"exclude_commands": ["ssh *"]}], ids=["place", "pattern"]
)
def test_nothing_of_what_is_excluded_stays_in_an_outcome(
    paths: Paths, spool: Path, fake_shell: Any, settings: dict[str, Any]
) -> None:
    shell, store = fake_shell(spool), Store.open(paths)
    configure(paths, **settings)
    shell.begin("ssh shop", directory="/private")
    shell.say("accepted", "ssh shop")
    shell.end()
    shell.begin("ls")
    shell.say("overridden", "make", after="ssh shop")
    shell.end()
    shell.begin("make")
    shell.say("overridden", "ssh shop" if "exclude_commands" in settings else "ls", after="ls")
    drain(store)
    assert ("overridden", "make", None) in outcomes(store)
    assert not [entry for entry in store.entries() if "ssh" in str(entry)]
    assert len(outcomes(store)) == (1 if "exclude_commands" in settings else 2)


def test_secrets_do_not_stay_in_an_outcome(paths: Paths, spool: Path, fake_shell: Any) -> None:
    shell, store = fake_shell(spool), Store.open(paths)
    password = "Tr" + "oub4dor"
    shell.run(password, 127)
    shell.begin("ls")
    shell.say("overridden", "make", after=password)
    shell.end()
    shell.begin("ls")
    shell.say("accepted", f"mysql -p{password} shop", after="ls")
    drain(store)
    assert password not in str(store.entries())
    assert outcomes(store) == [("overridden", "make", "<secret:password>")], "what held a secret says nothing any more"


def test_an_outcome_without_its_command_is_not_kept(paths: Paths, spool: Path, fake_shell: Any) -> None:
    shell, store = fake_shell(spool), Store.open(paths)
    shell.begin("ls")
    shell.end()
    drain(store)
    shell.say("accepted", "ls")
    drain(store)
    assert outcomes(store) == []
