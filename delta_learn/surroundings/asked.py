"""Asked: the word that is being typed, and what stands before it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from delta_learn.surroundings import pathwords
from delta_learn.surroundings.commandline import Word, spelled
from delta_learn.surroundings.files import Files


@dataclass(frozen=True, slots=True)
class Asked:
    """A word to be completed behind the arguments of a program."""

    arguments: tuple[str, ...]
    typed: Word
    directory: str
    files: Files

    @property
    def operands(self) -> tuple[str, ...]:
        """The arguments that are no options."""
        return tuple(argument for argument in self.arguments if not argument.startswith("-"))

    def operands_but(self, valued: Collection[str]) -> tuple[str, ...]:
        """The operands without values of the options `valued`."""
        before = ("", *self.arguments)
        pairs = zip(before, self.arguments, strict=False)
        return tuple(each for last, each in pairs if not each.startswith("-") and last not in valued)

    @property
    def last(self) -> str:
        """The argument before the word."""
        return self.arguments[-1] if self.arguments else ""

    def value_of(self, option: str) -> str:
        """The argument behind `option`, if it is there."""
        places = [place for place, argument in enumerate(self.arguments[:-1]) if argument == option]
        return self.arguments[places[-1] + 1] if places else ""

    def behind(self, option: str) -> Asked:
        """The same for the value of `--option=value`."""
        return replace(self, typed=spelled(self.typed.raw[len(option) + 1 :]))

    def resolved(self, path: str) -> str | None:
        """The directory that an argument names."""
        return pathwords.resolved(spelled(path), self.directory)

    def paths(self, wanted: pathwords.Wanted) -> Iterator[str]:
        """Paths that begin as it is typed."""
        return pathwords.paths(self.typed, self.directory, self.files, wanted)
