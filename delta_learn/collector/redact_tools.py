"""Where tools take secrets, beyond options whose name says so: one line a tool, from their manual pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Tool:
    """The grammar of one tool, as far as secrets go."""

    value: tuple[str, ...] = ()
    """Options whose secret is the next word."""
    glued: tuple[str, ...] = ()
    """Options whose secret follows in the same word: `-pSECRET`."""
    login: Mapping[str, str] = field(default_factory=dict)
    """Options whose value is a user and a secret, with what stands between them: `-u user:SECRET`."""
    position: int = 0
    """Which positional argument is the secret, from 1; 0 for none."""
    named: bool = False
    """Sets variables: a word that names a secret is followed by it."""
    harmless: tuple[str, ...] = ()
    """Options that look like the others and hold no secret."""
    wrapper: bool = False
    """Runs another command: its own options end at the first word that is none."""


_MYSQL = Tool(glued=("-p",), harmless=("-print", "-print0", "-prune"))
_MONGO = Tool(value=("-p",))
_LDAP = Tool(value=("-w",))
_LOGIN = Tool(value=("-p",))
_SAMBA = Tool(login={"-U": "%", "--user": "%"})
_ARCHIVE = Tool(glued=("-p", "-hp"))
_SETTER = Tool(named=True)
_SECRET_STORE = Tool(harmless=("--secret", "--secret-id"))
_PROMPTS = Tool(harmless=("--password",))
_POSITION_1 = Tool(position=1)
_POSITION_2 = Tool(position=2)

TOOLS: Mapping[str, Tool] = {
    "mysql": _MYSQL,
    "mysqldump": _MYSQL,
    "mysqladmin": Tool(glued=("-p",), named=True),
    "mysqlimport": _MYSQL,
    "mysqlshow": _MYSQL,
    "mysqlcheck": _MYSQL,
    "mysqlbinlog": _MYSQL,
    "mysqlsh": _MYSQL,
    "mariadb": _MYSQL,
    "mariadb-dump": _MYSQL,
    "mariadb-admin": Tool(glued=("-p",), named=True),
    "mycli": _MYSQL,
    "mongo": _MONGO,
    "mongosh": _MONGO,
    "mongodump": _MONGO,
    "mongorestore": _MONGO,
    "mongoexport": _MONGO,
    "mongoimport": _MONGO,
    "cqlsh": _MONGO,
    "sqlcmd": Tool(value=("-P",), glued=("-P",)),
    "bcp": Tool(value=("-P",), glued=("-P",)),
    "redis-cli": Tool(value=("-a",)),
    "sshpass": Tool(value=("-p",), glued=("-p",), wrapper=True),
    "plink": Tool(value=("-pw",)),
    "pscp": Tool(value=("-pw",)),
    "psftp": Tool(value=("-pw",)),
    "ldapsearch": _LDAP,
    "ldapmodify": _LDAP,
    "ldapadd": _LDAP,
    "ldapdelete": _LDAP,
    "ldapwhoami": _LDAP,
    "ldappasswd": Tool(value=("-w", "-s", "-a")),
    "smbclient": _SAMBA,
    "rpcclient": _SAMBA,
    "smbget": _SAMBA,
    "net": _SAMBA,
    "wbinfo": _SAMBA,
    "crackmapexec": _LOGIN,
    "netexec": _LOGIN,
    "nxc": _LOGIN,
    "smbmap": _LOGIN,
    "evil-winrm": _LOGIN,
    "rdesktop": Tool(value=("-p",)),
    "xfreerdp": Tool(glued=("/p:",)),
    "wlfreerdp": Tool(glued=("/p:",)),
    "lftp": Tool(login={"-u": ",", "--user": ","}),
    "ncftp": _LOGIN,
    "curl": Tool(login={"-u": ":", "--user": ":", "-U": ":", "--proxy-user": ":", "-b": "=", "--cookie": "="}),
    "http": Tool(login={"-a": ":", "--auth": ":"}),
    "https": Tool(login={"-a": ":", "--auth": ":"}),
    "xh": Tool(login={"-a": ":", "--auth": ":"}),
    "docker login": _LOGIN,
    "podman login": _LOGIN,
    "nerdctl login": _LOGIN,
    "skopeo login": _LOGIN,
    "buildah login": _LOGIN,
    "registry login": _LOGIN,
    "az login": _LOGIN,
    "oc login": _LOGIN,
    "cf login": _LOGIN,
    "atuin login": Tool(value=("-p", "-k")),
    "doctl auth": Tool(value=("-t",)),
    "7z": _ARCHIVE,
    "7za": _ARCHIVE,
    "7zz": _ARCHIVE,
    "rar": _ARCHIVE,
    "unrar": _ARCHIVE,
    "zip": Tool(value=("-P",), glued=("-P",)),
    "unzip": Tool(value=("-P",), glued=("-P",)),
    "openssl": Tool(value=("-k",)),
    "ssh-keygen": Tool(value=("-N", "-P")),
    "steghide": Tool(value=("-p",)),
    "mosquitto_pub": Tool(value=("-P",)),
    "mosquitto_sub": Tool(value=("-P",)),
    "x11vnc": Tool(value=("-passwd",)),
    "set": _SETTER,
    "setx": _SETTER,
    "git config": _SETTER,
    "aws configure": _SETTER,
    "npm config": _SETTER,
    "yarn config": _SETTER,
    "poetry config": _SETTER,
    "composer config": _SETTER,
    "nmcli": _SETTER,
    "rclone": _SETTER,
    "alias set": Tool(position=4),
    "htpasswd": Tool(position=3),
    "wpa_passphrase": _POSITION_2,
    "bw unlock": _POSITION_1,
    "vault login": _POSITION_1,
    "wandb login": _POSITION_1,
    "snyk auth": _POSITION_1,
    "ngrok authtoken": _POSITION_1,
    "config add-authtoken": _POSITION_1,
    "rabbitmqctl add_user": _POSITION_2,
    "rabbitmqctl change_password": _POSITION_2,
    "bitcoin-cli importprivkey": _POSITION_1,
    "aws": _SECRET_STORE,
    "docker": _SECRET_STORE,
    "gcloud": _SECRET_STORE,
    "podman": _SECRET_STORE,
    "gpg": Tool(harmless=("--delete-secret-key", "--export-secret-key")),
    "psql": _PROMPTS,
    "pg_dump": _PROMPTS,
    "pg_dumpall": _PROMPTS,
    "pg_restore": _PROMPTS,
    "pg_basebackup": _PROMPTS,
    "createdb": _PROMPTS,
    "dropdb": _PROMPTS,
    "zenity": _PROMPTS,
    "kdialog": _PROMPTS,
    "alias": Tool(harmless=("pwd",)),
}
"""By base name of the program, or the program's word before and the subcommand: one line a tool."""
