"""surroundings/here.py: what the word that is being typed may be."""

from __future__ import annotations

import json
import os
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from delta_learn.surroundings.deadline import Deadline
from delta_learn.surroundings.files import Files
from delta_learn.surroundings.here import MOST, words_here

Here = Callable[[str], tuple[str, ...]]
Make = Callable[..., None]


def test_names_come_newest_first_and_hidden_ones_only_for_a_dot(here: Here, make: Make) -> None:
    make("old.txt", ".hidden", "src/", "new.txt")
    assert here("vim ") == ("new.txt", "src/", "old.txt")
    assert here("vim .") == (".hidden",)
    assert here("vim n") == ("new.txt",)


def test_only_directories_after_cd(here: Here, make: Make, tree: Path) -> None:
    make("src/", "srv.txt")
    (tree / "link").symlink_to("src")
    assert set(here("cd ")) == {"src/", "link/"}
    assert here("cd sr") == ("src/",)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("vim src/ma", ("src/main.py",)),
        ("vim ./src/ma", ("./src/main.py",)),
        ("vim src/../src/ma", ("src/../src/main.py",)),
        ("vim --file=src/ma", ("--file=src/main.py",)),
        ("sudo -u bob vim src/ma", ("src/main.py",)),
        ("ls && cat src/ma", ("src/main.py",)),
        ("cat < src/ma", ("src/main.py",)),
        ("cat x > src/ma", ("src/main.py",)),
        ("src/r", ("src/run",)),
        ("echo src/ma", ("src/main.py",)),
        ("echo sr", ()),
        ("sr", ()),
        ("vim -", ()),
        ("vim 'src/ma", ()),
        ("vim $X/ma", ()),
        ("vim src/*/ma", ()),
        ("vim none/ma", ()),
        ("vim src/main.py", ()),
    ],
)
def test_paths_as_they_are_typed(line: str, words: tuple[str, ...], here: Here, make: Make, tree: Path) -> None:
    make("src/main.py", "src/run")
    (tree / "src" / "run").chmod(0o755)
    assert here(line) == words


def test_paths_from_home_and_from_the_root(here: Here, home: Path, tree: Path, make: Make) -> None:
    (home / "Documents").mkdir()
    make("main.py")
    assert here("cd ~/Doc") == ("~/Documents/",)
    assert here(f"vim {tree}/ma") == (f"{tree}/main.py",)
    assert here("cd ~root/Doc") == ()


def test_names_are_written_as_the_shell_wants_them(here: Here, make: Make) -> None:
    make("My File.txt", "$(touch owned)", "a&b", "it's")
    assert set(here("cat ")) == {r"My\ File.txt", r"\$\(touch\ owned\)", r"a\&b", r"it\'s"}
    assert here(r"cat My\ F") == (r"My\ File.txt",)


@pytest.mark.parametrize("name", ["a\x1b[31mb", "a\nb", "a\x7f", "a\x9bm", "a\u202eb", "-rf", "a\udce9b"])
def test_names_that_could_forge_a_line_are_left_out(name: str, here: Here, tree: Path) -> None:
    (tree / name).touch()
    (tree / "good").touch()
    assert here("cat ") == ("good",)
    assert here("") == ("good",)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.text(st.characters(codec="utf-8", exclude_characters="/\0\n"), min_size=1, max_size=20))
def test_a_shell_reads_the_name_from_the_word(tmp_path: Path, name: str) -> None:
    directory = tmp_path / "names"
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir()
    try:
        (directory / name).touch()
    except OSError:
        return
    for word in words_here("cat ", str(directory), Deadline(30), Files()):
        assert shlex.split(word, comments=True) == [name]


def test_at_most_so_many(here: Here, make: Make) -> None:
    make(*(f"file{number}" for number in range(MOST + 20)))
    assert len(here("cat ")) == MOST
    assert len(here("cat file")) == MOST


def test_an_empty_line_gets_what_may_matter(here: Here, make: Make, git: Callable[..., str]) -> None:
    git("init", "-q", "-b", "main")
    git("commit", "-q", "--allow-empty", "-m", "x")
    git("branch", "fix/one")
    make("notes.txt", "src/")
    make("Makefile", text="test:\n\techo\n")
    assert here("") == here("  ") == ("Makefile", "src/", "notes.txt", "fix/one", "test")


def test_make_targets(here: Here, make: Make) -> None:
    make("sub/Makefile", text="inner:\n")
    make(
        "Makefile",
        text="VAR := x\nX ?= y\nexport Z = 1\nbuild/app: main.c\n\tcc\nall test: build/app\n%.o: %.c\n$(VAR): x\n"
        ".SUFFIXES:\n.PHONY: all \\\n  test\ninstall :: x\n_private:\nurl::=x\n",
    )
    assert here("make ") == ("all", "test", "build/app", "install", "_private")
    assert here("make -j4 te") == ("test",)
    assert here("make -C sub ") == ("inner",)
    assert here("make -C s") == ("sub/",)


