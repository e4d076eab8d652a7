"""The invented person: habits as a small grammar over the tables, one command at a time."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

from delta_learn.collector.sample import tables
from delta_learn.collector.sample.tables import Project

Step = tuple[str, int, int]
"""(command, exit status, duration in ms)."""

_NOT_FOUND = 127
_TYPO = 0.015
_SELDOM = 0.05
_SECRET = 0.004
_NEW_WORD = 0.12


class Person:
    """Draws everything from one generator, so that a seed is a life."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._ticket = 100
        self._words = {project.name: rng.sample(tables.WORDS, 3) for project in tables.PROJECTS}
        self._branch = {project.name: "main" for project in tables.PROJECTS}
        self._release = {project.name: [0, 1, 0] for project in tables.PROJECTS}

    def choose_project(self, when: float) -> Project:
        """One of those that are worked on at `when`, from 0 to 1."""
        present = [p for p in tables.PROJECTS if p.active[0] <= when <= p.active[1]]
        return self._rng.choices(present, [p.weight for p in present])[0]

    def session(self, project: Project) -> Iterator[Step]:
        """One sitting: an opening, some rounds of work, sometimes an end."""
        yield from self._typed(f"cd {project.directory}")
        yield from self._typed(self._rng.choice(["git status", "git pull", "ls", "git log --oneline -n 5"]))
        for _ in range(self._rng.randint(1, 5)):
            round_ = self._rng.choices(
                [
                    self._edit_and_test,
                    self._commit,
                    self._branch_off,
                    self._serve,
                    self._look,
                    self._remote,
                    self._system,
                ],
                [8, 5, 1.2, 1.5, 3, 0.7, 0.5],
            )[0]
            yield from round_(project)
        if self._rng.random() < 0.2:
            yield from self._typed("exit")

    def _edit_and_test(self, project: Project) -> Iterator[Step]:
        file, test = self._file(project), self._rng.choices(project.tests, range(len(project.tests), 0, -1))[0]
        test = self._fill(test, project)
        for attempt in range(self._rng.randint(1, 4)):
            yield from self._typed(f"{project.editor} {file}")
            failed = self._rng.random() < 0.5 - 0.1 * attempt
            yield test, int(failed), self._rng.randint(900, 30_000)
            if not failed:
                break
        if self._rng.random() < 0.3:
            yield from self._typed(self._fill(self._rng.choice(project.builds), project))

    def _commit(self, project: Project) -> Iterator[Step]:
        yield from self._typed("git status")
        if self._rng.random() < 0.6:
            yield from self._typed("git diff")
        yield from self._typed(self._rng.choice(["git add -A", "git add -p", f"git add {self._file(project)}"]))
        yield from self._typed(f"git commit -m '{self._message(project)}'")
        if self._rng.random() < 0.7:
            branch = self._branch[project.name]
            yield from self._typed("git push" if branch == "main" else f"git push -u origin {branch}")
        if self._rng.random() < 0.06:
            yield from self._typed(f"git tag v{self._next_release(project)}")
            yield from self._typed("git push --tags")

    def _branch_off(self, project: Project) -> Iterator[Step]:
        if self._branch[project.name] != "main":
            yield from self._typed("git checkout main")
            yield from self._typed("git pull")
            yield from self._typed(f"git branch -d {self._branch[project.name]}")
            self._branch[project.name] = "main"
            return
        self._ticket += self._rng.randint(1, 4)
        branch = f"{project.name.upper()}-{self._ticket}-{self._word(project)}"
        self._branch[project.name] = branch
        yield from self._typed(f"git checkout -b {branch}")

    def _serve(self, project: Project) -> Iterator[Step]:
        for service in project.services[: self._rng.randint(1, len(project.services))]:
            yield from self._typed(self._fill(service, project))

    def _look(self, project: Project) -> Iterator[Step]:
        for _ in range(self._rng.randint(1, 3)):
            looks = project.looks
            yield from self._typed(self._fill(self._rng.choices(looks, range(len(looks), 0, -1))[0], project))
        if self._rng.random() < 0.1:
            name = self._word(project)
            yield from self._typed(f"mkdir {name}")
            yield from self._typed(f"cd {name}")
            yield from self._typed("cd ..")

    def _remote(self, project: Project) -> Iterator[Step]:
        yield from self._typed(f"ssh {self._rng.choice(tables.HOSTS)}")
        for command in self._rng.sample(tables.REMOTE[:-1], self._rng.randint(1, 3)):
            yield from self._typed(self._fill(command, project))
        yield from self._typed("exit")

    def _system(self, project: Project) -> Iterator[Step]:
        yield from self._typed(self._rng.choice(tables.EDITS_OF_SYSTEM))
        if self._rng.random() < 0.5:
            yield from self._typed(self._fill(self._rng.choice(tables.SELDOM), project))

    def _typed(self, command: str) -> Iterator[Step]:
        """The command; before it, now and then, a slip of the fingers or something seldom."""
        rng = self._rng
        tool, _, rest = command.partition(" ")
        if tool in tables.TYPOS and rng.random() < _TYPO:
            yield f"{rng.choice(tables.TYPOS[tool])} {rest}".strip(), _NOT_FOUND, rng.randint(2, 20)
        if rng.random() < _SELDOM:
            yield (
                self._fill(rng.choice(tables.SELDOM), tables.PROJECTS[0]),
                int(rng.random() < 0.1),
                rng.randint(5, 4000),
            )
        if rng.random() < _SECRET:
            yield self._fill(rng.choice(tables.SECRETS), tables.PROJECTS[0]), 0, rng.randint(5, 900)
        yield command, int(rng.random() < 0.03), rng.randint(3, 2500)

    def _file(self, project: Project) -> str:
        return self._fill(self._rng.choices(project.files, range(len(project.files), 0, -1))[0], project)

    def _word(self, project: Project) -> str:
        """Mostly what this project has been about lately, now and then something new."""
        lately = self._words[project.name]
        if self._rng.random() < _NEW_WORD:
            lately.append(self._rng.choice(tables.WORDS) + self._rng.choice(["", "", "s", "_v2", str(self._ticket)]))
        return self._rng.choice(lately[-4:])

    def _message(self, project: Project) -> str:
        return f"{self._rng.choice(tables.VERBS)} {self._fill(self._rng.choice(tables.OBJECTS), project)}"

    def _next_release(self, project: Project) -> str:
        version = self._release[project.name]
        level = self._rng.choices([2, 1, 0], [10, 3, 1])[0]
        version[level:] = [version[level] + 1] + [0] * (2 - level)
        return ".".join(map(str, version))

    def _fill(self, pattern: str, project: Project) -> str:
        """Put drawn names into the slots of a pattern; only the slots that are there are drawn."""
        slots: dict[str, Callable[[], str]] = {
            "file": lambda: self._file(project),
            "test_file": lambda: f"tests/test_{self._word(project)}.py",
            "word": lambda: self._word(project),
            "word2": lambda: self._word(project),
            "service": lambda: self._rng.choice(tables.SERVICES),
            "crate": lambda: self._rng.choice(tables.CRATES),
            "host": lambda: self._rng.choice(tables.HOSTS),
            "tool": lambda: self._rng.choice(tables.TOOLS),
            "number": lambda: str(self._rng.randint(1, 40)),
            "small": lambda: str(self._rng.randint(1, 9)),
            "year": lambda: str(self._rng.randint(2019, 2026)),
            "secret": lambda: "".join(self._rng.choices("abcdefghjkmnpqrstuvwxyz23456789", k=14)),
        }
        return pattern.format_map({name: draw() for name, draw in slots.items() if f"{{{name}}}" in pattern})
