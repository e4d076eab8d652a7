from hypothesis import given
from hypothesis import strategies as st

from delta_learn.entry import CommandEntry
from delta_learn.predictor.context import Context
from delta_learn.predictor.log import CommandLog
from delta_learn.predictor.names import UNKNOWN


def typed(*commands: str, session: str = "s") -> CommandLog:
    log = CommandLog()
    entries = [CommandEntry(command) for command in commands]
    for number, entry in enumerate(entries):
        log.record(entry, Context(previous=entries[:number], session=session))
    return log


@given(st.lists(st.text(max_size=6), max_size=40), st.text(max_size=3))
def test_matching_finds_exactly_the_lines_with_the_prefix(lines: list[str], prefix: str) -> None:
    log = typed(*lines)
    restored = CommandLog.from_record(log.to_record())
    expected = {line for line in lines if line.startswith(prefix)}
    for each in (log, restored):
        found = [each.texts[int(line)] for line in each.matching(prefix)]
        assert len(found) == len(expected)
        assert set(found) == expected


def test_a_situation_names_the_last_commands_newest_first() -> None:
    log = typed("git add a", "ls", "git push")
    entries = [CommandEntry("ls"), CommandEntry("git push", exit_code=1)]
    now = log.situation(Context(previous=entries, session="s"))
    assert (now["line1"], now["line2"], now["line3"]) == (2, 1, UNKNOWN)
    assert now["word1"] == log.words.find("git")
    assert now["head1"] == log.words.find("git push")
    assert (now["opens"], now["failed"]) == (0, 1)


def test_the_first_prompt_of_a_session_remembers_how_the_last_one_ended() -> None:
    now = typed("a", "b", "c").situation(Context(session="other"))
    assert [now[f"line{back}"] for back in (1, 2, 3)] == [2, 1, 0]
    assert now["opens"] == 1


def test_nothing_is_before_or_after_an_isolated_entry() -> None:
    log = typed("a", "b")
    log.record(CommandEntry("c", isolated=True), Context())
    assert log.events["line1"][-1] not in (0, 1, UNKNOWN)
    assert log.situation(Context())["line1"] == UNKNOWN


def test_what_was_unknown_equals_no_later_situation() -> None:
    log = typed("a")
    now = log.situation(Context(previous=[CommandEntry("never seen")], session="never seen"))
    assert now["line1"] == UNKNOWN
    for column in ("line1", "line2", "word1", "session", "failed"):
        assert log.events[column][0] != UNKNOWN


def test_exit_codes_are_counted_for_each_line() -> None:
    log = CommandLog()
    for exit_code in (0, 127, None):
        log.record(CommandEntry("sl", exit_code=exit_code), Context())
    assert log.lines["failures"][0] == 1
    assert log.lines["last_missing"][0] == 1
    log.record(CommandEntry("sl", exit_code=0), Context())
    assert log.lines["last_missing"][0] == 0
    assert log.lines["last_failed"][0] == 0


def test_asking_for_a_situation_changes_nothing() -> None:
    log = typed("a", "b")
    before = log.to_record()
    log.situation(Context(previous=[CommandEntry("new")], directory="/new", session="new"))
    assert log.to_record() == before
