"""Errors that reach a person: each message is one sentence that says what is wrong and what to do."""

from __future__ import annotations


class DeltaError(Exception):
    """Base of every error that delta_learn raises on purpose; its text is shown as it is."""


class ConfigError(DeltaError):
    """A setting in config.json or on the command line is unknown or has a value it cannot have."""


class HistoryError(DeltaError):
    """A history file cannot be read or is in no format that delta_learn knows."""


class StorageError(DeltaError):
    """A file of delta_learn cannot be read or written; the message names the file."""


class UnsafeFileError(StorageError):
    """A file belongs to another user or can be written by others (strict ownership and modes)."""


class WrongKeyError(StorageError):
    """A sealed file was made with another key than the one in the state directory."""


class DamagedFileError(StorageError):
    """A sealed file does not verify: flipped bits, a cut, or another file in its place."""


class LockHeldError(DeltaError):
    """Another delta-learn process holds the lock; the message says which."""


class NotEnoughDataError(DeltaError):
    """There are too few entries for what was asked."""


class MissingDependencyError(DeltaError):
    """An optional package is not installed; the message names the extra that brings it."""


class ModelError(DeltaError):
    """A model does not fit its configuration, its tokenizer or this version of delta_learn."""


class StoppedError(DeltaError):
    """A training was asked to end before it was done; the message says how it goes on."""


class LostWorkerError(DeltaError):
    """A process of a distributed training is gone or no longer answers; the message says where it goes on."""
