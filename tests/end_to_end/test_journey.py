"""The main job as a person does it: import, train, gate, predict; and what can go wrong on the way."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import delta_learn
from delta_learn.collector.sample.generator import sample_entries

pytestmark = pytest.mark.slow

PACKAGE = Path(delta_learn.__file__).parent
ENTRIES = 900
SETTINGS = {"train": {"max_epochs": 1, "min_entries": 600}}
SECRET = "Zk9" + "wLq7TmBx2Rv"


@pytest.fixture(scope="module")
def person(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A person with a history of 900 commands who has imported it and trained."""
    root = tmp_path_factory.mktemp("person")
    lines = [f": {int(e.timestamp or 0)}:0;{zsh(e.command)}" for e in sample_entries(ENTRIES, seed=7)]
    lines.insert(500, f": 1700000000:0;export DEPLOY_PASSWORD={SECRET}")
    (root / ".zsh_history").write_text("\n".join(lines) + "\n", encoding="utf-8", errors="surrogateescape")
    os.umask(0o077)
    (root / "home" / "training").mkdir(parents=True)
    (root / "home" / "training" / "config.json").write_text(json.dumps(SETTINGS))
    yield root


def zsh(command: str) -> str:
    return command.replace("\n", "\\\n")


def delta(root: Path, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(root),
        "DELTA_HOME": str(root / "home"),
        "DELTA_STATE_HOME": str(root / "state"),
        "TMPDIR": str(root),
    }
    command = [sys.executable, "-c", "from delta_learn.cli.app import main; main()", *arguments]
    return subprocess.run(command, env=environment, input=stdin, capture_output=True, text=True, check=False)


def told(done: subprocess.CompletedProcess[str]) -> str:
    """The one sentence on stderr of a command that failed."""
    assert done.returncode == 1, done
    (line,) = done.stderr.splitlines()
    assert "Traceback" not in line
    return line


