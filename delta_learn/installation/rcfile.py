"""The one marked line in a shell's start file: put in, kept up to date, and taken out without a trace."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from delta_learn.errors import UnsafeFileError
from delta_learn.storage.atomic import replace_anywhere, storage_errors

MARK = "# delta_learn"
_MADE = " made this file"
_PATTERN = re.compile(
    rb"^[ \t]*if \[ -r (?P<path>.*) \]; then \. .*; fi "
    + re.escape(MARK.encode())
    + rb"(?: \+(?P<ends>[12])|(?P<made>"
    + re.escape(_MADE.encode())
    + rb"))?[ \t]*(?:\n|\Z)",
    re.MULTILINE,
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_ASK_SECONDS = 5.0


def rc_file(shell: str, environment: Mapping[str, str] = os.environ) -> Path:
    """The file that `shell` reads when it starts interactively.

    Where ZDOTDIR is not in the environment zsh is asked for it: ~/.zshenv may set it for zsh alone.
    """
    home = environment.get("HOME") or str(Path.home())
    if shell == "bash":
        return Path(home, ".bashrc")
    return Path(environment.get("ZDOTDIR") or _zsh_directory(environment) or home, ".zshrc")


def hook_line(hook: Path) -> str:
    """The line that sources `hook`, if it is there, without its mark."""
    path = quoted(os.fspath(hook))
    return f"if [ -r {path} ]; then . {path}; fi"


def quoted(text: str) -> str:
    """`text` as one word on one line, for zsh and bash alike."""
    if not _CONTROL.search(text):
        return "'" + text.replace("'", "'\\''") + "'"
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return "$'" + _CONTROL.sub(lambda c: f"\\{ord(c[0]):03o}", escaped) + "'"


def add_line(path: Path, hook: Path) -> bool:
    """Put the marked line into `path`, or the present hook's path into the line that is there.

    Says whether the file changed. Symbolic links are followed, mode and owner stay.

    Raises:
        UnsafeFileError: the file is another user's, or no plain file. StorageError: it cannot be written.
    """
    target = _target(path)
    before = _read(target)
    if before is not None and _PATTERN.search(before):
        after = _PATTERN.sub(lambda old: _renewed(old, hook), before)
    else:
        after = _appended(before, hook)
    if after == before:
        return False
    _write(target, after)
    return True


def remove_line(path: Path) -> bool:
    """Take the marked line out of `path`: the file is as it was before, byte for byte; says whether it was there.

    A file that `add_line` made, and that holds nothing else, is removed.

    Raises:
        UnsafeFileError, StorageError: as `add_line`.
    """
    target = _target(path)
    before = _read(target)
    if before is None or not (found := list(_PATTERN.finditer(before))):
        return False
    after = before
    for line in reversed(found):
        start, end = line.span()
        # Line ends of ours go as well, unless the person's own lines follow them by now.
        if line["ends"] and end == len(after):
            start -= int(line["ends"])
        after = after[:start] + after[end:]
    if not after and any(line["made"] for line in found):
        with storage_errors(target):
            target.unlink()
        return True
    _write(target, after)
    return True


def sourced_hook(path: Path) -> str | None:
    """The hook's path, quoted as it stands in the marked line of `path`; None without such a line."""
    text = _read(_target(path))
    found = _PATTERN.search(text) if text is not None else None
    return os.fsdecode(found["path"]) if found else None


def _zsh_directory(environment: Mapping[str, str]) -> str | None:
    zsh = shutil.which("zsh", path=environment.get("PATH"))
    if zsh is None:
        return None
    command = [zsh, "-c", 'print -rn -- "$ZDOTDIR"']
    try:
        done = subprocess.run(  # noqa: S603  (the person's own shell)
            command,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_ASK_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    told = os.fsdecode(done.stdout).rpartition("\n")[2]
    return told if told.startswith("/") else None


def _target(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError) as error:  # a loop of links
        raise UnsafeFileError(f"{path} is a link that leads nowhere; mend it and run this again.") from error


def _read(target: Path) -> bytes | None:
    """The content of a start file; None where there is none."""
    with storage_errors(target):
        try:
            info = target.stat()
        except FileNotFoundError:
            return None
        _refuse_strange(target, info)
        return target.read_bytes()


def _refuse_strange(target: Path, info: os.stat_result) -> None:
    if not stat.S_ISREG(info.st_mode):
        raise UnsafeFileError(f"{target} is not a plain file, so no line can be added to it or removed from it.")
    if info.st_uid != os.geteuid():
        raise UnsafeFileError(
            f"{target} belongs to user id {info.st_uid}, and this is user id {os.geteuid()}: "
            "run delta-learn as its owner, or source the hook file yourself (`delta-learn init` prints it)."
        )


def _appended(before: bytes | None, hook: Path) -> bytes:
    line = os.fsencode(hook_line(hook))
    if before is None:
        return line + f" {MARK}{_MADE}\n".encode()
    ends = _missing_ends(before)
    mark = f" {MARK} +{ends}\n" if ends else f" {MARK}\n"
    return before + b"\n" * ends + line + mark.encode()


def _missing_ends(before: bytes) -> int:
    """Line ends to add so that the new line is one of its own: a backslash at the end of a line eats one."""
    text = before.removesuffix(b"\n")
    backslashes = len(text) - len(text.rstrip(b"\\"))
    missing = int(bool(before) and text == before)
    return missing + backslashes % 2


def _renewed(old: re.Match[bytes], hook: Path) -> bytes:
    """The marked line with another hook's path; indentation and mark stay as they are."""
    text = old[0]
    start = len(text) - len(text.lstrip(b" \t"))
    return text[:start] + os.fsencode(hook_line(hook)) + text[text.rindex(b" " + MARK.encode()) :]


def _write(target: Path, content: bytes) -> None:
    """Replace `target` at once, with its mode, owner and attributes; a new file gets the usual mode."""
    replace_anywhere(target, content, prepare=lambda temporary: _like(target, temporary))


def _like(target: Path, temporary: Path) -> None:
    if not target.exists():
        temporary.chmod(0o600)
        return
    shutil.copystat(target, temporary)
    os.utime(temporary)  # an old time would let zsh run a stale compiled copy
    group = target.stat().st_gid
    if temporary.stat().st_gid != group:
        with suppress(PermissionError):  # not a member of that group any more
            os.chown(temporary, -1, group)
            shutil.copymode(target, temporary)
