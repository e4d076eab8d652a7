"""report/page.py: what stands on the page, and what never does."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from delta_learn.collector.normalize import visible
from delta_learn.collector.store import Store
from delta_learn.entry import CommandEntry
from delta_learn.paths import Paths
from delta_learn.registry import Registry
from delta_learn.report.facts import read_facts
from delta_learn.report.page import page

Render = Callable[[], bytes]
Reading = Callable[[bytes], Any]

KNOWN_TAGS = set(
    re.findall(
        r"\w+",
        """html head meta title style body main header footer section h1 h2 p dl div dt dd code ol li span figure
        figcaption b svg g path text use defs clippath rect details summary table thead tbody tr th td""",
    )
)
OURS = {"delta-learn train", "delta-learn import", "delta-learn install", "delta-learn resume"}
HOSTILE = [
    "<script>alert(1)</script>",
    "</code></style></title><img src=x onerror=alert(1)>",
    "echo \"'><svg/onload=alert(1)>",
    "printf '\x1b]0;title\x07\r\x00'",
    "echo caf\udce9 \udcf0\udc9f",
    "echo \u202egnp.exe\u200b\u2028",
    "echo $x_1$ \\alpha &lt;b&gt; &#60;",
    "cat <<E\n<b>two lines</b>\nE",
    "]]><!--" + "A" * 5_000,
]


def test_the_figures_stand_on_the_page(filled: Store, render: Render, paths: Paths, reading: Reading) -> None:
    facts, read = read_facts(paths), reading(render())
    assert facts.growth is not None
    assert facts.savings is not None
    total = facts.savings.total
    texts = " ".join(read.text())
    for number in (facts.status.dataset_size, total.saved, total.shown, total.taken, total.whole, total.part):
        assert re.search(rf"(?<![\d,.]){number:,}(?![\d,]|\.\d)", texts), number
    habit = facts.habits[0]
    assert f"{habit.times} of {habit.of} times" in texts
    assert "delta_model_0 predicts now" in texts
    assert "Reason 1." in read.text("div")
    assert {"Atuin", "+16.0", "+13.0 to +19.0", "68.0%"} <= set(read.text("td"))
    assert {str(n) for n in facts.growth.recorded} <= set(read.text("td"))


def test_every_command_on_the_page_is_one_that_is_kept(filled: Store, render: Render, reading: Reading) -> None:
    kept = {visible(entry.command) for entry in filled.entries()}
    codes = set(reading(render()).text("code")) - OURS
    assert len(codes) > 5
    assert codes <= kept


def test_hostile_commands_are_text(paths: Paths, render: Render, reading: Reading) -> None:
    store = Store.open(paths)
    lines = [line for hostile in HOSTILE for line in (hostile, "true")] * 9
    store.add(
        [CommandEntry(line, timestamp=1e9 + n, session="s", sequence=n) for n, line in enumerate(lines)]
    )  # fmt: skip
    content = render()
    read = reading(content)
    assert set(read.tags) <= KNOWN_TAGS
    assert not [name for _, name, _ in read.attributes if name.startswith("on") or name in ("src", "style", "action")]
    shown = set(read.text("code"))
    for line in HOSTILE:
        cut = line if len(line) <= 160 else line[:160] + "\u2026"
        assert visible(cut) in shown
    assert b"<script" not in content
    assert not [c for c in content.decode() if not c.isprintable() and c != "\n"]


def test_nothing_is_fetched_run_or_sent(filled: Store, render: Render, reading: Reading) -> None:
    content = render()
    read = reading(content)
    assert not {"script", "link", "iframe", "img", "object", "embed", "form", "base"} & set(read.tags)
    for tag, name, value in read.attributes:
        assert "//" not in value, (tag, name)
        assert name not in ("src", "style", "srcset", "action")
        assert not name.startswith("on")
        if name in ("href", "xlink:href"):
            assert value.startswith("#")
    (style,) = read.text("style")
    assert not re.search(r"@import|url\(|http|expression", style)


def test_the_policy_lets_this_style_sheet_in_and_nothing_else(render: Render, reading: Reading) -> None:
    read = reading(render())
    (style,) = read.text("style")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    (policy,) = [value for tag, name, value in read.attributes if (tag, name) == ("meta", "content") and "src" in value]
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def test_who_cannot_see_is_told_what_is_drawn(filled: Store, render: Render, reading: Reading) -> None:
    read = reading(render())
    figures = [name for tag, name, _ in read.attributes if tag == "svg" and name in ("role", "aria-hidden")]
    labels = [value for tag, name, value in read.attributes if (tag, name) == ("svg", "aria-label")]
    assert figures.count("role") == len(labels) == 8
    assert all(len(label) > 40 for label in labels)
    assert figures.count("role") + figures.count("aria-hidden") == read.tags.count("svg")
    assert read.tags.count("h1") == 1
    assert read.tags.count("section") == read.tags.count("h2") >= 7
    ids = [value for _, name, value in read.attributes if name == "id"]
    assert len(ids) == len(set(ids))


def test_empty_stores_give_sentences_and_no_plots(render: Render, reading: Reading) -> None:
    read = reading(render())
    texts = " ".join(read.text("p"))
    assert "svg" not in read.tags
    assert "No command is kept yet" in texts
    assert "No suggestion was shown at a prompt yet" in texts
    assert "No model was trained yet" in texts
    assert "No secret was found" in texts
    assert OURS - {"delta-learn resume"} == set(read.text("code"))


def test_commands_without_times_are_said_to_have_none(paths: Paths, render: Render, reading: Reading) -> None:
    Store.open(paths).add([CommandEntry("ls")])
    assert "none has a time" in " ".join(reading(render()).text("p"))


def test_a_model_without_figures_is_listed_without_them(filled: Store, paths: Paths, render: Render) -> None:
    registry = Registry(paths, filled.keyring)
    registry.models = [replace(record, gate={"deploy": False}) for record in registry.models]
    paths.registry.write_text(
        json.dumps({"deployed": None, "history": [], "models": [vars_of(m) for m in registry.models]})
    )
    content = render().decode()
    assert "Of delta_model_1 no comparison is kept" in content
    assert "models-wide" not in content
    assert "None is deployed" in content


def vars_of(record: Any) -> dict[str, Any]:
    return {name: getattr(record, name) for name in ("version", "created", "lineage", "gate")}


def test_the_same_facts_give_the_same_bytes(paths: Paths) -> None:
    Store.open(paths).add([CommandEntry("ls", timestamp=1e9)])
    facts = read_facts(paths, 1_767_225_600.0)
    assert page(facts) == page(facts)


def test_what_was_redacted_is_nowhere_and_neither_are_places(paths: Paths, render: Render, reading: Reading) -> None:
    hidden = [secrets.token_urlsafe(18).lstrip("-") for _ in range(4)]
    place, variable = f"/srv/{secrets.token_hex(8)}", secrets.token_hex(8)
    lines = [
        f"curl -u ann:{hidden[0]} https://example.org/api",
        f"mysql -uroot -p{hidden[1]} shop",
        f"export API_TOKEN={hidden[2]}",
        f"sshpass -p {hidden[3]} ssh ann@example.org",
    ]
    store = Store.open(paths)
    store.add(
        CommandEntry(line, place, 1e9 + n, environment={"VIRTUAL_ENV": variable}, session="s", sequence=n)
        for n, line in enumerate(lines * 9)
    )
    content = render()
    read = reading(content)
    assert "sshpass -p <secret:password> ssh ann@example.org" in read.text("code")
    assert "36" in read.text("dd")
    for text in (*hidden, place, variable, str(paths.state)):
        assert text.encode() not in content
    kinds = store.redactions()
    assert sum(kinds.values()) == 36
    assert {(kind, str(n)) for kind, n in kinds.items()} <= set(pairwise(read.text("td")))


@pytest.mark.parametrize("n", [1, 2, 40, 800])
def test_any_length_of_time_can_be_drawn(n: int, paths: Paths, render: Render, reading: Reading) -> None:
    Store.open(paths).add([CommandEntry(f"ls {day}", timestamp=1e9 + day * 86_400) for day in range(n)])
    read = reading(render())
    assert f"{n:,}" in read.text("dd")
    assert sum(int(cell) for cell in read.text("td")[1::3] if cell.isdigit()) == n
