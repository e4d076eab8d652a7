"""collector/redaction/grammar.py: the secret goes, everything else stays, and the line keeps its shape."""

from __future__ import annotations

import shlex

import pytest

from delta_learn.collector.redaction.redact import Redaction, redact


def private_key() -> str:
    """The frame of a key, assembled so that it doesn't stand in this file."""
    kind = "OPENSSH PRI" + "VATE KEY"
    return f"-----BEGIN {kind}-----\\n{{}}\\n-----END {kind}-----"


S = "hunter2-Xy"
COMMANDS: list[tuple[str, str]] = [
    # user information in URLs: only the password
    ("git clone https://bob:{}@git.example.com/a.git", "password"),
    ("psql postgres://app:{}@db:5432/app?sslmode=require", "password"),
    ("redis-cli -u redis://:{}@cache:6379/0", "password"),
    ("export DATABASE_URL='mysql://root:{}@127.0.0.1/app'", "password"),
    ("curl https://example.com/a https://u:{}@example.com/b@c", "password"),
    # assignments
    ("export API_TOKEN={}", "token"),
    ("DB_PASSWORD={} ./run", "password"),
    ("PGPASSWORD={} psql -h db", "password"),
    ("MYSQL_PWD={} mysql -u root", "password"),
    ("env GH_TOKEN={} gh pr list", "token"),
    ("export CLIENT_SECRET='{}'", "secret"),
    ('API_KEY="{}" node a.js', "key"),
    ("AWS_SECRET_ACCESS_KEY={} aws s3 ls", "key"),
    ("stripe_key={} ./pay", "key"),
    ("declare -x api_token={}", "token"),
    ("docker run -e POSTGRES_PASSWORD={} -d postgres:16", "password"),
    ("docker run --env=REDIS_PASSWORD={} redis", "password"),
    ("java -Ddb.password={} -jar a.jar", "password"),
    ("make && export TOKEN={} && make push", "token"),
    ("echo 'export NPM_TOKEN={}' >> ~/.bashrc", "token"),
    ("ssh web \"sh -c 'DB_PASSWORD={} ./run'\"", "password"),
    ("mount -t cifs -o username=bob,password={},uid=1000 //nas/a /mnt", "password"),
    ("sed -i 's/^DB_PASSWORD=.*/DB_PASSWORD={}/' .env", "password"),
    ("curl 'https://example.com/?api_key={}&page=2'", "key"),
    ("cmd=$(TOKEN={} ./get)", "token"),
    ("set -gx NPM_TOKEN {}", "token"),
    ("aws configure set aws_secret_access_key {} --profile dev", "key"),
    # options by name
    ("tool --password {} file", "password"),
    ("tool --password={} file", "password"),
    ("tool --password '{}' file", "password"),
    ('tool --password="{}" file', "password"),
    ("tool '--password={}' file", "password"),
    ("tool --passwd {}", "password"),
    ("tool --token {}", "token"),
    ("tool --secret {}", "secret"),
    ("tool --api-key {}", "key"),
    ("tool --api-key={}", "key"),
    ("tool --client-secret {}", "secret"),
    ("tool -passwd {}", "password"),
    ("tool \\\n  --token {} \\\n  run", "token"),
    ("mysql -u root \\\n  -p{} \\\n  shop", "password"),
    ("openssl rsa -in k.pem -passin pass:{} -out p.pem", "password"),
    # headers
    ("curl -H 'Authorization: Bearer {}' https://example.com", "authorization"),
    ('curl -H "authorization: bearer {}" https://example.com', "authorization"),
    ("curl -H 'Authorization: Basic {}' https://example.com", "authorization"),
    ("curl --header='Authorization: {}' https://example.com", "authorization"),
    ("http example.com Authorization:'token {}'", "authorization"),
    ("curl -H 'X-Api-Key: {}' https://example.com", "api-key"),
    ("curl -H 'PRIVATE-TOKEN: {}' https://example.com", "token"),
    ("curl -H 'X-Auth-Token:{}' https://example.com", "token"),
    ("curl -H 'Cookie: session={}; theme=dark' https://example.com", "cookie"),
    ('curl -d \'{{"user": "bob", "password": "{}"}}\' https://example.com', "password"),
    ('curl -d "{{\\"api_token\\":\\"{}\\"}}" https://example.com', "token"),
    # tools
    ("curl -u bob:{} https://example.com", "password"),
    ("curl -sSLu bob:{} https://example.com", "password"),
    ("curl --user 'bob:{}' https://example.com", "password"),
    ("mysql -u root -p{} shop", "password"),
    ("mysql -uroot -p'{}' shop", "password"),
    ("sudo mysqldump -u root -p{} shop > shop.sql", "password"),
    ("docker exec -it db mysql -uroot -p{} shop", "password"),
    ("find . -name '*.sql' | xargs mysql -p{} shop", "password"),
    ("/usr/bin/mysql -p{}", "password"),
    ("sshpass -p {} ssh -p 2222 bob@host", "password"),
    ("sshpass -p'{}' scp a bob@host:", "password"),
    ("ldapsearch -x -D cn=admin -w {} -b dc=ex", "password"),
    ("docker login -u acme -p {} registry.example.com", "password"),
    ("smbclient //nas/a -U 'bob%{}'", "password"),
    ("wpa_passphrase home {}", "password"),
    ("mysql -e \"ALTER USER app IDENTIFIED BY '{}'\"", "password"),
    ("echo '" + private_key() + "' > id", "private-key"),
]


