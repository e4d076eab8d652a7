"""The session of script/demo: types into a real zsh in tmux as a person would, and shows the screens."""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.text import Text

from delta_learn.errors import DeltaError
from delta_learn.paths import Paths
from delta_learn.serving.address import published
from delta_learn.serving.protocol import Decoder, Frame, frames

ROOT = Path(__file__).parent.parent
SCREENS = ROOT / "docs" / "demo"
COLUMNS, ROWS = 92, 22
DEADLINE = 60.0
PROMPT = "site $ "
MAKEFILE = "%:\n\t@echo '$@: done'\n"
# As rich's own, without the fonts that it fetches from elsewhere.
SVG = """<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg"><style>
.{unique_id}-matrix {{ font-family: monospace; font-size: {char_height}px; line-height: {line_height}px }}
.{unique_id}-matrix {{ white-space: pre }}
.{unique_id}-title {{ font-family: sans-serif; font-size: 18px; font-weight: bold }}
{styles}</style><defs><clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" /></clipPath>{lines}</defs>{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">{backgrounds}
<g class="{unique_id}-matrix" xml:space="preserve">{matrix}</g></g></svg>
"""


class Screen:
    """A zsh in a tmux of its own."""

    def __init__(self, home: Path) -> None:
        self._tmux = ["tmux", "-S", str(home / "tmux"), "-f", "/dev/null"]
        size = ["-x", str(COLUMNS), "-y", str(ROWS)]
        self._call("new-session", "-d", *size, "-c", str(home / "site"), "env -u TMUX zsh -i")
        self.wait(lambda text: PROMPT.strip() in text)

    def type(self, text: str) -> None:
        """Type without Enter."""
        self._call("send-keys", "-l", "--", text)

    def key(self, *names: str) -> None:
        """Press keys, by tmux's names for them."""
        self._call("send-keys", *names)

    def run(self, line: str) -> None:
        """Type a line, and wait for the prompt after it."""
        prompts = self.text().count(PROMPT.strip())
        self.type(line)
        self.key("Enter")
        self.wait(lambda text: text.count(PROMPT.strip()) > prompts or not prompts)

    def clear(self) -> None:
        """An empty screen with a prompt."""
        self.key("C-l")
        self.wait(lambda text: text.count(PROMPT.strip()) == 1)

    def sees(self, line: str) -> None:
        """Wait until `line` stands behind the last prompt, typed or suggested."""
        self.wait(lambda text: text.rstrip().split(PROMPT.strip())[-1].strip().startswith(line))

    def wait(self, fits: Callable[[str], bool]) -> None:
        """Wait until the screen fits."""
        end = time.monotonic() + DEADLINE
        while not fits(self.text()):
            if time.monotonic() > end:
                sys.exit(f"script/demo: the screen is not as it should be:\n{self.text()}")
            time.sleep(0.05)

    def text(self) -> str:
        """What is on the screen, without its colours."""
        return self._call("capture-pane", "-p")

    def coloured(self) -> Text:
        """What is on the screen."""
        return Text.from_ansi(self._call("capture-pane", "-e", "-p").rstrip("\n"))

    def close(self) -> None:
        """Close the terminal."""
        self._call("kill-server")

    def _call(self, *arguments: str) -> str:
        return subprocess.run([*self._tmux, *arguments], capture_output=True, text=True, check=True).stdout


@contextmanager
def session() -> Iterator[Screen]:
    """A new person's home, with delta_learn installed, and their shell."""
    with tempfile.TemporaryDirectory(prefix="delta-demo-") as place:
        home = Path(place)
        (home / "site").mkdir()
        (home / "site" / "Makefile").write_text(MAKEFILE)
        (home / ".zshrc").write_text(f"PS1='{PROMPT}'\npath=({ROOT}/.venv/bin $path)\n")
        for name in [each for each in os.environ if each.startswith(("DELTA_", "XDG_"))]:
            del os.environ[name]
        os.environ |= {
            "HOME": place,
            "ZDOTDIR": place,
            "SHELL": "/bin/zsh",
            "TERM": "xterm-256color",
            "LANG": "C.UTF-8",
        }
        delta("install", "--shell", "zsh")
        screen = Screen(home)
        try:
            until_ready()
            yield screen
        finally:
            screen.close()
            delta("serve", "--stop")


