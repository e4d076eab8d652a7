"""Commands with made-up secrets, and commands that only look like it, from the templates in data/.

Templates are written from manual pages. Secrets are made up at run time, so that none stands in a file.
"""

from __future__ import annotations

import random
import re
import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

DATA = Path(__file__).parent / "data"
ALPHANUMERIC = string.ascii_letters + string.digits
HEX = "0123456789abcdef"
WORDS = ("dragon", "summer", "winter", "monkey", "shadow", "orange", "purple", "falcon", "coffee", "hunter", "thunder",
    "copper", "velvet", "garden", "rocket", "silver", "meadow", "pepper", "winner", "planet", "castle", "bridge",
    "marble", "lantern")  # fmt: skip
NAMES = ("billing", "parser", "search", "worker", "gateway", "inventory", "report", "frontend", "ledger", "mailer")
FILES = ("app.py", "notes.txt", "config.yaml", "data.csv", "main.go", "report.pdf", "schema.sql", "backup.tar.gz")
SLOT = re.compile(r"\{(q|bare|hex|alnum|b32|pin|seed|)\}")
PLACE = re.compile(r"\{(hex7|hex12|hex32|hex40|hex64|uuid|word|file|num|port|host|b64|id|branch)\}")
LINE_END = "⏎"


@dataclass(frozen=True, slots=True)
class Form:
    """A command and the secrets in it, none for a look-alike."""

    family: str
    command: str
    secrets: tuple[str, ...] = ()


def templates(name: str) -> Iterator[tuple[str, str]]:
    """Family and template of each line of a file in data/."""
    for line in (DATA / name).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("# "):
            family, _, template = line.partition("|")
            yield family, template.replace(LINE_END, "\n")


def secret_forms(seed: int) -> list[Form]:
    """Each template once, with secrets from `seed`."""
    rng = random.Random(seed)
    return [_filled(rng, family, template) for family, template in templates("secret_forms.txt")]


def benign_forms(seed: int, times: int = 4) -> list[Form]:
    """Each template so many times, each line once."""
    rng = random.Random(seed)
    forms = {
        PLACE.sub(lambda place: _place(rng, place[1]), template): family
        for _ in range(times)
        for family, template in templates("benign_forms.txt")
    }
    return [Form(family, command) for command, family in forms.items()]


def _filled(rng: random.Random, family: str, template: str) -> Form:
    makers: dict[str, Callable[[random.Random], str]] = {
        "": password, "q": quotable, "bare": mistyped, "hex": _hex, "alnum": _token, "b32": _base32, "pin": _pin,
        "seed": _phrase,
    }  # fmt: skip
    made: dict[str, str] = {}

    def fill(slot: re.Match[str]) -> str:
        return made.setdefault(slot[1], makers[slot[1]](rng))

    return Form(family, SLOT.sub(fill, template), tuple(made.values()) if made else ())


def password(rng: random.Random) -> str:
    """What people choose, without characters that the shell or a URL reads otherwise."""
    word, other = rng.sample(WORDS, 2)
    styles = (
        f"{word}{rng.randint(1, 999)}",
        f"{word.capitalize()}{rng.randint(1980, 2026)}",
        f"{word.capitalize()}{rng.randint(10, 99)}{rng.choice('!+.=%^')}",
        f"{word}-{other}{rng.randint(1, 99)}",
        f"{word}_{other}",
        word.replace("o", "0").replace("e", "3").replace("a", "4").capitalize() + str(rng.randint(1, 9)),
        _random(rng, ALPHANUMERIC, rng.choice((8, 10, 12, 16, 20))),
    )
    return rng.choice(styles)


def quotable(rng: random.Random) -> str:
    """A password for quotes: symbols, and sometimes a space."""
    word, other = rng.sample(WORDS, 2)
    styles = (
        f"{word.capitalize()}&{other}{rng.randint(1, 99)}",
        f"{word} {other} {rng.randint(10, 99)}",
        f"{word.capitalize()}#{rng.randint(100, 999)}*{rng.choice('()~;')}",
        f"{_random(rng, ALPHANUMERIC, 6)}@{_random(rng, ALPHANUMERIC, 4)}",
        password(rng),
    )
    return rng.choice(styles[2:] if rng.random() < 0.8 else styles)


def mistyped(rng: random.Random) -> str:
    """A password of the kind that nobody takes for a command."""
    word = rng.choice(WORDS)
    styles = (
        f"{word.capitalize()}{rng.randint(10, 2030)}{rng.choice('!@#%^*+?')}",
        f"{word.capitalize()}@{rng.randint(100, 9999)}",
        f"{word}#{rng.randint(10, 999)}{rng.choice(WORDS).capitalize()}",
        word[:2].capitalize() + str(rng.randint(1, 9)) + word[2:4] + str(rng.randint(1, 9)) + word[4:] + "!",
        f"{_random(rng, ALPHANUMERIC, 5)}7{_random(rng, string.ascii_letters, 2)}4q{rng.choice('!%^')}b1",
    )
    return rng.choice(styles)


def _hex(rng: random.Random) -> str:
    return _random(rng, HEX, rng.choice((32, 40, 64)))


def _token(rng: random.Random) -> str:
    return _random(rng, ALPHANUMERIC, rng.choice((32, 40, 43)))


def _base32(rng: random.Random) -> str:
    return _random(rng, string.ascii_uppercase + "234567", rng.choice((16, 32)))


def _pin(rng: random.Random) -> str:
    return _random(rng, string.digits, rng.choice((4, 6)))


def _phrase(rng: random.Random) -> str:
    return " ".join(rng.choices(WORDS, k=rng.choice((12, 24))))


def _random(rng: random.Random, alphabet: str, length: int) -> str:
    return "".join(rng.choices(alphabet, k=length))


def _place(rng: random.Random, name: str) -> str:
    if name.startswith("hex"):
        return _random(rng, HEX, int(name[3:]))
    plain = {
        "uuid": "-".join(_random(rng, HEX, length) for length in (8, 4, 4, 4, 12)),
        "word": rng.choice(NAMES),
        "file": f"{rng.choice(NAMES)}_{rng.choice(FILES)}",
        "num": str(rng.randint(10, 250)),
        "port": str(rng.randint(1024, 65535)),
        "host": rng.choice(("db1.example.com", "web-2.internal", "registry.example.org", "node7", "localhost")),
        "b64": _random(rng, ALPHANUMERIC, 44),
        "id": _random(rng, ALPHANUMERIC, 14),
        "branch": f"feature/PROJ-{rng.randint(1, 9999)}-{rng.choice(NAMES)}-token-refresh",
    }
    return plain[name]


def survives(form: Form, redacted: str) -> bool:
    """Whether a secret, or six characters of it that stand nowhere else in the command, are left."""
    for secret in form.secrets:
        around = form.command.replace(secret, "\n")
        pieces = [secret, *(secret[at : at + 6] for at in range(max(1, len(secret) - 5)))]
        if any(piece in redacted and piece not in around for piece in pieces if len(piece) > 3):
            return True
    return False
