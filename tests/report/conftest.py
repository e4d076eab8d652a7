"""A store with a year in it, and a page as a parser reads it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser

import pytest

from delta_learn.collector.outcome import EVENTS, Outcome
from delta_learn.collector.sample.generator import sample_entries
from delta_learn.collector.store import Store
from delta_learn.entry import CommandEntry
from delta_learn.paths import Paths
from delta_learn.registry import ModelFile, ModelRecord, Registry
from delta_learn.report.facts import read_facts
from delta_learn.report.page import page

NOW = 1_767_225_600.0
ENTRIES, RECORDED_FROM = 1_500, 900
GAIN = {"mean": 0.16, "low": 0.13, "high": 0.19}
REPLAY = {
    "figures": {"delta": {"ksr_word": 0.68}, "deployed": {"ksr_word": 0.67}, "atuin": {"ksr_word": 0.49}},
    "gains": {"deployed": {"ksr_word": {"mean": 0.01, "low": -0.02, "high": 0.04}}, "atuin": {"ksr_word": GAIN}},
}


@dataclass
class Reading(HTMLParser):
    """What a page holds; a tag that is not closed, or not open, is an error."""

    tags: list[str] = field(default_factory=list)
    attributes: list[tuple[str, str, str]] = field(default_factory=list)
    texts: list[tuple[str, str]] = field(default_factory=list)
    """(innermost tag, text)."""
    open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append((self.open[-1], data))

    def text(self, tag: str = "") -> list[str]:
        return [text for inside, text in self.texts if tag in ("", inside)]


def read(content: bytes) -> Reading:
    reading = Reading()
    reading.feed(content.decode())
    reading.close()
    assert reading.open == []
    return reading


@pytest.fixture
def reading() -> Callable[[bytes], Reading]:
    return read


@pytest.fixture
def render(paths: Paths) -> Callable[[], bytes]:
    """The page of this test's home."""
    return lambda: page(read_facts(paths, NOW))


def outcome(entry: CommandEntry, number: int) -> CommandEntry:
    assert entry.timestamp is not None
    event, saved = EVENTS[number % 4], number % 7 if number % 4 < 2 else 0
    made = Outcome(entry.sequence, entry.timestamp, event, "git pull", 0, saved, 0.5, "history", "")
    return made.to_entry(entry, None)


@pytest.fixture
def filled(paths: Paths) -> Store:
    """Commands imported and recorded, what became of suggestions, two models."""
    entries = sample_entries(ENTRIES)
    recorded = [replace(e, source="typed", session=f"zsh-{e.session}") for e in entries[RECORDED_FROM:]]
    store = Store.open(paths)
    store.add([*entries[:RECORDED_FROM], *recorded])
    store.record(outcome(entry, n) for n, entry in enumerate(recorded[::2]))
    registry = Registry(paths, store.keyring)
    for n, deploy in enumerate((True, False)):
        gate = {"deploy": deploy, "interval": GAIN, "reasons": [f"Reason {n}."], "replay": REPLAY}
        record = ModelRecord(f"delta_model_{n}", NOW + n, {"entries": 1000 + n}, gate)
        registry.save_model(record, ModelFile({}, b"", b""))
    registry.deploy("delta_model_0")
    return store
