"""Rules: which commands destroy what nobody gets back. One line for each way, by program."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from delta_learn.surroundings.wordset import word_set

DEVICE = re.compile(
    r"/dev/(?:[shv]d[a-z]|nvme\d|mmcblk\d|disk\d|rdisk\d|xvd[a-z]|md\d|dm-\d|mapper/|loop\d|mem$|port$)"
)
"""Files that are disks, or memory."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A command is destructive when all that a rule asks for is there."""

    words: tuple[re.Pattern[str] | None, ...] = ()
    """The first operands; None stands for any number of them."""
    options: frozenset[str] = frozenset()
    """One of them has to be there; a letter also in a cluster (`-rf`), a long one also with a value."""
    operand: re.Pattern[str] | None = None
    """One of the operands behind `words` is such."""
    text: re.Pattern[str] | None = None
    """Is found in an argument, be it an option's value, or in all of them together."""
    least: int = 0
    """Operands behind `words`."""
    unless: frozenset[str] = frozenset()
    """Options with which it does nothing, or asks first."""


def rule(
    words: str = "", options: str = "", *, operand: str = "", text: str = "", least: int = 0, unless: str = ""
) -> Rule:
    """A rule; words and options are parted by spaces; words are patterns, `...` any number of words."""
    return Rule(
        tuple(None if word == "..." else re.compile(word) for word in words.split()),
        word_set(options),
        re.compile(operand) if operand else None,
        re.compile(text, re.IGNORECASE) if text else None,
        least,
        word_set(unless),
    )


_ROOTS = r"(?:/|~|\$HOME|\$\{HOME\}|/\*|~/\*|/(?:bin|boot|dev|etc|home|lib|opt|root|sbin|srv|sys|usr|var))/?"
"""Directories with everything of a person or of the machine below them."""

_DRY = "-n --dry-run"
_SQL = rule(text=r"\b(?:drop\s+(?:table|database|schema|index|view|user|role|column)\b|truncate\s"
                 r"|delete\s+from\s+[^\s;]+\s*(?:;|$)|alter\s+table\s.*\bdrop\b)")  # fmt: skip
_CONTAINERS = (
    rule("(?:system|container|image|volume|network|builder|buildx|pod) prune"),
    rule("rm|rmi", "-f --force -v --volumes"),
    rule("(?:container|image|pod|network) (?:rm|remove)", "-f --force"),
    rule("(?:volume|secret|config|stack|machine) (?:rm|remove)"),
    rule("compose ... (?:down|rm)", "-v --volumes -f --force --rmi"),
    rule("swarm leave", "-f --force"),
)
_INFRASTRUCTURE = (
    rule("destroy"),
    rule("apply", "-destroy --destroy -auto-approve --auto-approve"),
    rule("state (?:rm|push)"),
    rule("workspace delete"),
)
_POWER = (rule(unless="--help -c --show -w"),)
_PARTITIONS = (rule(least=1, unless="-l --list -p --print --dump -d --help -V"),)
_OWNERS = (rule("", "-R --recursive", operand=_ROOTS),)
_USERS = (rule(least=1),)

