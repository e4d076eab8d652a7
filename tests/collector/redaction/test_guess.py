"""collector/redaction/guess.py: passwords at the wrong prompt, random words, phrases; and all that is none of them."""

from __future__ import annotations

import base64
import random
import string

import pytest

from delta_learn.collector.redaction.redact import redact, redact_entry
from delta_learn.entry import CommandEntry

_RANDOM = random.Random(4)
ALPHANUMERIC = string.ascii_letters + string.digits
PHRASE = "shadow orange purple falcon coffee hunter copper velvet garden rocket silver meadow"


def token(length: int) -> str:
    return "aB3" + "".join(_RANDOM.choices(ALPHANUMERIC, k=length - 6)) + "x9Z"


@pytest.mark.parametrize(
    "word",
    [
        "Tr0ub4dor&3",
        "Winter2024!xyz",
        "Summer2024!",
        "hunter22!",
        "P@ssw0rd",
        "MyD0g4te!",
        "Pa55w0rd7x",
        "qwe#RTY99",
        "x7Kq2Lm9Zp",
    ],
)
def test_a_password_at_the_prompt_goes(word: str) -> None:
    assert redact(word).redacted == "<secret:password>"
    assert redact(f" {word}\n").redacted == " <secret:password>\n"


HARMLESS = (
    *("ls", "gti", "sl", "git", "python3.11", "g++-12", "c++filt", "x86_64-linux-gnu-gcc-12", "MP4Box", "ImageMagick7"),
    *("./run7.sh", "foo.sh", "Makefile", "IMG_2024.jpg", "a1b2c3.tar.gz", "10.0.0.7", "web-7.example.com", "bob@web7"),
    *(
        "react@18.2.0",
        "https://example.com/A1",
        "FOO=Bar12!",
        "x+=Abc12345",
        "$HOME",
        "~/Src2",
        "..",
        "!!",
        "!42",
        "!Ab12cdef",
    ),
    *(
        "12345678",
        "2024-05-12",
        "1+2*3",
        "3f786850e387550f",
        "feature/PROJ-12-x",
        "HEAD~3",
        "main^2",
        "Projects2024",
        "%1",
    ),
    *(
        "*.Txt1",
        "file?1A.txt",
        "abc12345&",
        "foo()",
        "cd..",
        ":wq!",
        ":q!",
        "#Comment12!",
        "Passw0rd$(x)",
        "a<b1C",
        "{1..9}",
    ),
)


@pytest.mark.parametrize("word", HARMLESS)
def test_other_lines_of_one_word_stay(word: str) -> None:
    assert redact(word).redacted == word


def test_a_password_is_told_by_its_line_not_among_others() -> None:
    assert not redact("cat Tr0ub4dor&3").spans
    assert not redact("Tr0ub4dor&3 Winter2024!xyz").spans


def redacted(command: str, exit_code: int | None) -> str:
    return redact_entry(CommandEntry(command, exit_code=exit_code))[0].command


@pytest.mark.parametrize("word", ["letmein99", "Secret12", "hunt3r!", "dragon2024"])
def test_what_no_shell_found_is_looked_at_more_eagerly(word: str) -> None:
    assert redacted(word, 127) == "<secret:password>"
    assert redacted(word, 0) == word
    assert redacted(word, None) == word


@pytest.mark.parametrize(
    "word",
    ["gti", "pyhton3", "python311", "pytohn39", "foo.sh", "ls-l", "./x1Y2", "gcc12", "12345", "sha265sum", "node18"],
)
def test_mistyped_commands_stay_though_no_shell_found_them(word: str) -> None:
    assert redacted(word, 127) == word


def test_directories_and_variables_are_no_prompts() -> None:
    entry = CommandEntry("ls", directory="Tr0ub4dor&3", environment={"NODE_ENV": "Tr0ub4dor&3"})
    assert redact_entry(entry) == (entry, ())


def test_a_long_random_word_goes() -> None:
    secret = token(40)
    assert redact(f"./deploy.sh prod {secret}").redacted == "./deploy.sh prod <secret:key>"
    assert redact(f"./deploy.sh prod '{secret}' x").redacted == "./deploy.sh prod '<secret:key>' x"


@pytest.mark.parametrize(
    "command",
    [
        "git show " + "0f" * 20,
        "docker rm " + "0f" * 32,
        "ipfs cat Qm" + token(44),
        "cd /var/" + token(40),
        "echo " + token(40) + " | base64 -d",
        "tool --commit-id " + token(40),
        "run " + base64.b64encode(b"plain text that nobody has to hide").decode().rstrip("="),
        "tune download meta-llama/Meta-Llama-3-8B-Instruct",
        "make TheQuickBrownFoxJumpsOverTheLazyDog2Times3",
        "ecs stop a1b2c3d4-5678-90ab-cdef-11111EXAMPLE",
    ],
)
def test_ids_digests_and_encoded_text_stay(command: str) -> None:
    assert redact(command).redacted == command


def test_the_phrase_of_a_wallet_goes() -> None:
    assert redact(f'wallet import "{PHRASE}"').redacted == 'wallet import "<secret:seed>"'
    assert not redact(f'echo "{PHRASE}"').spans
