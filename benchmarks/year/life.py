"""An invented person whose work changes twice a year, and with it what is typed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from delta_learn.entry import CommandEntry

DAY = 86_400.0
_WORDS = [
    "api",
    "billing",
    "cache",
    "client",
    "config",
    "core",
    "cron",
    "deploy",
    "docs",
    "export",
    "fetch",
    "form",
    "graph",
    "index",
    "ingest",
    "job",
    "layout",
    "login",
    "mail",
    "map",
    "menu",
    "model",
    "notes",
    "order",
    "parser",
    "plan",
    "query",
    "queue",
    "render",
    "report",
    "route",
    "schema",
    "search",
    "seed",
    "server",
    "session",
]


@dataclass(frozen=True, slots=True)
class Job:
    """What a person works with for a part of the year."""

    name: str
    directory: str
    ending: str
    """Of the files that are edited."""
    routines: tuple[tuple[float, tuple[str, ...]], ...]
    """(how often, commands in order); {name}, {number} and {branch} change from day to day."""


JOBS = (
    Job(
        "web application", "/home/p/src/shop", "py",
        (
            (5, ("vim shop/{name}.py", "pytest -q tests/test_{name}.py", "git diff", "git commit -am 'Mend {name}'")),
            (3, ("git switch main", "git pull --rebase", "git switch -c {branch}")),
            (2, ("python manage.py makemigrations {name}", "python manage.py migrate", "python manage.py runserver")),
            (2, ("git push -u origin {branch}", "gh pr create --fill")),
            (1, ("docker compose up -d db", "docker compose logs -f db")),
        ),
    ),
    Job(
        "operations", "/home/p/infra", "yaml",
        (
            (5, ("kubectl get pods -n {name}", "kubectl logs -n {name} deploy/{name} --tail 100", "k9s -n {name}")),
            (3, ("vim charts/{name}/values.yaml", "helm lint charts/{name}", "helm upgrade {name} charts/{name}")),
            (2, ("terraform plan -target module.{name}", "terraform apply -target module.{name}")),
            (2, ("ssh node{number}.example.net", "sudo journalctl -u {name} -n 200", "exit")),
            (2, ("git add -p", "git commit -m 'Raise {name}'", "git push")),
        ),
    ),
    Job(
        "compiler", "/home/p/src/lang", "rs",
        (
            (5, ("vim src/{name}.rs", "cargo check", "cargo test {name}", "git add src/{name}.rs", "git commit")),
            (3, ("cargo build --release", "./target/release/lang examples/{name}.l", "perf report")),
            (2, ("cargo bench --bench {name}", "hyperfine './target/release/lang examples/{name}.l'")),
            (2, ("git fetch origin", "git rebase origin/main", "cargo clippy --all-targets")),
            (1, ("rg -n {name} src", "cargo doc --open")),
        ),
    ),
)  # fmt: skip
_ALWAYS = ("ls", "git status", "cd ..", "cd -", "htop", "history | tail", "date", "df -h", "git log --oneline -5")


class Life:
    """The commands of each day, a pure function of (seed, day)."""

    def __init__(self, seed: int, start: float, changes: tuple[int, ...]) -> None:
        """`start`: the first midnight, seconds since the epoch; `changes`: days on which the next job begins."""
        self.seed = seed
        self.start = start
        self.changes = changes

    def job(self, day: int) -> Job:
        """That of a day."""
        return JOBS[sum(day >= change for change in self.changes) % len(JOBS)]

    def day(self, number: int) -> list[CommandEntry]:
        """The entries of a day, oldest first; few at weekends, none on a day off."""
        draw = random.Random(f"{self.seed}/{number}")
        share = 0.25 if number % 7 >= 5 else 1.0
        if draw.random() < 0.04:
            return []
        entries: list[CommandEntry] = []
        hour = self.start + number * DAY + 3600 * draw.uniform(8, 10)
        for shell in range(max(1, round(share * draw.randint(4, 8)))):
            entries += self._shell(number, f"d{number}s{shell}", hour, draw)
            hour = (entries[-1].timestamp or hour) + 60 * draw.uniform(10, 60)
        return entries

    def _shell(self, day: int, session: str, begin: float, draw: random.Random) -> list[CommandEntry]:
        job, now, entries = self.job(day), begin, []
        for sequence, command in enumerate(self._commands(job, day, draw)):
            now += draw.expovariate(1 / 40)
            failed = draw.random() < 0.06
            entries.append(
                CommandEntry(
                    command, job.directory, now, int(failed), draw.randint(10, 9000), session=session,
                    sequence=sequence, shell="zsh",
                )
            )  # fmt: skip
        return entries

    def _commands(self, job: Job, day: int, draw: random.Random) -> Iterator[str]:
        # A few names a week: what one works on lasts for days and then is done.
        week = random.Random(f"{self.seed}/{job.name}/{day // 5}").sample(_WORDS, 4)
        yield f"cd {job.directory}"
        for _ in range(draw.randint(1, 3)):
            (_, commands), name = draw.choices(job.routines, [often for often, _ in job.routines])[0], draw.choice(week)
            for command in commands:
                if draw.random() < 0.12:
                    yield draw.choice(_ALWAYS)
                if draw.random() < 0.9:
                    yield command.format(name=name, number=draw.randint(1, 6), branch=f"{name}-{day // 5}")
