from __future__ import annotations

import json
from pathlib import Path

import pytest

from delta_learn.dataset.attribution import Origin, attribution, origins
from delta_learn.dataset.corpus import read_corpus


@pytest.fixture
def corpus_file(tmp_path: Path) -> Path:
    path = tmp_path / "docs.jsonl"
    pages = [("big/tool", "MIT", ["tool a", "tool b"]), ("small/tool", "CC-BY-4.0", ["other"])]
    path.write_text(
        "".join(
            json.dumps({"source": f"{name}:README.md", "license": licence, "kind": "doc", "cmds": commands}) + "\n"
            for name, licence, commands in pages
        )
    )
    return path


def test_repositories_are_counted_without_a_list(corpus_file: Path) -> None:
    assert origins(read_corpus([corpus_file]), [corpus_file]) == [
        Origin("big/tool", "MIT", 2),
        Origin("small/tool", "CC-BY-4.0", 1),
    ]
    assert attribution([corpus_file]) == ""


def test_commit_and_copyright_are_those_of_the_list(corpus_file: Path) -> None:
    header = "repository\tcommit\tlicence\tcommands\tfiles\tlicence_file\tcopyright\n"
    rows = 'big/tool\tabc\tMIT\t9\tdocs\tLICENSE\t"A" Inc 2020\nbig/tool\tdef\tBSD\t9\tdocs\tLICENSE\tB\n'
    corpus_file.with_name("SOURCES.tsv").write_text(header + rows)
    big, small = origins(read_corpus([corpus_file]), [corpus_file])
    assert (big.commit, big.copyright) == ("abc", '"A" Inc 2020')
    assert (small.commit, small.copyright) == ("", "")


def test_what_must_be_said_goes_with_the_model(corpus_file: Path) -> None:
    readme = corpus_file.with_name("README.md")
    readme.write_text("# Corpus\n\n## Attribution (keep)\n- tool, CC BY 4.0\n- more\n\n## What to know\n- else\n")
    assert attribution([corpus_file, corpus_file]) == "- tool, CC BY 4.0\n- more"