def test_1_import_finds_the_history_and_counts(person: Path) -> None:
    done = delta(person, "import", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["dataset_size"] == ENTRIES + 1
    assert report["imports"][0]["new"] == ENTRIES + 1
    assert sum(report["imports"][0]["redacted"].values()) >= 1


def test_2_importing_again_adds_nothing(person: Path) -> None:
    report = json.loads(delta(person, "import", "--json").stdout)
    assert report["imports"][0]["new"] == 0
    assert report["dataset_size"] == ENTRIES + 1


def test_3_a_dry_run_changes_nothing(person: Path) -> None:
    before = sorted(p for p in (person / "home").rglob("*"))
    done = delta(person, "train", "--dry-run")
    assert done.returncode == 0
    assert "entries" in done.stdout
    assert sorted(p for p in (person / "home").rglob("*")) == before


def test_4_training_ends_with_a_decision_and_its_reasons(person: Path) -> None:
    done = delta(person, "train")
    assert done.returncode == 0, done.stderr
    assert "autosuggest" in done.stdout
    assert re.search(r"^Gate: (passed|not passed)\.$", done.stdout, re.MULTILINE)
    listed = json.loads(delta(person, "models", "list", "--json").stdout)
    assert len(listed) == 1
    assert listed[0]["deployed"] is listed[0]["gate"]["deploy"]
    assert json.loads(delta(person, "models", "verify", "--json").stdout) == {listed[0]["version"]: "ok"}


def test_5_predictions_begin_with_what_was_typed(person: Path) -> None:
    version = json.loads(delta(person, "models", "list", "--json").stdout)[0]["version"]
    assert delta(person, "models", "deploy", version).returncode == 0
    for prefix in ("", "git "):
        done = delta(person, "predict", "--prefix", prefix, "-k", "3", "--json")
        assert done.returncode == 0, done.stderr
        suggestions = json.loads(done.stdout)["suggestions"]
        assert suggestions
        assert all(s["command"].startswith(prefix) and 0 <= s["probability"] <= 1 for s in suggestions)
    assert delta(person, "models", "rollback").returncode == 0
    assert json.loads(delta(person, "status", "--json").stdout)["model_version"] is None


def test_6_no_word_of_the_history_is_in_any_file(person: Path) -> None:
    rng = random.Random(3)
    commands = rng.sample([e.command for e in sample_entries(ENTRIES, seed=7)], 200)
    words = {word for command in commands for word in re.findall(r"[^\s'\"]{6,}", command)} | {SECRET}
    # Words that the program itself uses may stand in its log; those of the sample's tables may not.
    own = "".join(path.read_text() for path in PACKAGE.rglob("*.py") if path.parent.name != "sample")
    needles = [word.encode(errors="surrogateescape") for word in words if word not in own]
    assert len(needles) > 70
    files = [p for p in person.rglob("*") if p.is_file() and p.name != ".zsh_history"]
    assert len(files) > 10
    for path in files:
        data = path.read_bytes()
        assert not [needle for needle in needles if needle in data], path


def test_6_every_file_is_private(person: Path) -> None:
    for root in (person / "home", person / "state"):
        for path in (root, *root.rglob("*")):
            mode = path.lstat().st_mode & 0o777
            assert path.is_symlink() or mode == (0o700 if path.is_dir() else 0o600), path


def test_7_damage_is_said_with_the_name_of_the_file(person: Path) -> None:
    shard = min((person / "home" / "training" / "raw").glob("*.bin"))
    whole = shard.read_bytes()
    shard.write_bytes(whole[:-3] + bytes([whole[-3] ^ 4]) + whole[-2:])
    assert shard.name in told(delta(person, "status"))
    shard.write_bytes(whole)
    key = person / "state" / "key"
    right = key.read_bytes()
    key.write_bytes(bytes(32))
    assert "another key" in told(delta(person, "status"))
    key.write_bytes(right)
    assert delta(person, "status").returncode == 0


def test_8_a_home_that_others_may_write_is_refused(person: Path) -> None:
    directory = person / "home" / "training"
    directory.chmod(0o777)
    assert "training" in told(delta(person, "status"))
    directory.chmod(0o700)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["import", "/no/such/file"], "/no/such/file"),
        (["import", "/dev/null"], "/dev/null"),
        (["models", "deploy", "m"], "no model 'm'"),
        (["models", "rollback"], "no earlier deployment"),
        (["replay", "/no/such/file"], "/no/such/file"),
    ],
)
def test_wrong_input_gets_one_sentence(tmp_path: Path, arguments: list[str], sentence: str) -> None:
    assert sentence in told(delta(tmp_path, *arguments))


def test_no_history_at_all(tmp_path: Path) -> None:
    assert "delta-learn import FILE" in told(delta(tmp_path, "import"))
    assert delta(tmp_path, "predict").returncode == 0
    done = delta(tmp_path, "train")
    assert done.returncode == 0
    assert "Nothing was trained" in done.stdout


def test_unknown_options_are_usage_errors(tmp_path: Path) -> None:
    assert delta(tmp_path, "predict", "--no-such-option").returncode == 2
    assert delta(tmp_path, "nonsense").returncode == 2


def test_redact_prints_spans(tmp_path: Path) -> None:
    command = f"mysql --password={SECRET} shop"
    done = delta(tmp_path, "redact", "--json", stdin=command + "\nls -l\n")
    first, second = (json.loads(line) for line in done.stdout.splitlines())
    (span,) = first["spans"]
    assert command[span["start"] : span["end"]] == SECRET
    assert first["redacted"] == f"mysql --password=<secret:{span['kind']}> shop"
    assert second == {"command": "ls -l", "redacted": "ls -l", "spans": []}


def test_replay_of_a_file_touches_nothing(tmp_path: Path) -> None:
    history = tmp_path / "h.jsonl"
    lines = [json.dumps({"command": e.command}) for e in sample_entries(300, seed=2)]
    history.write_text("\n".join(lines))
    done = delta(tmp_path, "replay", str(history), "--methods", "delta,autosuggest", "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert set(result["methods"]) == {"delta", "autosuggest"}
    assert result["methods"]["delta"]["n"] == 225
    assert not (tmp_path / "home").exists()
    assert not (tmp_path / "state").exists()
    assert "autosuggst" in told(delta(tmp_path, "replay", str(history), "--methods", "autosuggst"))
