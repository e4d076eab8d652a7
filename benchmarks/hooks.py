"""What the hooks add to a command, in real interactive shells on terminals of their own.

Commands are typed in turn into the shell as it is, with an empty hook, with delta_learn, and with a hook running
`$(/bin/true)`: the least that a tool costs which starts a process. Sourcing is timed in the shells too.

Run: .venv/bin/python benchmarks/hooks.py [COMMANDS]
"""

from __future__ import annotations

import json
import os
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent
COMMANDS = 2000
PROMPT = b"@ready@"

EMPTY = {
    "zsh": "_h() { :; }; preexec_functions+=(_h); precmd_functions+=(_h)",
    "bash": "_h() { :; }; PS0='${_u[(_t=HISTCMD,0)]-}'; PROMPT_COMMAND=_h",
}
PROCESS = {
    "zsh": "_h() { local x=$(/bin/true); }; precmd_functions+=(_h)",
    "bash": "_h() { local x=$(/bin/true); }; PROMPT_COMMAND=_h",
}
PLAIN = {
    "zsh": "PS1=@ready@; unset zle_bracketed_paste; setopt no_prompt_sp no_prompt_cr; SAVEHIST=0",
    "bash": "PS1=@ready@; bind 'set enable-bracketed-paste off'; unset HISTFILE",
}


class Shell:
    """An interactive shell on a terminal of its own."""

    def __init__(self, name: str, setup: str, directory: Path) -> None:
        directory.mkdir(parents=True)
        state = directory / "state"
        (state / "spool").mkdir(parents=True, mode=0o700)
        (state / "python").write_text("/bin/true\n")
        (state / "variables").write_text(
            "VIRTUAL_ENV CONDA_DEFAULT_ENV NODE_ENV AWS_PROFILE KUBECONFIG DOCKER_CONTEXT\n"
        )
        startup = directory / (".zshrc" if name == "zsh" else "bashrc")
        startup.write_text(f"{PLAIN[name]}\n{setup}\n")
        environment = {"HOME": str(directory), "ZDOTDIR": str(directory), "PATH": os.environ["PATH"], "TERM": "dumb"}
        environment |= {"DELTA_STATE_HOME": str(state), "LANG": "C.UTF-8"}
        arguments = ["zsh", "-i"] if name == "zsh" else ["bash", "--noprofile", "--rcfile", str(startup), "-i"]
        self.pid, self.terminal = os.forkpty()
        if self.pid == 0:
            os.chdir(ROOT)
            os.execvpe(arguments[0], arguments, environment)
        self.state = state
        self._until_prompt()

    def run(self, line: str) -> float:
        """Milliseconds from Enter to the next prompt."""
        start = time.perf_counter()
        os.write(self.terminal, line.encode() + b"\n")
        self._until_prompt()
        return (time.perf_counter() - start) * 1000

    def close(self) -> None:
        """End the shell."""
        os.close(self.terminal)
        os.waitpid(self.pid, 0)

    def _until_prompt(self) -> None:
        seen = b""
        while not seen.endswith(PROMPT):
            seen = (seen + os.read(self.terminal, 65536))[-4096:]


@contextmanager
def shells(name: str, directory: Path) -> Iterator[dict[str, Shell]]:
    """The four variants of one shell."""
    setups = {
        "plain": "",
        "empty hook": EMPTY[name],
        "delta_learn": f". '{ROOT}/shell/delta.{name}'",
        "$(/bin/true)": PROCESS[name],
    }
    with ExitStack() as stack:
        opened = {}
        for number, (variant, setup) in enumerate(setups.items()):
            opened[variant] = Shell(name, setup, directory / f"{name}{number}")
            stack.callback(opened[variant].close)
        yield opened


def measure(opened: dict[str, Shell], commands: int) -> dict[str, list[float]]:
    """Milliseconds a command of each variant, typed in turn in random order."""
    times: dict[str, list[float]] = {variant: [] for variant in opened}
    order = list(opened)
    for number in range(commands):
        random.shuffle(order)
        for variant in order:
            times[variant].append(opened[variant].run(f": {number}"))
    return {variant: values[commands // 20 :] for variant, values in times.items()}  # without the warm-up


def sourcing(name: str, directory: Path) -> float:
    """Milliseconds that sourcing takes, by the shell's own clock; the median of 30 new shells."""
    times = []
    for number in range(30):
        out = directory / f"source{name}{number}"
        load = "zmodload zsh/datetime; " if name == "zsh" else ""
        setup = f"{load}_a=$EPOCHREALTIME; . '{ROOT}/shell/delta.{name}'; echo $_a $EPOCHREALTIME > '{out}'"
        Shell(name, setup, directory / f"{name}s{number}").close()
        start, end = map(float, out.read_text().split())
        times.append((end - start) * 1000)
    return statistics.median(times)


def quantile(values: list[float], q: float) -> float:
    """The value below which a share of `q` lies."""
    return sorted(values)[min(len(values) - 1, int(q * len(values)))]


def main() -> None:
    """Measure interleaved, print a table, write JSON."""
    commands = int(sys.argv[1]) if len(sys.argv) > 1 else COMMANDS
    report = {}
    for name in ("zsh", "bash"):
        if not shutil.which(name):
            print(f"{name} is not installed")
            continue
        with tempfile.TemporaryDirectory() as scratch:
            with shells(name, Path(scratch)) as opened:
                times = measure(opened, commands)
            loaded = sourcing(name, Path(scratch))
        report[name] = show(name, times, loaded)
    results = Path(__file__).parent / "results"
    results.mkdir(exist_ok=True)
    (results / "hooks.json").write_text(json.dumps(report, indent=1))


def show(name: str, times: dict[str, list[float]], loaded: float) -> dict[str, object]:
    """Print one shell's table; returns its figures in ms."""
    empty = {q: quantile(times["empty hook"], q) for q in (0.5, 0.99)}
    print(f"{name}: ms a command, {len(times['plain'])} commands each; sourcing {loaded:.2f} ms")
    print(f"{'':16}{'median':>10}{'p99':>10}{'above the empty hook':>24}{'p99':>10}{'ratio':>8}")
    rows = {}
    for variant, values in times.items():
        median, high = quantile(values, 0.5), quantile(values, 0.99)
        print(f"{variant:16}{median:10.3f}{high:10.3f}{median - empty[0.5]:24.3f}{high - empty[0.99]:10.3f}", end="")
        print(f"{median / empty[0.5]:8.2f}")
        rows[variant] = {"median": median, "p99": high, "above_empty": median - empty[0.5]}
    return {"commands": rows, "sourcing_ms": loaded}


if __name__ == "__main__":
    main()
