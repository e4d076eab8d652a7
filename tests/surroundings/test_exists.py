"""surroundings/exists.py: lines that can do nothing here."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delta_learn.surroundings.deadline import Deadline
from delta_learn.surroundings.exists import stands
from delta_learn.surroundings.files import Files

STANDS = r"""
cd src
cd ./src
cd ..
cd -
cd
cd src/deep
cd link
cd My\ Dir
cd "My Dir"
cd 'My Dir'
cd -- src
cd $PROJECT
cd *rc
cd "$(pwd)"
cd old new
cd ~bob
cd +1
pushd
pushd src
cat a.txt
cat a.txt | grep x
cat < none
cat *.none
cat $X
cat -
cat none || true
cat none 2>/dev/null
cat <(ls)
cat "unclosed
cat -s a.txt
less +5 a.txt
tail -f a.txt
tail -n 5 a.txt
tail -n5 a.txt
head --lines 5 a.txt
head -5 a.txt
vim none
code none
touch none
rm a.txt
rm -f none
rm -rf none
rm broken
mv a.txt none
mv -t none a.txt
cp a.txt none
cp -r src none
ls
ls src
ls -la src
chmod +x a.txt
chmod 644 a.txt
chmod --reference=none a.txt
python a.txt
python -m none
python -c 'x'
python a.txt none
bash a.txt
bash -c none
source a.txt
source ./a.txt
source none
. ./a.txt
./run.sh
./run.sh none
src/../run.sh
sudo cat a.txt
time cat a.txt
env A=1 cat a.txt
ssh host cat none
tar xf a.tar
tar tf none
tar cf none src
tar xzf host:none
unzip a
unzip a.zip
diff a.txt a.txt
mkdir none
mkdir -p src/none
mkdir -m 700 none
git clone https://example.org/none.git
git clone https://example.org/src.git other
git clone https://example.org/empty.git
git clone --bare https://example.org/src
git clone --depth 1 https://example.org/none
git status
git checkout none
ls none2 none3 || mkdir none2
echo none
grep x none
if cat none; then ls; fi
make none
unknown none
A=1
cd src && cat none
ls && cat none
mkdir none && cd none
{ cat none; }
"""

FALLS = r"""
cd none
cd a.txt
cd .
cd ./
cd src/..
cd src/none
cd none && ls
cd None\ There
cd "None There"
cd broken
cd -- none
cd ~/none
pushd none
cat none
cat a.txt none
cat none | grep x
cat none && ls
(cat none)
cat none 2>&1 | less
cat -n none
cat "none there"
cat src/none
cat a.txt/none
less none
less +5 none
tail -f none
tail -n 5 none
head -q none
bat none
rm none
rm a.txt none
rm -i none
rm -r none
rmdir none
mv none there
mv a.txt none src
cp none there
cp -r none there
ls none
ls -la none
chmod +x none
chown bob none
python none.py
python3 -u none.py x
bash none.sh
source ./none
. ./none
./none
./none.sh x
src/none x
sudo cat none
sudo -u bob cat none
time ./none
env A=1 python none.py
tar xf none.tar
tar -xzf none.tar.gz
unzip none
unzip none.zip
diff a.txt none
mkdir src
mkdir -p src
mkdir none src
mkdir -p src src/deep
git clone https://example.org/src.git
git clone git@example.org:me/src.git
git clone --recursive https://example.org/src
git clone --depth 1 https://example.org/src/
git clone https://example.org/x.git src
"""

Make = Callable[..., None]


@pytest.fixture
def place(tree: Path, make: Make) -> str:
    make("src/deep/", "src/x", "a.txt", "run.sh", "a.tar", "a.zip", "My Dir/", "empty/")
    (tree / "link").symlink_to("src")
    (tree / "broken").symlink_to("nowhere")
    return str(tree)


def judged(line: str, place: str) -> bool:
    return stands(line, place, Deadline(30), Files())


@pytest.mark.parametrize("line", STANDS.strip().splitlines())
def test_stands(line: str, place: str) -> None:
    assert judged(line, place)


@pytest.mark.parametrize("line", FALLS.strip().splitlines())
def test_falls(line: str, place: str) -> None:
    assert not judged(line, place)


def test_going_home_from_home_and_above_the_root(home: Path, place: str) -> None:
    assert judged("cd", place)
    assert judged("cd ~", place)
    assert not judged("cd", str(home))
    assert not judged("cd ~", str(home))
    assert not judged("cd ..", "/")


def test_cd_through_a_link_comes_back_the_way_it_came(place: str) -> None:
    assert judged("cd ..", f"{place}/link")
    assert not judged("cd ../link", f"{place}/link")
    assert not judged("cat ../a.txt", f"{place}/src/deep")


def test_with_a_search_path_for_cd_nobody_can_tell(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDPATH", "/srv")
    assert judged("cd none", place)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may look everywhere")
def test_what_may_not_be_looked_at_is_in_doubt(place: str) -> None:
    Path(place, "src").chmod(0)
    assert judged("cat src/none", place)


def test_names_that_are_not_utf_8(place: str) -> None:
    Path(place, "a\udce9").touch()
    assert judged("cat a\udce9", place)
    assert not judged("cat a\udce8", place)


@given(st.text(max_size=100))
def test_any_text_has_a_verdict(text: str) -> None:
    assert judged(text, "/") in (True, False)
