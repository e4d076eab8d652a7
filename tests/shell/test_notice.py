"""A line that a failed night left is shown at one prompt, and then never again."""

from __future__ import annotations

NOTICE = "the last night's training failed: the disk is full."


def test_it_is_shown_once(sandbox, shell):
    notice = sandbox.state / "notice"
    notice.write_text(f"{NOTICE}\n")
    screen = sandbox.run(shell, "true", "true", before="set -o noclobber")
    assert screen.count(f"delta_learn: {NOTICE}\r\n") == 1
    assert notice.read_bytes() == b""
    assert NOTICE not in sandbox.run(shell, "true")


def test_it_is_data(sandbox, shell):
    (sandbox.state / "notice").write_bytes(b"$(touch run) `touch run` %~ \x1b[31m\x07 \\n \xff end\nsecond line\n")
    screen = sandbox.run(shell, "true")
    assert "delta_learn: $(touch run) `touch run` %~ [31m \\n " in screen
    assert "second line" not in screen
    assert not (sandbox.home / "run").exists()


def test_without_one_nothing_is_said(sandbox, shell):
    (sandbox.state / "notice").write_bytes(b"")
    assert "delta_learn" not in sandbox.run(shell, "true", "true")
