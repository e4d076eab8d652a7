"""installation/hooks.py: the hook files and what the hooks read."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path

import pytest

import delta_learn
from delta_learn.config import VARIABLES
from delta_learn.errors import DeltaError
from delta_learn.installation import hooks
from delta_learn.installation.hooks import SHELLS, hook_file, hook_text, installed_shells, prepare_state
from delta_learn.installation.settings import change_setting, reset_setting
from delta_learn.paths import Paths


@pytest.mark.parametrize("shell", SHELLS)
def test_a_clone_has_its_hooks_beside_the_package(shell: str) -> None:
    path = hook_file(shell)
    assert path == Path(delta_learn.__file__).resolve().parent.parent / "shell" / f"delta.{shell}"
    assert "delta_learn" in path.read_text()


def test_an_installed_package_has_them_inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "site-packages" / "delta_learn"
    for place in (package, package.parent):  # a stranger's folder beside it is not asked
        (place / "shell").mkdir(parents=True)
        (place / "shell" / "delta.zsh").touch()
    monkeypatch.setattr(hooks, "_PACKAGE", package)
    assert hook_file("zsh") == package / "shell" / "delta.zsh"
    with pytest.raises(DeltaError, match="install delta-learn again"):
        hook_file("bash")


@pytest.mark.parametrize("shell", SHELLS)
def test_the_text_for_eval_holds_all_files(shell: str) -> None:
    file = hook_file(shell)
    text = hook_text(shell) if shell == "bash" else shlex.split(hook_text(shell))[-4]
    assert text.startswith("# ")
    beside = [each for each in file.parent.glob(f"*.{shell}") if each != file]
    assert beside
    for each in beside:
        assert each.read_text() in text, each.name
    missing = set(file.read_text().splitlines()) - set(text.splitlines())
    assert len(missing) == len(beside), "only the lines that read the others are not there"


def test_the_text_for_eval_is_read_under_the_options_of_zsh() -> None:
    before, quoted, after = hook_text("zsh").partition("'# delta_learn: ")
    assert quoted
    file = hook_file("zsh").read_text()
    for option in ("aliases", "err_exit", "xtrace"):  # as where the file is sourced
        assert f"'-o' 'no_{option}'" in before
        assert f"'-o' 'no_{option}'" in file
    assert after.endswith("'builtin' 'unset' '_delta_reading'\n")


def test_there_are_no_hooks_for_other_shells() -> None:
    with pytest.raises(DeltaError, match="zsh and bash"):
        hook_file("fish")


def test_shells_are_those_on_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert installed_shells() == []
    (tmp_path / "bash").touch(mode=0o755)
    assert installed_shells() == ["bash"]


def test_what_the_hooks_need_is_there_and_private(paths: Paths) -> None:
    prepare_state(paths)
    assert Path(paths.client.read_text().rstrip("\n")).name == "ask.py"
    assert Path(paths.client.read_text().rstrip("\n")).is_file()
    assert paths.python.read_text() == f"{sys.executable}\n"
    assert paths.variables.read_text() == " ".join(VARIABLES) + "\n"
    assert paths.spool.stat().st_mode & 0o777 == 0o700
    assert {p.stat().st_mode & 0o777 for p in (paths.python, paths.variables, paths.key)} == {0o600}
    before = paths.python.stat()
    prepare_state(paths)
    assert paths.python.stat() == before


def test_the_hooks_are_told_of_other_variables(paths: Paths) -> None:
    change_setting(paths, "collect.environment", '["A_B", "_c"]')
    assert not paths.variables.exists()  # not installed: nobody reads it
    prepare_state(paths)
    assert paths.variables.read_text() == "A_B _c\n"
    change_setting(paths, "collect.environment", "[]")
    assert paths.variables.read_text() == "\n"
    reset_setting(paths, "collect.environment")
    assert paths.variables.read_text() == " ".join(VARIABLES) + "\n"


def test_settings_are_written_whole_and_private(paths: Paths) -> None:
    change_setting(paths, "train.seed", "7")
    change_setting(paths, "collect.redact.ticket", "TCK-([0-9]+)")
    assert json.loads(paths.config.read_text()) == {
        "train": {"seed": 7},
        "collect": {"redact": {"ticket": "TCK-([0-9]+)"}},
    }
    assert paths.config.stat().st_mode & 0o777 == 0o600
    before = paths.config.read_bytes()
    for name, text in (("train.seed", "x"), ("collect.redact.ticket", "(")):
        with pytest.raises(DeltaError):
            change_setting(paths, name, text)
    assert paths.config.read_bytes() == before
    reset_setting(paths, "collect.redact.ticket")
    reset_setting(paths, "train.seed")
    assert json.loads(paths.config.read_text()) == {}


def test_a_link_to_the_settings_stays_one(paths: Paths, tmp_path: Path) -> None:
    (tmp_path / "dotfiles").mkdir()
    target = tmp_path / "dotfiles" / "delta.json"
    target.write_text("{}")
    paths.training.mkdir(parents=True)
    paths.config.symlink_to(target)
    change_setting(paths, "train.seed", "7")
    assert paths.config.is_symlink()
    assert json.loads(target.read_text()) == {"train": {"seed": 7}}
