"""A hundred secrets, typed into real shells in every place: after drain, training and prediction none is anywhere."""

from __future__ import annotations

import base64
import json
import os
import random
import shutil
import string
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgpack
import pytest

from delta_learn.collector.sample.generator import sample_entries
from delta_learn.collector.store import Store
from delta_learn.paths import Paths
from delta_learn.serving.prediction import open_predictor, present_context
from delta_learn.storage.blockfile import BlockReader
from delta_learn.storage.seal import Keyring

pytestmark = pytest.mark.slow

SHELLS = [name for name in ("zsh", "bash") if shutil.which(name)]
ENTRIES = 600
SETTINGS = {
    "train": {"max_epochs": 1, "min_entries": 600, "max_seconds": 5.0},
    "collect": {"environment": ["DB_PASSWORD", "AWS_PROFILE", "SERVICE_URL"]},
}
LINES = """\
mysql -uroot -p@ shop
mysqldump --password=@ shop | gzip
PGPASSWORD=@ psql -h db shop
psql postgresql://ann:@@db.example.org/shop
redis-cli -a @ ping
mongosh 'mongodb://ann:@@host/shop'
curl -u ann:@ https://example.org/api
curl -H 'Authorization: Bearer @' https://example.org/api
curl -H "X-Api-Key: @" https://example.org/api
curl -d '{"user":"ann","password":"@"}' https://example.org/login
curl 'https://example.org/api?token=@&page=2'
wget --user=ann --password=@ https://example.org/file
http -a ann:@ https://example.org/api
git clone https://ann:@@git.example.org/shop.git
git remote set-url origin https://oauth2:@@git.example.org/shop.git
export API_TOKEN=@
export DEPLOY_PASSWORD='@'
declare -x CLIENT_SECRET=@
SECRET_KEY=@ ./manage.py runserver
env DB_PASSWORD=@ ./deploy
sshpass -p @ ssh ann@example.org
sshpass -p@ scp file ann@example.org:
ldapsearch -x -D cn=admin -w @ -b dc=example
smbclient //host/share -U ann%@
docker login -u ann -p @ registry.example.org
echo @ | docker login -u ann --password-stdin registry.example.org
echo @ | sudo -S ls /root
sudo -S ls <<< @
echo 'ann:@' | sudo chpasswd
printf '%s\\n' @ | sudo -S id
openssl enc -aes-256-cbc -pass pass:@ -in a -out b
openssl rsa -in key.pem -passin pass:@
gpg --batch --passphrase @ -c notes
7z x -p@ backup.7z
zip -P @ backup.zip notes
unzip -P @ backup.zip
ansible-playbook site.yml -e 'db_password=@'
kubectl create secret generic db --from-literal=password=@
helm upgrade shop ./chart --set db.password=@
aws configure set aws_secret_access_key @
vault login @
npm config set //registry.npmjs.org/:_authToken=@
twine upload -u ann -p @ dist/shop.whl
cat <<EOF >/dev/null{}password: @{}EOF
for h in a b; do{}  API_TOKEN=@ true $h{}done
htpasswd -b -c users ann @
nosuchtool --password @ --now
mount -t cifs //host/share /mnt -o username=ann,password=@
""".splitlines()


def secrets_of(shell: str) -> list[str]:
    rng = random.Random(f"delta_learn {shell}")
    # Of human shape: three kinds of characters, no word of any language in it.
    return [
        "".join(
            rng.sample(string.ascii_lowercase, 6) + rng.sample(string.ascii_uppercase, 3) + rng.sample("23456789", 3)
        )
        for _ in range(len(LINES) + 2)
    ]


def script(shell: str, root: Path) -> str:
    *typed, place, variable = secrets_of(shell)
    lines = [
        line.replace("@@", f"{secret}@").replace("@", secret, 0 if "@@" in line else 1).replace("{}", "\n")
        for line, secret in zip(LINES, typed, strict=True)
    ]
    directory = root / f"password={place}"
    return "\n".join(
        [
            *lines,
            f"mkdir '{directory}'",
            f"cd '{directory}'",
            "ls",
            "make",
            f"export DB_PASSWORD={variable}",
            "make",
            "exit",
        ]
    )


