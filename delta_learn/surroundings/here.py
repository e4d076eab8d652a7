"""Words from here: what the word that is being typed may be, by what the files around the prompt say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice

from delta_learn.surroundings import gitwords, pathwords
from delta_learn.surroundings.asked import Asked
from delta_learn.surroundings.commandline import Command, Word, spelled, typing
from delta_learn.surroundings.deadline import Deadline
from delta_learn.surroundings.files import Files, shared_files
from delta_learn.surroundings.git import branches, repository
from delta_learn.surroundings.hosts import ssh_hosts
from delta_learn.surroundings.pathwords import any_name, directories_only, executables, with_suffix
from delta_learn.surroundings.projectfiles import compose_services, just_recipes, make_targets, package_scripts
from delta_learn.surroundings.shellquote import escaped, is_safe_to_show
from delta_learn.surroundings.wrappers import WRAPPERS, program

MOST = 30
"""Words in an answer: the predictor looks at each at every place of a line."""

_PROMPT_NAMES, _PROMPT_BRANCHES, _PROMPT_TARGETS = 20, 5, 5
"""Of an answer before anything is typed."""

_PASSED = {name: each for name, each in WRAPPERS.items() if name not in ("ssh", "chroot", "watch", "parallel")}
"""Behind these a program is completed as if it stood alone."""

_SSH_VALUED = WRAPPERS["ssh"].valued

Source = Callable[[Asked], Iterable[str]]


def words_here(line: str, directory: str, deadline: Deadline, files: Files | None = None) -> tuple[str, ...]:
    """At most 30 whole words that the word at the end of `line` may be, likeliest first, as the shell wants them.

    They begin with what is typed of the word, and are longer. Of an empty line: what arguments of the next command
    may be. Nothing for the name of a program, inside quotes, and where the files do not answer in time.

    Args:
        line: what is typed.
        directory: of the shell, an absolute path.
        deadline: the answer is empty when it is over; what was read later is there the next time.
        files: what looks at the file system; the one of this process by default.
    """
    if not directory.startswith("/"):
        return ()
    looking = files or shared_files()
    return looking.bounded(lambda: _words(line, directory, looking), (), deadline)


def _words(line: str, directory: str, files: Files) -> tuple[str, ...]:
    if not line.strip():
        return tuple(islice(_unique(_at_the_prompt(directory, files)), MOST))
    command, typed = typing(line)
    found = _source(command, typed, directory, files)
    return tuple(islice(_unique(word for word in found if word.startswith(typed.raw) and word != typed.raw), MOST))


def _unique(words: Iterable[str]) -> Iterator[str]:
    """Each word once, taken no sooner than it is wanted."""
    seen = set[str]()
    for word in words:
        if word not in seen:
            seen.add(word)
            yield word


def _at_the_prompt(directory: str, files: Files) -> Iterator[str]:
    asked = Asked((), spelled(""), directory, files)
    yield from islice(asked.paths(any_name), _PROMPT_NAMES)
    git = repository(directory, files)
    if git is not None:
        yield from _quoted(islice(branches(git, files, current=False), _PROMPT_BRANCHES))
    targets = chain(make_targets(directory, files), package_scripts(directory, files))
    yield from _quoted(islice(targets, _PROMPT_TARGETS))


def _source(command: Command, typed: Word, directory: str, files: Files) -> Iterable[str]:
    """Words for the word at the end of a command, not yet compared with what is typed."""
    if command.redirections and command.redirections[-1][1].raw == "":
        return Asked((), typed, directory, files).paths(any_name)
    found = program(command.words, _PASSED)
    if found is None:
        return Asked((), typed, directory, files).paths(executables) if "/" in typed.raw else ()
    asked = Asked(tuple(word.text for word in found.arguments), typed, directory, files)
    option, equals, _ = typed.raw.partition("=")
    if typed.raw.startswith("-"):
        return (f"{option}={word}" for word in asked.behind(option).paths(any_name)) if equals else ()
    source = _SOURCES.get(found.name)
    return source(asked) if source else asked.paths(any_name)


def _quoted(names: Iterable[str]) -> Iterator[str]:
    return (escaped(name) for name in names if is_safe_to_show(name))


def _names(wanted: pathwords.Wanted) -> Source:
    return lambda asked: asked.paths(wanted)


def _nothing(asked: Asked) -> Iterable[str]:
    """Programs whose arguments are no files; with a slash they may be."""
    return asked.paths(any_name) if "/" in asked.typed.raw else ()


def _first(*suffixes: str) -> Source:
    """Files that end so before all others."""
    return lambda asked: chain(asked.paths(with_suffix(*suffixes)), asked.paths(any_name))


def _git(asked: Asked) -> Iterable[str]:
    return chain.from_iterable(
        found.words if found.are_paths else _quoted(found.words) for found in gitwords.sources(asked)
    )


def _make(asked: Asked) -> Iterable[str]:
    if asked.last in ("-C", "--directory", "-f", "--file", "-I"):
        return asked.paths(any_name)
    place = asked.resolved(asked.value_of("-C") or ".")
    return _quoted(make_targets(place, asked.files)) if place else ()


def _just(asked: Asked) -> Iterable[str]:
    return _quoted(just_recipes(asked.directory, asked.files))


def _scripts(*runners: str, bare: bool = True) -> Source:
    """Scripts behind one of `runners`, and as the first argument where a bare one is enough."""

    def words(asked: Asked) -> Iterable[str]:
        operands = asked.operands
        if operands[:1] and operands[0] in runners:
            return _quoted(package_scripts(asked.directory, asked.files)) if len(operands) == 1 else ()
        return _quoted(package_scripts(asked.directory, asked.files)) if bare and not operands else _nothing(asked)

    return words


def _python(asked: Asked) -> Iterable[str]:
    if asked.last == "-m":
        return pathwords.python_modules(asked.typed.raw, asked.directory, asked.files)
    return asked.paths(any_name) if asked.operands else _first(".py")(asked)


def _hosts(asked: Asked) -> Iterable[str]:
    """Hosts to connect to; behind the first one stands a command."""
    if asked.operands_but(_SSH_VALUED):
        return ()
    user, at, _ = asked.typed.raw.rpartition("@")
    return (user + at + host for host in _quoted(ssh_hosts(asked.files)))


def _copies(asked: Asked) -> Iterable[str]:
    """Names here, and hosts to copy to."""
    user, at, _ = asked.typed.raw.rpartition("@")
    return chain(asked.paths(any_name), (f"{user}{at}{host}:" for host in _quoted(ssh_hosts(asked.files))))


def _compose(asked: Asked) -> Iterable[str]:
    if not asked.operands:
        return ()
    return _quoted(compose_services(asked.directory, asked.files))


def _docker(asked: Asked) -> Iterable[str]:
    if asked.operands[:1] == ("compose",):
        return _compose(Asked(asked.operands[1:], asked.typed, asked.directory, asked.files))
    return _nothing(asked)


def _for(names: str, source: Source) -> dict[str, Source]:
    return dict.fromkeys(names.split(), source)


_SOURCES: dict[str, Source] = {
    **_for("cd pushd rmdir mkdir tree", _names(directories_only)),
    **_for("source . bash sh zsh", _first(".sh", ".bash", ".zsh")),
    **_for("node deno ts-node tsx", _first(".js", ".mjs", ".ts")),
    **_for("ruby", _first(".rb")),
    **_for("perl", _first(".pl")),
    **_for("unzip", _first(".zip")),
    **_for("tar", _first(".tar", ".gz", ".tgz", ".xz", ".bz2", ".zst")),
    **_for("pytest", _first(".py")),
    **_for("python python3 ipython pypy pypy3", _python),
    **_for("git", _git),
    **_for("make gmake", _make),
    **_for("just", _just),
    **_for("npm", _scripts("run", "run-script", bare=False)),
    **_for("yarn pnpm bun", _scripts("run")),
    **_for("ssh mosh sftp ssh-copy-id ping traceroute", _hosts),
    **_for("scp rsync", _copies),
    **_for("docker podman", _docker),
    **_for("docker-compose podman-compose", _compose),
    **_for(
        "echo printf kill killall pkill pgrep man which type whereis whatis apropos export unset set alias unalias jobs"
        " fg bg history pip pip3 pipx uv apt apt-get dnf yum pacman brew cargo go gem curl wget dig nslookup host whois"
        " kubectl helm terraform aws gcloud az gh systemctl service journalctl tmux screen sleep date exit true false"
        " su id groups passwd useradd userdel ps top htop free uptime uname hostname yes seq nvm pyenv conda poetry",
        _nothing,
    ),
}