def delta(*arguments: str) -> None:
    """Run delta-learn quietly."""
    subprocess.run([ROOT / ".venv/bin/delta-learn", *arguments], check=True, capture_output=True)


def until_ready() -> None:
    """Wait until the server, which the first prompt started, has read all it knows."""
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        place = published(Paths.from_environment())
        try:
            with socket.socket(socket.AF_UNIX) as stream:
                stream.connect(os.fspath(place or ""))
                stream.sendall(frames(Frame("H", ("demo", "demo", "1")), Frame("Q", ("1", "/", "git "))))
                if next(each for each in received(stream) if each.kind == "A").fields[1] != "0":
                    return
        except (OSError, DeltaError):
            pass
        time.sleep(0.1)
    sys.exit("script/demo: the server does not answer; see `delta-learn doctor`.")


def received(stream: socket.socket) -> Iterator[Frame]:
    """The frames that the server sends."""
    decoder = Decoder()
    while data := stream.recv(65_536):
        yield from decoder.feed(data)


def habit(screen: Screen) -> None:
    """The third time, each command is there before it is typed."""
    for _ in range(2):
        for target in ("draft", "check", "publish"):
            screen.run(f"make {target}")
    screen.clear()
    screen.run("make draft")
    screen.sees("make check")


def taught(screen: Screen) -> None:
    """What was taught comes at the next prompt that fits."""
    screen.key("Right", "Enter")
    screen.sees("make publish")
    screen.key("C-u")
    screen.clear()
    screen.run(':train "make publish" "git push origin main"')
    screen.run("make publish")
    screen.sees("git push origin main")


def secret(screen: Screen) -> None:
    """What is secret is replaced before it is kept."""
    screen.key("C-u")
    screen.clear()
    screen.run("export API_TOKEN=nobody-knows-this")
    screen.run("delta-learn review --secrets")
    screen.wait(lambda text: "<secret" in text)


def reasons(screen: Screen) -> None:
    """What the last suggestion is based on."""
    screen.clear()
    screen.run("make draft")
    screen.sees("make check")
    screen.key("Right", "Enter")
    screen.sees("make publish")
    screen.run("delta-learn why")


def worth(screen: Screen) -> None:
    """What suggestions were worth."""
    screen.clear()
    screen.run("delta-learn status --short")


SCENES = {
    "habit": ("The third time: `make check` stands there before a key is pressed; Right takes it", habit),
    "taught": ("A taught pair", taught),
    "secret": ("A secret is typed, and not learnt", secret),
    "why": ("What the last suggestion is based on", reasons),
    "status": ("What suggestions were worth", worth),
}


def main() -> None:
    """Play all scenes."""
    parser = argparse.ArgumentParser(description=__doc__, prog="script/demo")
    parser.add_argument("--save", action="store_true", help="write the screens to docs/demo as SVG")
    save = parser.parse_args().save
    with session() as screen:
        for name, (title, play) in SCENES.items():
            play(screen)
            shown = screen.coloured()
            Console(width=COLUMNS).rule(title.replace("`", ""))
            Console(width=COLUMNS).print(shown)
            if save:
                picture(name, title, shown)


def picture(name: str, title: str, shown: Text) -> None:
    """Write a screen as SVG."""
    SCREENS.mkdir(exist_ok=True)
    console = Console(record=True, width=COLUMNS, file=StringIO(), force_terminal=True, color_system="truecolor")
    console.print(shown)
    svg = console.export_svg(title=title.replace("`", ""), code_format=SVG, unique_id=f"demo-{name}")
    (SCREENS / f"{name}.svg").write_text(svg)


if __name__ == "__main__":
    main()
