"""collector/redaction/redact.py: spans, precedence, every field of an entry; and what holds for any text at all."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from delta_learn.collector.redaction.redact import redact, redact_entry
from delta_learn.entry import CommandEntry

S = "hunter2-Xy"
P = "<secret:password>"


def test_the_more_specific_kind_wins_at_the_same_place() -> None:
    token = _GITHUB
    assert redact(f"export GITHUB_TOKEN={token}").redacted == "export GITHUB_TOKEN=<secret:github>"
    assert redact(f"git clone https://u:{token}@github.com/a").redacted == (
        "git clone https://u:<secret:github>@github.com/a"
    )


def test_several_secrets_in_one_line_each_keep_their_place() -> None:
    line = f"API_TOKEN={S} curl -u bob:{S} https://u:{S}@example.com && mysql -p{S}"
    found = redact(line)
    assert found.redacted == (
        "API_TOKEN=<secret:token> curl -u bob:<secret:password> https://u:<secret:password>@example.com"
        " && mysql -p<secret:password>"
    )
    assert [line[span.start : span.end] for span in found.spans] == [S] * 4


def test_a_secret_goes_wherever_else_it_stands_in_the_line() -> None:
    assert redact(f"mysql -p{S} && echo {S} > x").redacted == f"mysql -p{P} && echo {P} > x"
    assert redact(f"mysql -p{S} && echo x{S} {S}-y").redacted == f"mysql -p{P} && echo x{S} {S}-y"
    assert redact("docker run -e POSTGRES_PASSWORD=postgres postgres:16").redacted == (
        f"docker run -e POSTGRES_PASSWORD={P} postgres:16"
    )
    assert redact(f"tool -u bob -p {S}; echo {S}").redacted == f"tool -u bob -p {P}; echo {S}"
    assert redact("mysql -pab12 ab12").redacted == f"mysql -p{P} ab12"


def test_offsets_are_right_behind_bytes_that_are_not_utf8() -> None:
    line = f"\udcff\udc80 ü 🎉 tool --password {S}"
    (span,) = redact(line).spans
    assert line[span.start : span.end] == S


_AWS = "AK" + "IA" + "Q" * 16
_GITHUB = "gh" + "p_" + "a1" * 18
_KEY = "-----BEGIN PRI" + "VATE KEY-----"
_JWT = "ey" + "J" + "a" * 20 + "."
_PIECES = [
    *"'\"\\$`()<>|&;=:,@/?#{}-. \n",
    *(
        " --password ",
        " --token=",
        "TOKEN=",
        "API_KEY=",
        "mysql ",
        " -p",
        "curl ",
        " -u ",
        "bob:",
        "sshpass ",
    ),
    *("sudo ", "://", "Authorization: Bearer ", "X-Api-Key: ", '{"password": "', "password '", "sh -c "),
    *(" -m ", "set ", "pass:", "hunter2", "abc", "$X", "${X}", "$(x)", "<secret:password>", "<secret:"),
    *(
        "<<< ",
        "<<E\n",
        "\nE\n",
        "echo ",
        " | ",
        " > ",
        "sudo -S ",
        "chpasswd ",
        "passwd ",
        "bob:hunter2",
        "Tr0ub4dor&3",
    ),
    *("a@b", "\udcff", "é", "%s", "~/x", "\\\n", _AWS, _GITHUB, _KEY, "-----END", _JWT),
]
lines = st.one_of(
    st.lists(st.sampled_from(_PIECES), max_size=25).map("".join),
    st.text(st.characters(codec=None, exclude_categories=()), max_size=60),
)


@settings(max_examples=400)
@given(lines)
@example(f"curl -u {_GITHUB} https://example.com")
@example("'TOKEN= API_KEY=password ')}abc?mysql --password ")
@example('{"password": "abc' * 12)
def test_redacted_text_is_a_fixed_point(line: str) -> None:
    redacted = redact(line).redacted
    assert redact(redacted).redacted == redacted


@settings(max_examples=400)
@given(lines)
def test_spans_are_in_order_apart_and_are_all_that_changes(line: str) -> None:
    found = redact(line)
    assert found.command == line
    rebuilt, end = "", 0
    for span in found.spans:
        assert end <= span.start < span.end <= len(line)
        rebuilt += line[end : span.start] + f"<secret:{span.kind}>"
        end = span.end
    assert rebuilt + line[end:] == found.redacted


_ADVERSARIAL = [
    *(
        "a",
        "-",
        "_",
        "'",
        '"',
        "\\",
        "$",
        "`",
        "(",
        "<",
        "=",
        "@",
        " ",
        "\n",
        "\\\n",
        "\udcff",
        "${",
        "$(",
        "aA",
    ),
    *("://", "://a:", "://a:@", "/aaaa", "ey" + "J-", _JWT, "S" + "G.", _KEY, "-----BEGIN ", "<secret:"),
    *("{ a; } | ", "(a) | ", "<<A\n", "<<A\na\nA\n", "<<<'a ", "echo a | sudo -S ", "user ", "set password ", "a:b1@"),
    *(
        "expect assword ",
        "cat <<E | passwd\nb\nE\n",
        "a1B2" * 8 + " ",
        "-u x -p y ",
        "{a: 1, ",
        "mc alias set a b c d ",
    ),
    *("TOKEN=", "TOKEN='", 'TOKEN="', "TOKEN=$x:", "a=1,", "a='x y',", "--password ", "-p", "mysql -p"),
    *('"a"', '"a":', "Authorization:", "Cookie: ", "password '", "x-a-", "sh -c '\"", "curl -u a:"),
    *("a='x y',\"", "sh -c '\"TOKEN=", '{"password": "', "curl -u " + _GITHUB + " "),
]


@pytest.mark.parametrize("piece", _ADVERSARIAL)
@pytest.mark.parametrize("start", ["token ", 'DB_TOKEN="'])
def test_anything_repeated_takes_linear_time(start: str, piece: str) -> None:
    # Not timed: what is quadratic takes minutes on so much text, and hangs the suite.
    line = start + piece * (125_000 // len(piece))
    assert redact(line).command == line


def test_a_megabyte_of_everything_takes_linear_time() -> None:
    line = "mysql " + "".join(_ADVERSARIAL) * 4500
    assert len(line) > 1_000_000
    assert redact(line).command == line


def test_an_entry_is_redacted_in_all_its_fields() -> None:
    entry = CommandEntry(
        f"mysql -p{S}",
        directory=f"/srv/https://u:{S}@example.com",
        environment={"API_TOKEN": f"{S} {S}", "PROXY": f"http://u:{S}@proxy", "NODE_ENV": "test"},
        system_info={"os": "Linux", "motd": f"--password {S}"},
        timestamp=1.0,
        session="s",
        sequence=3,
    )
    clean, spans = redact_entry(entry)
    assert S not in repr(clean)
    assert clean.environment == {
        "API_TOKEN": "<secret:token>",
        "PROXY": f"http://u:{P}@proxy",
        "NODE_ENV": "test",
    }
    assert clean.system_info == {"os": "Linux", "motd": f"--password {P}"}
    assert (clean.command, clean.directory) == (f"mysql -p{P}", f"/srv/https://u:{P}@example.com")
    assert (clean.timestamp, clean.session, clean.sequence) == (1.0, "s", 3)
    assert [span.kind for span in spans] == ["password", "password", "token", "password", "password"]
    assert redact_entry(clean) == (clean, ())


def test_an_entry_without_secrets_comes_back_as_it_is() -> None:
    entry = CommandEntry("ls", directory=None, environment={"AWS_PROFILE": "dev"})
    assert redact_entry(entry) == (entry, ())
