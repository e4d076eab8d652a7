"""installation/install.py: what install puts there, uninstall takes away, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from delta_learn.collector.pause import pause
from delta_learn.collector.store import Store
from delta_learn.entry import CommandEntry
from delta_learn.errors import DeltaError, UnsafeFileError
from delta_learn.installation.hooks import hook_file
from delta_learn.installation.install import has_data, install, uninstall
from delta_learn.installation.rcfile import MARK
from delta_learn.paths import Paths

BOTH = ("zsh", "bash")


def record(kind: str, *fields: object) -> bytes:
    """A record as shell/README.md has it."""
    return b"\x1e1" + kind.encode() + b"\0".join(str(field).encode() for field in fields) + b"\n"


def type_commands(paths: Paths, *commands: str) -> None:
    """What a shell that has ended leaves in the spool."""
    data = record("H", "zsh 5.9", 1, "host", "ann", "linux-gnu x86_64", "")
    for number, command in enumerate(commands):
        start = 1_790_000_000_000_000 + number * 1_000_000
        data += record("S", number, start, "", "/srv", "", command) + record("E", number, start, start + 5000, 0)
    (paths.spool / "zsh-1790000000000000-1-1.0").write_bytes(data + record("X", ""))


def tree(home: Path) -> dict[str, bytes]:
    files = [p for p in home.rglob("*") if p.is_file() and "tmpdir" not in p.parts]
    return {str(p.relative_to(home)): p.read_bytes() for p in files}


def test_both_start_files_get_the_line_once(paths: Paths, home: Path) -> None:
    (home / ".zshrc").write_text("zsh\n")
    done = install(paths, BOTH)
    assert done.changed == (home / ".zshrc", home / ".bashrc")
    for shell in BOTH:
        text = (home / f".{shell}rc").read_text()
        assert text.count(MARK) == 1
        assert str(hook_file(shell)) in text
    assert paths.spool.is_dir()
    before = tree(home)
    assert install(paths, BOTH).changed == ()
    assert tree(home) == before


def test_only_the_shells_that_are_here_are_asked(paths: Paths, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("delta_learn.installation.install.installed_shells", lambda: ["bash"])
    assert install(paths).rc_files == {"bash": home / ".bashrc"}
    assert not (home / ".zshrc").exists()
    monkeypatch.setattr("delta_learn.installation.install.installed_shells", list)
    with pytest.raises(DeltaError, match="Neither zsh nor bash"):
        install(paths)


def test_uninstall_gives_the_start_files_back(paths: Paths, home: Path) -> None:
    (home / ".zshrc").write_bytes(b"no end \xff")
    before = tree(home)
    install(paths, BOTH)
    done = uninstall(paths)
    assert done.rc_files == [home / ".zshrc", home / ".bashrc"]
    assert {name: data for name, data in tree(home).items() if not name.startswith("delta_")} == before
    for path in (paths.spool, paths.python, paths.variables, paths.paused, paths.drained):
        assert not path.exists(), path
    assert uninstall(paths).rc_files == []


def test_what_waits_is_drained_first(paths: Paths) -> None:
    install(paths, BOTH)
    pause(paths)
    type_commands(paths, "make", "make test")
    assert uninstall(paths).drained == 2
    assert [entry.command for entry in Store.open(paths).entries()] == ["make", "make test"]
    assert has_data(paths)
    assert not paths.paused.exists()


def test_uninstall_without_install_makes_nothing(paths: Paths, home: Path) -> None:
    before = sorted(home.rglob("*"))
    for purge in (False, True):
        uninstall(paths, purge=purge)
        assert sorted(home.rglob("*")) == before


def test_purge_leaves_nothing(paths: Paths, home: Path) -> None:
    before = sorted(home.rglob("*"))
    install(paths, BOTH)
    Store.open(paths).add([CommandEntry("ls", timestamp=1e9)])
    type_commands(paths, "make")
    paths.config.write_text("{}")
    for place in (paths.log, paths.checkpoints):
        place.mkdir()
        (place / "x").touch()
    for name in ("registry.json", "predictor.bin", "training.lock", "lock.holder", ".predictor.bin.tmp"):
        (paths.state / name).touch()
    uninstall(paths, purge=True)
    assert sorted(home.rglob("*")) == before


def test_purge_touches_only_what_is_ours(paths: Paths, home: Path) -> None:
    install(paths, BOTH)
    strange = [paths.home / "notes.txt", paths.training / "mine", paths.state / "keep"]
    for path in strange:
        path.write_text("mine")
    uninstall(paths, purge=True)
    assert all(path.read_text() == "mine" for path in strange)
    assert not has_data(paths)


def test_purge_follows_a_link_to_the_data_and_leaves_a_linked_file(paths: Paths, tmp_path: Path) -> None:
    elsewhere = tmp_path / "raw"
    elsewhere.mkdir()
    paths.training.mkdir(parents=True)
    paths.raw.symlink_to(elsewhere)
    (tmp_path / "config.json").write_text("{}")
    paths.config.symlink_to(tmp_path / "config.json")
    Store.open(paths).add([CommandEntry("ls", timestamp=1e9)])
    assert list(elsewhere.iterdir())
    uninstall(paths, purge=True)
    assert not elsewhere.exists()
    assert (tmp_path / "config.json").exists()
    assert not paths.training.exists()


def test_a_start_file_that_cannot_be_changed_is_named(paths: Paths, home: Path) -> None:
    (home / ".zshrc").mkdir()
    with pytest.raises(UnsafeFileError, match=r"\.zshrc is not a plain file"):
        install(paths, BOTH)
    with pytest.raises(DeltaError, match="zsh and bash"):
        install(paths, ("fish",))


@pytest.mark.parametrize(
    ("files", "deaf"),
    [
        ({}, None),
        ({".profile": "umask 22"}, ".profile"),
        ({".profile": ". ~/.bashrc"}, None),
        ({".bash_profile": "x", ".profile": ". ~/.bashrc"}, ".bash_profile"),
        ({".bash_login": ". $HOME/.bashrc", ".profile": "x"}, None),
    ],
)
def test_a_login_shell_that_never_reads_bashrc_is_noticed(
    paths: Paths, home: Path, files: dict[str, str], deaf: str | None
) -> None:
    for name, text in files.items():
        (home / name).write_text(text)
    assert install(paths, ("bash",)).login_file == (home / deaf if deaf else None)
    assert install(paths, ("zsh",)).login_file is None