@pytest.fixture(scope="module")
def person(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    root = tmp_path_factory.mktemp("person")
    (root / "home" / "training").mkdir(parents=True, mode=0o700)
    (root / "home" / "training" / "config.json").write_text(json.dumps(SETTINGS))
    lines = (json.dumps({"command": e.command, "timestamp": e.timestamp}) for e in sample_entries(ENTRIES, seed=7))
    (root / "sample.jsonl").write_text("\n".join(lines))
    (root / "bin").mkdir()
    for tool in ("mkdir", "cat"):  # nothing else that is typed is there to do anything
        (root / "bin" / tool).symlink_to(shutil.which(tool) or f"/bin/{tool}")
    delta(root, "install")
    for shell in SHELLS:
        type_into(shell, root)
    delta(root, "import", str(root / "sample.jsonl"))
    delta(root, "train")
    (version,) = json.loads(delta(root, "models", "list", "--json"))
    delta(root, "models", "deploy", version["version"])
    yield root


def type_into(shell: str, root: Path) -> None:
    program = str(shutil.which(shell))
    text = script(shell, root).encode()
    nothing = subprocess.DEVNULL
    only = environment(root) | {"PATH": str(root / "bin")}
    subprocess.run([program, "-i"], input=text, env=only, cwd=root, stdout=nothing, stderr=nothing, check=False)


def environment(root: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(root),
        "DELTA_HOME": str(root / "home"),
        "DELTA_STATE_HOME": str(root / "state"),
        "TMPDIR": str(root),
        "TERM": "dumb",
        "SERVICE_URL": f"https://ann:{secrets_of('zsh')[-1]}@example.org",
    }


def delta(root: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "delta_learn", *arguments]
    done = subprocess.run(command, env=environment(root), capture_output=True, text=True, check=True)
    return done.stdout


def spellings(secret: str) -> Iterator[bytes]:
    """As it stands, in hexadecimal, and in base64 wherever it begins in a group of three bytes."""
    plain = secret.encode()
    yield plain
    yield plain.hex().encode()
    for offset in range(3):
        yield base64.b64encode(bytes(offset) + plain)[4 if offset else 0 :][:12]


def planted() -> list[bytes]:
    return [spelling for shell in SHELLS for secret in secrets_of(shell) for spelling in spellings(secret)]


def test_the_commands_are_kept_in_their_shape(person: Path) -> None:
    kept = [json.loads(line) for line in delta(person, "review", "-n", "10000", "--json").splitlines()]
    rows = kept[0]["entries"] if isinstance(kept[0], dict) and "entries" in kept[0] else kept[0]
    typed = [row for row in rows if row["source"] == "typed"]
    assert len(typed) >= len(SHELLS) * (len(LINES) + 6)
    assert sum("<secret:" in row["command"] for row in typed) >= len(SHELLS) * (len(LINES) - 2)
    assert len(SHELLS) < 2 or len(planted()) >= 5 * 100


def test_no_file_holds_one(person: Path) -> None:
    needles = planted()
    for path in (p for root in ("home", "state") for p in (person / root).rglob("*") if p.is_file()):
        data = path.read_bytes()
        assert not [needle for needle in needles if needle in data], path.name


def test_no_block_holds_one_when_it_is_opened(person: Path) -> None:
    keyring = Keyring.load(Paths(person / "home", person / "state").key)
    needles, opened = planted(), 0
    for path in (p for root in ("home", "state") for p in (person / root).rglob("*.bin") if not p.is_symlink()):
        kind = {"raw": "raw", "processed": "tokens", "models": "model", "state": "state"}.get(path.parent.name)
        if kind is None:
            continue
        with BlockReader(path, kind=kind, keyring=keyring) as reader:  # type: ignore[arg-type]
            for block in reader.blocks():
                plain = msgpack.packb(block, unicode_errors="surrogateescape")
                assert not [needle for needle in needles if needle in plain], path.name
                opened += 1
    assert opened > 10


def test_none_is_ever_suggested(person: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(person))
    store = Store.open(Paths(person / "home", person / "state"))
    predictor, past = open_predictor(store), store.entries()
    needles, suggested = planted(), 0
    for prefix in ("", *(line.split("@")[0].split("{}")[0] for line in LINES)):
        said = predictor.suggest(prefix, present_context(past, None, None, here=str(person)), 20)
        assert not [n for n in needles for s in said if n in s.command.encode("utf-8", "surrogateescape")]
        suggested += len(said)
    assert suggested > 20
