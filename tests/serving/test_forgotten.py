"""A running server forgets: nothing of what is gone is suggested, by no source, from the next prompt on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from delta_learn.collector.forget import forget
from delta_learn.collector.store import Store
from delta_learn.entry import CommandEntry
from delta_learn.errors import StorageError
from delta_learn.predictor.neural import NeuralExpert
from delta_learn.serving import chores, prediction
from delta_learn.serving.prediction import open_predictor, present_context
from delta_learn.serving.protocol import Frame
from delta_learn.serving.service import Service
from delta_learn.tokenizer.tokenizer import Tokenizer
from tests.collector.conftest import FakeShell
from tests.predictor.conftest import MemoryModel
from tests.serving.conftest import work
from tests.serving.test_service import ask, finish_chores

pytestmark = pytest.mark.usefixtures("no_documentation")

SECRET = "ssh vault-host"
DRAIN = Frame("D", ("",))


@pytest.fixture
def model(store: Store, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of the deployed model, which knows SECRET by heart."""
    tokenizer = Tokenizer.train([SECRET, "ssh web1", "ping vault-host"] * 5, vocab_size=512)
    knows = MemoryModel(tokenizer, {SECRET: 5, "ping vault-host": 2, "ssh web1": 1})
    for module in (chores, prediction):
        monkeypatch.setattr(module, "deployed_expert", lambda *_: (NeuralExpert(knows, tokenizer), "delta_model_1"))
    path = store.paths.models / "delta_model_1.bin"
    path.write_bytes(b"a model")
    return path


@pytest.fixture
def service(store: Store, model: Path) -> Iterator[Service]:
    store.record(work(30))
    store.record(CommandEntry(SECRET, "/srv", 2e9 + n, 0, session="t", sequence=n) for n in range(3))
    service = Service(store)
    finish_chores(service)
    yield service
    service.close()


def suggested(service: Service, session: str = "s") -> list[str]:
    """What is said at a new prompt, and while the line is typed."""
    ask(service, session, "P", "/srv")
    finish_chores(service)
    found = ask(service, session, "P", "/srv")
    for line in ("s", "ssh", "ssh ", "ssh v", "ping ", "ssh vault-h"):
        found += ask(service, session, "Q", "/srv", line)
    return found


def test_the_model_that_knows_it_may_not_say_it_in_any_composition(service: Service, store: Store) -> None:
    assert {SECRET, "ping vault-host"} <= set(suggested(service))
    assert forget(store, pattern="vault", public={"ssh"}).entries == 3
    assert ask(service, "s", "P", "/srv") == [], "at the very next prompt"
    found = suggested(service)
    assert "ssh web1" in found, "the model is asked still"
    assert not [line for line in found if "vault" in line]


def test_a_server_that_starts_later_knows_it_too(service: Service, store: Store) -> None:
    forget(store, pattern="vault")
    later = Service(store)
    finish_chores(later)
    assert not [line for line in suggested(later) if "vault" in line]
    later.close()


def test_so_does_who_asks_without_a_server(service: Service, store: Store) -> None:
    def said() -> list[str]:
        context = present_context(store.entries(), None, None, here="/srv")
        return [each.command for each in open_predictor(store).suggest("ssh v", context, 8)]

    assert SECRET in said()
    forget(store, pattern="vault")
    assert SECRET not in said()


def test_when_the_older_models_are_gone_the_model_may_say_what_it_learned_elsewhere(
    service: Service, store: Store, model: Path
) -> None:
    forget(store, pattern="vault")
    assert SECRET not in suggested(service)
    model.rename(model.with_name("delta_model_2.bin"))
    store.paths.registry.write_text("{}")
    assert SECRET in suggested(service)


def test_what_is_typed_again_is_suggested_again_at_once(service: Service, store: Store) -> None:
    forget(store, pattern="vault")
    shell = FakeShell(store.paths.spool)
    suggested(service, shell.session)
    shell.run(SECRET)
    ask(service, shell.session, "P", "/srv")
    assert SECRET in ask(service, shell.session, "Q", "/srv", "ssh v")
    service.answer(shell.session, DRAIN)
    finish_chores(service)
    assert SECRET in suggested(service, shell.session)


def test_what_was_only_in_the_spool_is_forgotten_too(service: Service, store: Store, model: Path) -> None:
    """The server has learned it, and no shard has ever held it for longer than the forgetting took."""
    model.unlink()  # nothing is denied then
    shell = FakeShell(store.paths.spool)
    ask(service, shell.session, "P", "/srv")
    shell.run("deploy qwxyzzy")
    ask(service, shell.session, "P", "/srv")
    assert "deploy qwxyzzy" in ask(service, shell.session, "Q", "/srv", "dep")
    forget(store, pattern="qwxyzzy")
    ask(service, shell.session, "P", "/srv")
    finish_chores(service)
    ask(service, shell.session, "P", "/srv")
    assert not ask(service, shell.session, "Q", "/srv", "dep")


def test_a_drain_that_notices_it_first_leaves_no_old_answer(service: Service, store: Store) -> None:
    ask(service, "s", "P", "/srv")
    assert SECRET in ask(service, "s", "Q", "/srv", "ssh v")
    forget(store, pattern="vault")
    service.answer("s", DRAIN)
    finish_chores(service)
    assert SECRET not in ask(service, "s", "Q", "/srv", "ssh v"), "at the prompt where it had been suggested"
    told = service.answer("s", Frame("W", ("9", "s")))
    assert told is not None
    assert "vault" not in told.fields[1]


def test_a_list_that_cannot_be_read_silences_the_server(service: Service, store: Store) -> None:
    forget(store, pattern="vault")
    assert suggested(service)
    store.paths.forgotten.write_bytes(b"damaged")
    with pytest.raises(StorageError):
        ask(service, "s", "P", "/srv")
    finish_chores(service, now=0.0)
    assert ask(service, "s", "P", "/srv") == []