@pytest.mark.parametrize(("command", "kind"), COMMANDS, ids=[c for c, _ in COMMANDS])
def test_a_secret_told_by_its_command_goes_and_nothing_else(command: str, kind: str) -> None:
    found = redact(command.format(S))
    placeholder = f"<secret:{kind}>"
    expected = command.format(placeholder)
    if kind == "cookie":
        expected = "curl -H 'Cookie: <secret:cookie>' https://example.com"
    if kind == "private-key":
        expected = expected.replace("\\n-----END", "-----END")
    assert found.redacted == expected
    assert [span.kind for span in found.spans] == [kind]


@pytest.mark.parametrize("command", [c for c, _ in COMMANDS], ids=[c for c, _ in COMMANDS])
@pytest.mark.parametrize("secret", ["hunter2", "a$b-c/9", "two\\ words7", "tr0ub4dor&3", "x" * 300 + "1"])
def test_a_redacted_line_keeps_its_shape(command: str, secret: str) -> None:
    line = command.format(secret)
    before, after = shlex.split(line), shlex.split(redact(line).redacted)
    assert len(after) == len(before)
    for word, redacted in zip(before, after, strict=True):
        kept, mark, _ = redacted.partition("<secret:")
        assert word.startswith(kept) if mark else word == redacted


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("tool --password 'two words' x", "tool --password '<secret:password>' x"),
        ('export DB_PASSWORD="two words"', 'export DB_PASSWORD="<secret:password>"'),
        ("export DB_PASSWORD=two\\ words", "export DB_PASSWORD=<secret:password>"),
        ("export DB_PASSWORD=$'two\\nlines'", "export DB_PASSWORD=$'<secret:password>'"),
        ("export DB_PASSWORD='it'\"'\"'s'", "export DB_PASSWORD=<secret:password>"),
        ("echo 'API_TOKEN=hunter2 'more x", "echo 'API_TOKEN=<secret:token>'more x"),
        ("curl -u 'bob:two words' https://e.com", "curl -u 'bob:<secret:password>' https://e.com"),
        ("mysql -p'two words' shop", "mysql -p'<secret:password>' shop"),
        ("mysql --password='$ecret7'", "mysql --password='<secret:password>'"),
        ("mysql --password='$ecret&more'", "mysql --password='<secret:password>'"),
    ],
)
def test_quotes_stay_around_what_they_held(line: str, expected: str) -> None:
    assert redact(line).redacted == expected