_TABLE: tuple[tuple[str, tuple[Rule, ...]], ...] = (
    ("rm", (
        rule("", "-f --force"),
        rule("", "-r -R --recursive", unless="-i -I --interactive"),
        rule("", operand=r".*[*?\[{].*", unless="-i -I --interactive"),
        rule(least=2, unless="-i -I --interactive"),
    )),
    ("shred srm wipe", (rule(least=1),)),
    ("dd", (rule(operand=r"of=(?!/dev/(?:null|stdout|stderr|zero)$).+"),)),
    ("mkfs mke2fs mkswap wipefs blkdiscard mkdosfs mkntfs badblocks", (rule(least=1, unless="-n --no-act"),)),
    ("fdisk sfdisk gdisk sgdisk cfdisk parted partprobe", _PARTITIONS),
    ("cryptsetup", (rule("luksFormat|luksErase|erase|luksKillSlot|luksRemoveKey"),)),
    ("lvremove vgremove pvremove lvreduce", (rule(least=1),)),
    ("zfs zpool", (rule("destroy|rollback|labelclear"),)),
    ("btrfs", (rule("subvolume delete"), rule("su.* d.*"))),
    ("mdadm", (rule("", "--zero-superblock --stop --remove"),)),
    ("nvme", (rule("format|sanitize"),)),
    ("hdparm", (rule("", "--security-erase --security-erase-enhanced --trim-sector-ranges"),)),
    ("diskutil", (rule("erase.*|partitionDisk|zeroDisk|secureErase"), rule("apfs delete.*"))),
    ("truncate", (rule("", "-s --size", least=1),)),
    ("tee cp mv", (rule(operand=DEVICE.pattern + ".*"),)),
    ("mv", (rule(operand="/dev/null"),)),
    ("chmod chown chgrp", _OWNERS),
    ("find", (rule("", "-delete"), rule("", "-fprint -fprintf -fls"))),
    ("rsync", (rule("", "--delete --delete-after --delete-before --delete-during --delete-delay --delete-excluded"
                        " --remove-source-files", unless=_DRY),)),
    ("rclone", (rule("delete|purge|sync|cleanup", unless=f"{_DRY} -i --interactive"),)),
    ("tar", (rule("", "--remove-files"),)),
    ("zip", (rule("", "-m --move"),)),
    ("git", (
        rule("push", "-f --force --force-with-lease --force-if-includes --mirror --delete -d --prune", unless=_DRY),
        rule("push", operand=r"\+.+|:.+", unless=_DRY),
        rule("reset", "--hard --merge"),
        rule("clean", "-f --force", unless=f"{_DRY} -i --interactive"),
        rule("checkout", "-f --force -B --"),
        rule("checkout", operand=r"\.|:/|\*"),
        rule("switch", "-f --force --discard-changes -C --force-create"),
        rule("restore", "-W --worktree"),
        rule("restore", least=1, unless="-S --staged"),
        rule("branch", "-D -f --force -M -C"),
        rule("stash (?:drop|clear)"),
        rule("rm", "-f --force", unless=f"{_DRY} --cached"),
        rule("reflog (?:expire|delete)", unless=_DRY),
        rule("prune", unless=_DRY),
        rule("gc", "--prune"),
        rule("filter-branch|filter-repo"),
        rule("update-ref", "-d"),
        rule("worktree remove", "-f --force"),
        rule("submodule deinit", "-f --force"),
        rule("lfs prune", "-f --force"),
    )),
    ("hg", (rule("purge|strip"), rule("(?:update|up|checkout|revert)", "-C --clean -a --all"))),
    ("svn", (rule("revert", "-R --recursive"), rule("rm|delete|remove", "--force"))),
    ("gh glab", (rule(".+ delete"),)),
    ("docker podman nerdctl", _CONTAINERS),
    ("docker-compose podman-compose", (rule("down|rm", "-v --volumes -f --force --rmi"),)),
    ("kubectl oc k", (
        rule("delete|drain", unless="--dry-run"),
        rule("replace", "--force", unless="--dry-run"),
    )),
    ("helm", (rule("uninstall|delete|del|un", unless="--dry-run"),)),
    ("terraform tofu terragrunt", _INFRASTRUCTURE),
    ("pulumi", (rule("destroy|cancel"), rule("stack rm"), rule("up", "-y --yes"))),
    ("vagrant", (rule("destroy"), rule("box remove"))),
    ("minikube kind k3d", (rule("delete"),)),
    ("virsh", (rule("undefine|destroy|vol-delete|pool-delete"),)),
    ("lxc incus", (rule("delete|rm"),)),
    ("aws", (
        rule("s3 rm", "--recursive", unless="--dryrun"),
        rule("s3 rb"),
        rule("s3 sync", "--delete", unless="--dryrun"),
        rule("(?!s3$)[a-z0-9-]+ (?:delete|terminate|purge|deregister)-.+", unless="--dry-run"),
    )),
    ("gcloud az doctl hcloud linode-cli fly flyctl", (rule("... (?:delete|destroy|purge)"),)),
    ("gsutil", (rule("rm|rb"), rule("rsync", "-d"))),
    ("heroku", (rule(".*:(?:destroy|reset|delete|remove)"),)),
    ("npm yarn pnpm", (rule("unpublish"),)),
    ("conda mamba", (rule("remove", "--all"), rule("env remove"))),
    ("psql mysql mariadb sqlite3 cockroach clickhouse-client duckdb usql pgcli mycli sqlcmd sqlplus bq", (_SQL,)),
    ("dropdb dropuser", (rule(least=1),)),
    ("mysqladmin", (rule("drop", least=1), rule(operand="drop"))),
    ("mongo mongosh", (rule(text=r"\.drop(?:Database)?\(|\.deleteMany\(\s*\{\s*\}|\.remove\(\s*\{?\s*\}?\s*\)"),)),
    ("redis-cli", (rule(operand="(?i:flushall|flushdb)"),)),
    ("rails rake", (rule("db:(?:drop|reset|purge|migrate:reset|setup|schema:load).*"),)),
    ("artisan", (rule("migrate:(?:fresh|reset|refresh)|db:wipe"),)),
    ("manage.py", (rule("flush|reset_db"),)),
    ("alembic", (rule("downgrade"),)),
    ("kill", (rule(text=r"\S -1$"),)),
    ("killall pkill", (rule("", "-u --user -U"),)),
    ("shutdown reboot poweroff halt", _POWER),
    ("init telinit", (rule("[06]"),)),
    ("systemctl loginctl", (rule("poweroff|reboot|halt|kexec|soft-reboot|terminate-user|kill-user"),)),
    ("userdel deluser groupdel delgroup", _USERS),
    ("crontab", (rule("", "-r", unless="-i"),)),
    ("history", (rule("", "-c"),)),
    ("iptables ip6tables", (rule("", "-F -X --flush --delete-chain"),)),
    ("nft", (rule("flush|delete|destroy"),)),
    ("ufw", (rule("reset|disable"), rule("", "--force", operand="reset|disable"))),
    ("apt apt-get dnf yum pacman zypper", (rule("(?:purge|remove|autoremove|erase)", "-y --yes --assume-yes"),)),
    ("gpg gpg2", (rule("", "--delete-keys --delete-secret-keys --delete-key --delete-secret-key "
                           "--delete-secret-and-public-key"),)),
    ("pass gopass", (rule("rm|remove|delete"),)),
    ("delta-learn", (rule("forget"),)),
)  # fmt: skip