def test_just_recipes_of_the_nearest_justfile(tree: Path, make: Make) -> None:
    make("deep/er/")
    make(
        "justfile",
        text="set shell := ['sh']\nalias b := build\nbuild target='x': dep\n  cc\n@test:\n_private:\nv := 'x'\n",
    )
    assert words_here("just ", str(tree / "deep" / "er"), Deadline(30), Files()) == ("build", "test", "b")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("npm run ", ("dev", "test:unit")),
        ("npm run te", ("test:unit",)),
        ("npm ", ()),
        ("npm run dev ", ()),
        ("yarn ", ("dev", "test:unit")),
        ("yarn run d", ("dev",)),
        ("pnpm run d", ("dev",)),
        ("npm install ", ()),
    ],
)
def test_package_scripts(line: str, words: tuple[str, ...], here: Here, make: Make) -> None:
    make("package.json", text=json.dumps({"scripts": {"dev": "x", "test:unit": "y"}}))
    assert here(line) == words


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"scripts": []}', '{"scripts": 3}', "[" * 100_000, "\0", '{"a":' * 9000]
)
def test_a_broken_package_file_gives_nothing(text: str, here: Here, make: Make) -> None:
    make("package.json", text=text)
    assert here("npm run ") == ()


@pytest.mark.parametrize("name", ["package.json", "Makefile", "justfile", "compose.yaml"])
@pytest.mark.parametrize("line", ["npm run ", "make ", "just ", "docker compose up "])
def test_what_is_no_plain_file_is_not_read(name: str, line: str, here: Here, tree: Path) -> None:
    os.mkfifo(tree / name)
    assert here(line) == ()


def test_huge_and_binary_files_are_not_read(here: Here, make: Make) -> None:
    make("Makefile", text="all:\n" + "#" * (1 << 19))
    assert here("make ") == ()
    make("Makefile", text="all:\n\0")
    assert here("make ") == ()


def test_compose_services(here: Here, make: Make) -> None:
    text = "# x\nname: shop\nservices:\n  web:\n    ports:\n      - 80\n  'db':\n    image: y\nvolumes:\n  data:\n"
    make("docker-compose.yml", text=text)
    assert here("docker compose up -d ") == ("web", "db")
    assert here("docker-compose logs -f w") == ("web",)
    assert here("docker compose ") == ()
    assert here("docker run ") == ()


def test_hosts(here: Here, home: Path) -> None:
    directory = home / ".ssh"
    (directory / "conf.d").mkdir(parents=True)
    (directory / "config").write_text(
        "Host web1 *.example.org !x\n  User bob\nhost=db\nInclude conf.d/*\nInclude config\n"
    )
    (directory / "conf.d" / "work").write_text("Host inner\n")
    (directory / "known_hosts").write_text(
        "old.net,10.0.0.1 ssh-rsa A\n|1|abc= ssh-rsa B\n@revoked x a\n[new.net]:2222 k C\n"
    )
    assert here("ssh ") == ("web1", "db", "inner", "new.net", "old.net", "10.0.0.1")
    assert here("ssh bob@w") == ("bob@web1",)
    assert here("ssh -p 22 we") == ("web1",)
    assert here("ssh web1 ") == ()
    assert here("scp bob@w") == ("bob@web1:",)


def test_python_modules(here: Here, make: Make) -> None:
    make("tool.py", "pkg/inner.py", "not-a-module.py", "data.txt")
    assert set(here("python -m ")) == {"tool", "pkg"}
    assert here("python -m pkg.in") == ("pkg.inner",)
    assert here("python ")[0].endswith(".py")


def test_a_name_that_is_made_is_there_at_once(here: Here, make: Make, tree: Path) -> None:
    make("one")
    assert here("cat ") == ("one",)
    (tree / "two").touch()
    assert set(here("cat ")) == {"one", "two"}
    (tree / "one").unlink()
    assert here("cat ") == ("two",)


def test_links_that_lead_nowhere_are_names(here: Here, tree: Path) -> None:
    (tree / "loop").symlink_to("loop")
    (tree / "broken").symlink_to("none")
    assert set(here("rm ")) == {"loop", "broken"}
    assert here("cd ") == ()
    assert here("cat loop/") == ()


@pytest.mark.parametrize("directory", ["/no/such", "", "relative", "/\0", "/dev/null"])
def test_a_directory_that_cannot_be_read_gives_nothing(directory: str) -> None:
    for line in ("", "cd ", "git checkout ", "make ", "npm run ", "docker compose up "):
        assert words_here(line, directory, Deadline(30), Files()) == ()


@given(st.text(max_size=60))
def test_any_line_has_an_answer(line: str) -> None:
    words = words_here(line, "/", Deadline(30), Files())
    assert len(words) <= MOST
    assert all(word.isprintable() for word in words)