HARMLESS = [
    # references
    "export TOKEN=$TOKEN",
    "export TOKEN=${TOKEN}",
    'export TOKEN="${TOKEN:-}"',
    "export TOKEN=$(pass show api/token)",
    'export TOKEN="$(pass show api/token)"',
    "export TOKEN=`cat token`",
    'curl -H "Authorization: Bearer $TOKEN" https://example.com',
    'curl -H "X-Api-Key: ${API_KEY}" https://example.com',
    'curl -u "$USER:$PASS" https://example.com',
    'mysql -u root -p"$MYSQL_PWD" shop',
    "git clone https://bob:$GH_TOKEN@github.com/acme/app",
    "git clone https://bob:${GH_TOKEN}@github.com/acme/app",
    "ssh web 'mysql -p$MYSQL_PWD'",
    "envsubst '$DB_PASSWORD' < a > b",
    "openssl rsa -in k.pem -passin env:PASS",
    "openssl rsa -in k.pem -passin file:pw.txt",
    "DB_PASSWORD_FILE=/run/secrets/db docker compose up",
    "SSH_KEY=~/.ssh/id_ed25519 ./deploy",
    "TLS_KEY=/etc/ssl/private/a.pem ./serve",
    "API_KEY=op://vault/item/key op run -- ./serve",
    # places to fill in
    "tool --password <password>",
    "tool --password '<password>'",
    "export API_KEY=<your-api-key>",
    "export API_KEY=YOUR_API_KEY",
    "export API_KEY='***'",
    "export API_KEY=xxxx",
    "export TOKEN=<secret:token>",
    "curl -u<secret:github> https://example.com",
    "mysql -p<secret:password> shop",
    "TOKEN= make",
    "TOKEN='' make",
    "tool --token",
    "tool --token ''",
    # no value, or not a secret
    "docker login -u acme --password-stdin",
    "tool --password-file pw.txt",
    "tool --no-password file.txt --token-type bearer",
    "tool --next-token abc123 --sort-key name",
    "PRIMARY_KEY=user_id PAD_TOKEN=eos ./load",
    "tool --password=true --token none",
    "tool --password --verbose",
    "tool --token | less",
    "tool --password < pw.txt",
    "gh auth login --with-token < token.txt",
    "mysql -u root -p",
    "mysql -u root -p shop",
    "mysql -u root --port=3306 --protocol=tcp",
    "find / -name mysql -print",
    "psql -h db --password",
    "docker run -p 8080:80 -u 1000:1000 mysql",
    "ssh -p 2222 bob@host",
    "mkdir -p src/token",
    "curl -u bob https://example.com",
    "git commit -m 'fix --password handling, TOKEN=abc123 too'",
    "git clone git@github.com:acme/app.git",
    "ssh://git@host:22/x",
    "curl http://localhost:8080/a@b",
    "grep -rn password src/",
    "python train.py --max-tokens 4096 --tokenizer bpe",
    "export TOKENIZERS_PARALLELISM=false SECRET_KEY_LENGTH=32",
    "alias pwd='pwd -P'",
    "gcloud secrets versions access latest --secret=prod-db",
    "sort --key=2,3 file",
    "git show 3f786850e387550fdab836ed7e6dc881de23001b",
    "docker pull nginx@sha256:" + "0f" * 32,
    "ls -la",
    "",
    "'",
    '"',
    "\\",
    "`",
    "$(",
]


@pytest.mark.parametrize("line", HARMLESS)
def test_what_is_no_secret_stays(line: str) -> None:
    assert redact(line) == Redaction(line, line, ())


def test_a_script_of_several_lines_is_read_line_by_line() -> None:
    line = f"cat > .env <<EOF\nDB_PASSWORD={S}\nDEBUG=1\nEOF\nmysql -p{S}\n"
    assert redact(line).redacted == line.replace(S, "<secret:password>")


@pytest.mark.parametrize("command", ["sshpass -p {} ssh h", "ldapsearch -x -w {}", "tool --password {}"])
def test_a_password_may_begin_with_a_dash(command: str) -> None:
    assert redact(command.format("-Zk7" + "qQx81wB")).redacted == command.format("<secret:password>")


@pytest.mark.parametrize("command", ["ldapsearch -w -x", "sshpass -p -v ssh h", "tool --password --User1-of-All"])
def test_an_option_is_no_password(command: str) -> None:
    assert redact(command).redacted == command
