"""Denied: what was forgotten, as keyed hashes: no older model may suggest it, no import may bring it back."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from delta_learn.collector.outcome import FEEDBACK
from delta_learn.collector.traces import phrases, words
from delta_learn.entry import CommandEntry
from delta_learn.errors import StorageError
from delta_learn.paths import LATEST_MODEL, Paths
from delta_learn.storage.atomic import remove_file
from delta_learn.storage.blockfile import BlockReader, BlockWriter
from delta_learn.storage.seal import Keyring

_LABEL = "forgotten"
_FORMAT = 1
_DIGEST_BYTES = 16
_MOST_REMEMBERED = 20_000
"""Lines and words that were asked about, so that each is looked up once and not at every key."""
_CLOCK_SECONDS = 2
"""By so much the hooks' time of a command and that in the shell's own history file may differ."""

Digest = Callable[[str, str], bytes]


@dataclass(slots=True)
class Denial:
    """What the models that there were at a forgetting must not suggest any more."""

    models: frozenset[str]
    lines: set[bytes] = field(default_factory=set)
    words: set[bytes] = field(default_factory=set)


class Denied:
    """The list of what was forgotten, which holds no text, only keyed hashes (`Keyring.digest`).

    Lines and words are denied as long as a model is there that is older than the forgetting, be it only to go back to,
    or until they are typed again. Which entries were forgotten is remembered for good, for imports.
    Whoever changes the list holds the store's lock.
    """

    def __init__(self, paths: Paths, keyring: Keyring) -> None:
        """An empty list."""
        self.denials: list[Denial] = []
        self._entries: set[bytes] = set()
        self._paths = paths
        self._keyring = keyring
        self._digests: dict[tuple[str, str], bytes] = {}
        self._hidden: dict[str, bool] = {}
        """Lines that were asked about."""

    @classmethod
    def load(cls, paths: Paths, keyring: Keyring) -> Denied:
        """The list as it stands, without what was denied to models that are gone.

        Raises:
            StorageError: it cannot be read or is damaged.
        """
        denied = cls(paths, keyring)
        path = paths.forgotten
        if not path.exists():
            return denied
        with BlockReader(path, kind="state", label=_LABEL, keyring=keyring) as reader:
            facts, *records = reader.records()
        if facts["format"] != _FORMAT:
            raise StorageError(f"{path} was written by a newer delta_learn: update it.")
        denied._entries = set(_cut(facts["entries"]))
        here = models_here(paths)
        denials = [Denial(frozenset(r["models"]), set(_cut(r["lines"])), set(_cut(r["words"]))) for r in records]
        denied.denials = [denial for denial in denials if denial.models & here]
        return denied

    def save(self) -> None:
        """Replace the list on disk; an empty one is no file.

        Raises:
            StorageError: it cannot be written.
        """
        path = self._paths.forgotten
        denials = [denial for denial in self.denials if denial.lines or denial.words]
        if not denials and not self._entries:
            if path.exists():
                remove_file(path)
            return
        with BlockWriter.create(path, kind="state", label=_LABEL, keyring=self._keyring) as writer:
            writer.write([{"format": _FORMAT, "entries": b"".join(sorted(self._entries))}])
            for each in denials:
                lines, parts = b"".join(sorted(each.lines)), b"".join(sorted(each.words))
                writer.write([{"models": sorted(each.models), "lines": lines, "words": parts}])

    def hides(self, line: str) -> bool:
        """Whether `line` must not be suggested: it is or holds a forgotten line, or a word that only those had."""
        if not self.denials:
            return False
        found = self._hidden.get(line)
        if found is None:
            lines, parts = self._traces(line)
            found = any(lines & denial.lines or parts & denial.words for denial in self.denials)
            if len(self._hidden) >= _MOST_REMEMBERED:
                self._hidden.clear()
            self._hidden[line] = found
        return found

    def deny(self, lines: Iterable[str], kept: Iterable[str], public: Container[str] = frozenset()) -> None:
        """Deny `lines` to the models of now, with the words that are in no line of `kept` and not `public`.

        A line that is kept elsewhere is the person's, and not denied.
        """
        models = models_here(self._paths)
        if not models:
            return  # nothing is there that could know them
        own = list(kept)
        own_phrases = {phrase for line in own for phrase in phrases(line)}
        gone = {line for line in lines if " ".join(line.split()) not in own_phrases}
        own_words = {word for line in own for word in words(line)}
        lost = {word for line in gone for word in words(line) if word not in own_words and word not in public}
        self._hidden.clear()
        denial = self._denial_for(models)
        denial.lines |= {self._digest("line", " ".join(line.split())) for line in gone}
        denial.words |= {self._digest("word", word) for word in lost}

    def remember(self, entries: Iterable[CommandEntry], kept: Container[str]) -> None:
        """Remember which `entries` were forgotten; `kept` are the lines of others."""
        for entry in entries:
            if entry.source in ("typed", "imported"):
                self._entries.update(self._digest(*name) for name in _names(entry, kept))

    def names(self, entry: CommandEntry) -> bool:
        """Whether `entry`, of a history, was forgotten before."""
        if not self._entries or not any(self._digest("text", line) in self._entries for line in _lines(entry)):
            return False
        return any(self._digest(*name) in self._entries for name in _asked(entry))

    def allow(self, entries: Iterable[CommandEntry]) -> bool:
        """What was typed again is the person's again; says whether anything was denied of it."""
        if not self.denials:
            return False
        self._hidden.clear()
        before = self._size()
        for entry in entries:
            if entry.source != FEEDBACK:
                lines, parts = self._traces(entry.command)
                for denial in self.denials:
                    denial.lines -= lines
                    denial.words -= parts
        return self._size() < before

    def readmit(self, entries: Iterable[CommandEntry]) -> bool:
        """`entries` are imported again on purpose; says whether any was forgotten."""
        before = len(self._entries)
        for entry in entries:
            self._entries.difference_update(self._digest(*name) for name in _asked(entry))
        return len(self._entries) < before

    def _traces(self, line: str) -> tuple[set[bytes], set[bytes]]:
        return {self._digest("line", phrase) for phrase in phrases(line)}, {
            self._digest("word", w) for w in words(line)
        }

    def _size(self) -> int:
        return sum(len(denial.lines) + len(denial.words) for denial in self.denials)

    def _denial_for(self, models: frozenset[str]) -> Denial:
        for denial in self.denials:
            if denial.models == models:
                return denial
        self.denials.append(Denial(models))
        return self.denials[-1]

    def _digest(self, kind: str, text: str) -> bytes:
        found = self._digests.get((kind, text))
        if found is None:
            data = text.encode("utf-8", "surrogatepass")
            found = self._keyring.digest(f"forgotten {kind}", data)[:_DIGEST_BYTES]
            if len(self._digests) >= _MOST_REMEMBERED:
                self._digests.clear()
            self._digests[kind, text] = found
        return found


