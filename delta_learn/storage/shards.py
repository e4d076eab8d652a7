"""Shards: entries by day (appended) and token ids by month (rewritten whole), in block files."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import astuple, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from delta_learn.entry import CommandEntry, Redacted
from delta_learn.errors import StorageError
from delta_learn.storage.atomic import remove_file, storage_errors
from delta_learn.storage.blockfile import BlockReader, BlockWriter
from delta_learn.storage.seal import Keyring

RECORDS_PER_BLOCK = 4096
UNDATED = "0000-00"
"""The month of runs without a time."""

_WRITERS = 16
_RAW = re.compile(r"commands_(\d{4}-\d\d-\d\d)\.bin")
_TOKENS = re.compile(r"tokenized_(\d{4}-\d\d)\.bin")
_DAY, _MONTH = "%Y-%m-%d", "%Y-%m"
_YEAR_9999 = 253_370_764_800.0
_WESTERNMOST_HOURS, _EASTERNMOST_HOURS = 12, 14

Identity = tuple[str, int]
"""Session and sequence."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """What tells, without reading it, whether a shard has changed."""

    inode: int
    """Another one where the shard was rewritten."""
    size: int
    changed: int
    """Nanoseconds since the epoch."""


class RawShards:
    """`commands_YYYY-MM-DD.bin`: the entries that began on that local day, in the order of arrival.

    Whoever writes holds `lock.exclusive`. Every method raises StorageError (DamagedFileError, WrongKeyError,
    UnsafeFileError) where a file cannot be trusted.
    """

    def __init__(self, directory: Path, keyring: Keyring) -> None:
        self._directory = directory
        self._keyring = keyring

    def append(self, entries: Sequence[Redacted], fallback_time: float) -> None:
        """Add entries to the shards of their days; those without a usable time go to `fallback_time`'s.

        After an error some days may have their entries and others not, so a caller that tries again first
        drops what is there, by (session, sequence).
        """
        self.append_days(self._by_day(entries, fallback_time))

    def append_days(self, entries: Mapping[str, Sequence[Redacted]]) -> None:
        """Add entries to the shards of the given days; an entry of a known identity replaces the earlier one."""
        days = {day: [entry.to_record() for entry in added] for day, added in entries.items()}
        # An import of years is thousands of files: side by side, their fsyncs share the disk's own commits.
        with ThreadPoolExecutor(_WRITERS) as pool:
            for _ in pool.map(self._append_day, days.keys(), days.values()):
                pass

    def replace(self, day: str, entries: Sequence[Redacted]) -> None:
        """Rewrite one day, for forgetting; the old file is gone when this returns. No entries: no file."""
        path = self._path(day)
        if not entries:
            remove_file(path)
            return
        with BlockWriter.create(path, kind="raw", label=path.stem, keyring=self._keyring, immutable=False) as writer:
            _write_all(writer, [entry.to_record() for entry in entries])

    def days(self) -> list[str]:
        """The days that have a shard, `YYYY-MM-DD`, oldest first."""
        return _names(self._directory, _RAW)

    def stamps(self) -> dict[str, Stamp]:
        """The state of every day's shard, by day, oldest first."""
        found = {}
        for day in self.days():
            with storage_errors(self._path(day)), suppress(FileNotFoundError):
                info = self._path(day).stat()
                found[day] = Stamp(info.st_ino, info.st_size, info.st_mtime_ns)
        return found

    def read(self, day: str) -> list[CommandEntry]:
        """The entries of one day; a torn tail is left out.

        A command that was appended again, once it had ended, stands at the place of the first.
        """
        path = self._path(day)
        with BlockReader(path, kind="raw", keyring=self._keyring, label=path.stem) as reader:
            return [CommandEntry.from_record(record) for record in _merged(reader.records())]

    def find(self, days: Iterable[str], wanted: Container[Identity]) -> dict[Identity, tuple[str, CommandEntry]]:
        """Those of the wanted entries that lie in a shard of one of `days`, each with its day."""
        found: dict[Identity, tuple[str, CommandEntry]] = {}
        for day in sorted(set(days) & set(self.days())):
            path = self._path(day)
            with BlockReader(path, kind="raw", keyring=self._keyring, label=path.stem) as reader:
                for record in reader.records():
                    if (identity := _identity(record)) in wanted:
                        found[identity] = (day, CommandEntry.from_record(record))
        return found

    def read_all(self) -> Iterator[CommandEntry]:
        """The entries of all days, oldest day first."""
        for day in self.days():
            yield from self.read(day)

    def _append_day(self, day: str, records: Sequence[Any]) -> None:
        path = self._path(day)
        write = BlockWriter.append if path.exists() else partial(BlockWriter.create, immutable=False)
        with write(path, kind="raw", label=path.stem, keyring=self._keyring) as writer:
            _write_all(writer, records)

    def _path(self, day: str) -> Path:
        return self._directory / f"commands_{day}.bin"

    def _by_day(self, entries: Sequence[Redacted], fallback_time: float) -> dict[str, list[Redacted]]:
        days: dict[str, list[Redacted]] = {}
        for entry in entries:
            days.setdefault(day_of(entry.timestamp, fallback_time), []).append(entry)
        return days