def _by_program() -> Mapping[str, tuple[Rule, ...]]:
    found: dict[str, tuple[Rule, ...]] = {}
    for names, rules in _TABLE:
        for name in names.split():
            found[name] = (*found.get(name, ()), *rules)
    return found


RULES = _by_program()

_FAMILIES = re.compile(r"(mkfs)\..+|(terraform|tofu)[\d.-]+")
"""Programs with a variant in their name."""

VALUED: Mapping[str, frozenset[str]] = {
    "git": word_set("-C -c --git-dir --work-tree --namespace"),
    "docker": word_set("-H --host --context -c --config -l --log-level"),
    "podman": word_set("-c --connection --url --log-level"),
    "kubectl": word_set("-n --namespace --context --kubeconfig --cluster --user -s --server --as"),
    "oc": word_set("-n --namespace --context --kubeconfig --cluster --user -s --server"),
    "k": word_set("-n --namespace --context --kubeconfig --cluster --user"),
    "helm": word_set("-n --namespace --kube-context --kubeconfig"),
    "aws": word_set("--profile --region --output --endpoint-url --query"),
    "gcloud": word_set("--project --account --configuration --format"),
    "docker-compose": word_set("-f --file -p --project-name --profile --env-file --project-directory"),
    "podman-compose": word_set("-f --file -p --project-name"),
    "systemctl": word_set("-H --host -M --machine -t --type"),
    "redis-cli": word_set("-h -p -a -n -u"),
    "mysqladmin": word_set("-h -P -u --host --port --user"),
}
"""Options before a program's first operand whose value is the next word."""


def rules_of(name: str) -> Iterator[Rule]:
    """The rules of a program."""
    family = _FAMILIES.fullmatch(name)
    yield from RULES.get((family[1] or family[2]) if family else name, ())