class Unwanted(set[str]):
    """Lines that are never suggested; what is `denied` counts as one of them."""

    def __init__(self, never: Iterable[str], denied: Denied) -> None:
        super().__init__(never)
        self._denied = denied

    def allow(self, entry: CommandEntry) -> None:
        """`entry` was typed again: what was denied of it is the person's again."""
        self._denied.allow([entry])

    def __contains__(self, line: object) -> bool:
        return super().__contains__(line) or (isinstance(line, str) and self._denied.hides(line))


def models_here(paths: Paths) -> frozenset[str]:
    """The models that there are, deployed or not."""
    return frozenset(path.stem for path in paths.models.glob("*.bin") if path.name != LATEST_MODEL)


def _cut(data: bytes) -> Iterator[bytes]:
    return (data[start : start + _DIGEST_BYTES] for start in range(0, len(data), _DIGEST_BYTES))


def _lines(entry: CommandEntry) -> Sequence[str]:
    """A command as a history file may hold it: whole, or each of its lines by itself."""
    return list(dict.fromkeys([entry.command.strip(), *(line.strip() for line in entry.command.split("\n"))]))


def _names(entry: CommandEntry, kept: Container[str]) -> Iterator[tuple[str, str]]:
    """What names a forgotten entry in a history: how `merge.new_entries` would have known it."""
    for line in _lines(entry):
        yield "text", line
        # Without times only the text tells; one copy more of a line that is kept elsewhere says nothing.
        if entry.source == "typed" and line not in kept:
            yield "shell", f"{entry.shell}\0{line}"
    if entry.source == "imported" and entry.timestamp is None:
        yield "file", f"{entry.session}\0{entry.command}"
    elif entry.timestamp is not None:
        yield _at(entry, int(entry.timestamp))


def _asked(entry: CommandEntry) -> Iterator[tuple[str, str]]:
    """The names under which an entry of a history may have been forgotten."""
    if entry.timestamp is None:
        yield "file", f"{entry.session}\0{entry.command}"
        yield "shell", f"{entry.shell}\0{entry.command.strip()}"
        return
    yield _at(entry, int(entry.timestamp))
    for offset in range(-_CLOCK_SECONDS, _CLOCK_SECONDS + 1):
        yield "typed", f"{int(entry.timestamp) + offset}\0{entry.command.strip()}"


def _at(entry: CommandEntry, second: int) -> tuple[str, str]:
    return entry.source, f"{second}\0{entry.command.strip()}"