def day_of(timestamp: float | None, fallback_time: float) -> str:
    """The local day whose shard an entry goes to; that of `fallback_time` if it has no usable time."""
    return _local(_DAY, timestamp) or time.strftime(_DAY, time.localtime(fallback_time))


def days_near(timestamp: float | None, fallback_time: float) -> set[str]:
    """The days to which `timestamp` belongs somewhere on earth: this machine may have been there."""
    if timestamp is None or not 0 <= timestamp < _YEAR_9999:
        timestamp = fallback_time
    hours = (-_WESTERNMOST_HOURS, 0, _EASTERNMOST_HOURS)
    return {time.strftime(_DAY, time.gmtime(timestamp + hour * 3600)) for hour in hours}


@dataclass(frozen=True, slots=True)
class TokenRun:
    """The tokens of one session, or of the part of it on one side of the split."""

    session: str
    timestamp: float | None
    """Start of its first entry, seconds since the epoch."""
    entries: int
    held_out: bool
    synthetic: bool
    ids: bytes
    """Token ids, little-endian uint16."""
    weights: bytes
    """As many little-endian float16: the loss weight of predicting that token; 0 = context only."""


class TokenShards:
    """`tokenized_YYYY-MM.bin`: the runs that began in that local month; immutable, all rewritten together."""

    def __init__(self, directory: Path, keyring: Keyring) -> None:
        self._directory = directory
        self._keyring = keyring

    def replace_all(self, runs: Iterable[TokenRun], tokenizer_version: str) -> None:
        """Write every month anew and remove the months that have no runs any more.

        Interrupted, it leaves shards that `read_all` refuses: call it again.

        Raises:
            StorageError: a file cannot be written.
        """
        months: dict[str, list[TokenRun]] = {}
        for run in runs:
            months.setdefault(_local(_MONTH, run.timestamp) or UNDATED, []).append(run)
        # Every shard names its siblings, so that old and new ones are never read together.
        meta = {
            "tokenizer": tokenizer_version,
            "generation": secrets.token_bytes(16),
            "months": sorted(months),
        }
        for month in self.months():
            if month not in months:
                remove_file(self._path(month))
        for month in sorted(months):
            self._write(month, meta, months[month])

    def months(self) -> list[str]:
        """The months that have a shard, `YYYY-MM`, oldest first; UNDATED before all."""
        return _names(self._directory, _TOKENS)

    def read_all(self, tokenizer_version: str) -> list[TokenRun]:
        """All runs: by month, and inside a month in the order in which they were given.

        Raises:
            StorageError: another tokenizer made them, they are not all from one `replace_all`, or a file
                cannot be trusted.
        """
        runs: list[TokenRun] = []
        months, first = self.months(), None
        for month in months:
            meta, part = self._read(month)
            first = first or meta
            if meta["tokenizer"] != tokenizer_version:
                raise self._outdated(f"were made by another tokenizer than {tokenizer_version}")
            if meta != first or meta["months"] != months:
                raise self._outdated("were not all written together")
            runs += part
        return runs

    def _read(self, month: str) -> tuple[dict[str, Any], list[TokenRun]]:
        path = self._path(month)
        with BlockReader(path, kind="tokens", keyring=self._keyring, label=path.stem) as reader:
            meta, *records = reader.records()
        return meta, [TokenRun(*record) for record in records]

    def _write(self, month: str, meta: dict[str, Any], runs: Sequence[TokenRun]) -> None:
        path = self._path(month)
        with BlockWriter.create(path, kind="tokens", label=path.stem, keyring=self._keyring) as writer:
            writer.write([meta])
            _write_all(writer, [astuple(run) for run in runs])

    def _outdated(self, what: str) -> StorageError:
        return StorageError(
            f"The token shards in {self._directory} {what}: run `delta-learn train --now` to write them anew."
        )

    def _path(self, month: str) -> Path:
        return self._directory / f"tokenized_{month}.bin"


def _write_all(writer: BlockWriter, records: Sequence[Any]) -> None:
    for start in range(0, len(records), RECORDS_PER_BLOCK):
        writer.write(list(records[start : start + RECORDS_PER_BLOCK]))


def _merged(records: Iterable[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    """Of records of one identity the last, at the place of the first; those without a session are all kept."""
    merged: dict[object, dict[str, Any]] = {}
    for record in records:
        merged[_identity(record) if "session" in record else len(merged)] = record
    return merged.values()


def _identity(record: Mapping[str, Any]) -> Identity:
    return record.get("session", ""), record.get("sequence", 0)


def _names(directory: Path, pattern: re.Pattern[str]) -> list[str]:
    matches = (pattern.fullmatch(path.name) for path in directory.glob("*.bin"))
    return sorted(match[1] for match in matches if match)


def _local(form: str, timestamp: float | None) -> str | None:
    # Imported histories hold anything: NaN, which compares false, and years of five digits.
    if timestamp is None or not 0 <= timestamp < _YEAR_9999:
        return None
    return time.strftime(form, time.localtime(timestamp))
