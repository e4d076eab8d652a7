import pytest

from delta_learn.predictor.context import Context
from delta_learn.predictor.directory import FollowedDirectory

HERE = Context(session="s")


@pytest.mark.parametrize(
    ("commands", "expected"),
    [
        ([], "~"),
        (["cd src"], "~/src"),
        (["cd src", "cd .."], "~"),
        (["cd src", "cd lib/", "cd .."], "~/src"),
        (["cd /etc", "cd -"], "~"),
        (["cd /etc", "cd ~/x", "cd -"], "/etc"),
        (["cd src && make"], "~/src"),
        (["cd src; make"], "~/src"),
        (["cd a", "cd"], "~"),
        (["cd a", "cd && ls"], "~"),
        (["cdr src", "ls cd", "", "   "], "~"),
    ],
)
def test_cd_is_followed(commands: list[str], expected: str) -> None:
    followed = FollowedDirectory("s")
    for command in commands:
        followed.follow(command, HERE)
    assert followed.at(HERE) == expected
    assert FollowedDirectory(*followed.to_record()).at(HERE) == expected


def test_a_recorded_directory_counts_more() -> None:
    followed = FollowedDirectory("s")
    followed.follow("cd src", HERE)
    assert followed.at(Context(directory="/var/log", session="s")) == "/var/log"


def test_another_session_begins_at_home() -> None:
    followed = FollowedDirectory("s")
    followed.follow("cd src", HERE)
    other = Context(session="t")
    assert followed.at(other) == "~"
    followed.follow("cd x", other)
    assert followed.at(other) == "~/x"
