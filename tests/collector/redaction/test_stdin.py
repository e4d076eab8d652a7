"""collector/redaction/stdin.py: secrets in pipes, here-strings, here-documents and files."""

from __future__ import annotations

import pytest

from delta_learn.collector.redaction.redact import redact

S = "hunter2-Xy"
FORMS = [
    "echo {} | sudo -S apt update",
    "echo '{}' | sudo -kS ls",
    "echo -n {} | tee x | sudo -S ls",
    "printf '%s\\n' {} | sudo -S ls",
    "printf '{}\\n' | sudo -S ls",
    "sudo -S ls <<< {}",
    "sudo -S ls <<EOF\n{}\nEOF",
    "sudo -S ls <<-'EOF'\n\t{}\n\tEOF\necho done",
    "cat <<EOF | sudo -S ls\n{}\nEOF",
    "echo bob:{} | chpasswd",
    "echo 'bob:{}' | sudo chpasswd -e",
    "printf '%s:%s\\n' bob {} | chpasswd",
    "(echo {}; echo {}) | passwd bob",
    "{{ echo {}; echo {}; }} | passwd bob",
    "echo -e '{}\\n{}' | passwd bob",
    "yes {} | passwd",
    "docker login --password-stdin r <<< '{}'",
    "echo {} | tool --passphrase-fd 0",
    "echo {} | tool --key-file -",
    "kinit bob <<< {}",
    "cryptsetup open /dev/sdb1 x <<< {}",
    "read -s PW <<< {}",
    "ssh web 'echo {} | sudo -S ls'",
    "echo 'password: {}' >> c.yml",
    "echo 'user=x' 'password = {}' >> c.ini",
    'tee c.yml <<EOF\nport: 1\napi_token: "{}"\nEOF',
    "cat > .netrc <<EOF\nmachine a login b password {}\nEOF",
    "cat > .env <<'EOF'\nDB_PASSWORD={}\nEOF",
    "cat >> r.conf <<EOF\nrequirepass {}\nEOF",
    "ssh web <<EOF\nmysql -p{} shop\nEOF",
    "printf 'API_TOKEN=%s\\n' {} >> .env",
    "printf 'A=%s\\nDB_PASS=%s\\n' x {} >> .env",
    "echo {} > ~/.vault_pass",
]


@pytest.mark.parametrize("form", FORMS)
def test_the_secret_goes_and_all_else_stays(form: str) -> None:
    pieces = redact(form.format(S, S)).redacted.split("<secret:")
    rebuilt = pieces[0] + "".join(S + piece.partition(">")[2] for piece in pieces[1:])
    assert rebuilt == form.format(S, S)
    assert len(pieces) - 1 == form.count("{}")


HARMLESS = [
    "echo hello | sudo tee /etc/motd",
    "echo hello2-Xy | cat",
    "echo $PW | sudo -S ls",
    'echo "$(pass show x)" | sudo -S ls',
    "pass show x | docker login --password-stdin r",
    "sudo -S ls < pw.txt",
    "echo hello2-Xy; sudo -S ls",
    "echo hello2-Xy | cat; sudo -S ls",
    "echo hunter2-Xy | base64",
    "cat <<EOF\nhello2-Xy\nEOF",
    "cat <<< hunter2-Xy",
    "echo 'password changed' >> x.log",
    "echo 'Password:'",
    "printf '%s\\n' token >> x",
    "echo x1-yz > notes.txt",
    "echo 'bob' | chpasswd",
    "cat > c.yml <<EOF\npassword: ${PW}\nEOF",
    "cat <<EOF",
    "cat <<EOF\n",
    "cat <<",
    "| sudo -S",
    "} | passwd",
    "{ | passwd",
]


@pytest.mark.parametrize("line", HARMLESS)
def test_what_is_no_secret_stays(line: str) -> None:
    assert redact(line).redacted == line
