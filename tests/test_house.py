"""Rules of the house: what is imported when, what is exported, what the documents promise."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import delta_learn

ROOT = Path(__file__).parent.parent
SOURCES = sorted((ROOT / "delta_learn").rglob("*.py"))


def modules_after(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "code",
    [
        "import delta_learn",
        "import delta_learn as dl; dl.redact('ls'); dl.CommandEntry('ls')",
        "import delta_learn.cli.app",
        "import delta_learn.collector.store",
    ],
)
def test_heavy_packages_wait_until_they_are_needed(code: str) -> None:
    assert not modules_after(code) & {"torch", "numpy", "onnxruntime", "sentencepiece", "rich"}


def test_predicting_without_a_model_never_imports_torch() -> None:
    assert "torch" not in modules_after("import delta_learn as dl; dl.Predictor().suggest('', dl.Context(), 1)")


@pytest.mark.parametrize("name", delta_learn.__all__)
def test_every_exported_name_is_there(name: str) -> None:
    assert getattr(delta_learn, name) is not None
    assert name in dir(delta_learn)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no_such_thing"):
        delta_learn.no_such_thing  # noqa: B018


def test_the_map_names_every_package() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text()
    for package in (ROOT / "delta_learn").iterdir():
        if (package / "__init__.py").exists():
            assert f"  {package.name}/" in text, package.name


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_files_stay_small(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 400


def test_readme_names_only_commands_that_exist() -> None:
    text = (ROOT / "README.md").read_text()
    used = set(re.findall(r"(?:^|`|\| )delta-learn ([a-z]+)", text, re.MULTILINE))
    done = subprocess.run(
        [sys.executable, "-c", "from delta_learn.cli.app import main; main()", "--help"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    known = set(re.findall(r"^  ([a-z]+) ", done.stdout, re.MULTILINE))
    assert len(used) >= 6
    assert used <= known


def test_readme_has_exactly_two_set_up_commands() -> None:
    block = re.search(r"## Set up\n\n```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert block is not None
    assert [line.split()[0] for line in block[1].splitlines()] == ["script/try", "script/test"]


def test_the_library_example_of_the_readme_runs() -> None:
    block = re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert block is not None
    done = subprocess.run([sys.executable, "-c", block[1]], capture_output=True, text=True, check=True)
    assert "git add -A" in done.stdout
    assert "API_TOKEN=<secret:" in done.stdout


@pytest.mark.parametrize("name", ["script/try", "script/test", ".ci/run"])
def test_scripts_parse_and_can_be_run(name: str) -> None:
    path = ROOT / name
    assert path.stat().st_mode & 0o111
    bash = shutil.which("bash")
    assert bash is not None
    subprocess.run([bash, "-n", str(path)], check=True)


def test_try_refuses_a_file_that_is_not_there() -> None:
    done = subprocess.run([str(ROOT / "script" / "try"), "/no/such/file"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "cannot be read" in done.stderr
