"""Archives, encryption, accounts, wallets and the shell itself: where they take secrets, one line a tool."""

from __future__ import annotations

from collections.abc import Mapping

from delta_learn.collector.redaction.tool import Tool

_FIRST = Tool(wrapper="first", only_first=True)
_WRAPPER = Tool(wrapper="any")
_PDF = Tool(value=("-upw", "-opw"))

SYSTEM_TOOLS: Mapping[str, Tool] = {
    # archives and documents
    "7z|7za|7zz|7zr|7zzs|p7zip": Tool(glued=("-p",)),
    "rar|unrar": Tool(glued=("-p", "-hp")),
    "zip|unzip|zipcloak|zipnote": Tool(both=("-P",)),
    "funzip": Tool(glued=("-",)),
    "zpaq": Tool(glued=("-k",), value=("-key",)),
    "arj": Tool(glued=("-g",)),
    "qpdf": Tool(pair=("--encrypt",)),
    "pdftk": Tool(keywords=("input_pw", "owner_pw", "user_pw")),
    "pdfinfo|pdftotext|pdfimages|pdffonts|pdftoppm|pdftocairo|pdftops|pdftohtml|pdfdetach|pdfsig|xpdf": _PDF,
    "zathura": Tool(both=("-w",)),
    # encryption
    "openssl": Tool(value=("-k", "-K", "-hmac"), stdin=("stdin", "fd:0", "-stdin")),
    "openssl passwd": Tool(positions=(1,), takes=("-salt", "-in", "-rand"), stdin=("-stdin",)),
    "gpg|gpg2": Tool(harmless=("--delete-secret-key", "--export-secret-key", "--edit-key", "--recv-key", "--send-key")),
    "gpg-preset-passphrase": Tool(both=("-P",)),
    "ssh-keygen": Tool(both=("-N", "-P"), harmless=("-Lf",)),
    "steghide|stegsnow|openstego|aescrypt|transcrypt|yadm transcrypt|veracrypt|truecrypt": Tool(both=("-p",)),
    "outguess|ccrypt|ccencrypt|ccdecrypt|ccat": Tool(value=("-k", "-K", "-P")),
    "gocryptfs": Tool(stdin=("",), harmless=("--passwd", "-passwd", "--masterkey")),
    "cryptsetup|argon2|grub-mkpasswd-pbkdf2|grub2-mkpasswd-pbkdf2|keepassxc-cli|fscrypt|cpassword": Tool(stdin=("",)),
    "encfs": Tool(stdin=("-S", "--stdinpass")),
    "zfs|zpool": Tool(stdin=("load-key", "create", "change-key")),
    "keytool": Tool(value=("-new",)),
    "signtool": Tool(value=("/p",)),
    "certutil": Tool(value=("-p",)),
    "ykman": Tool(value=("-P", "-p", "-m"), kind="pin"),
    "yubico-piv-tool": Tool(both=("-P", "-N", "-k"), kind="pin"),
    "mkpasswd|makepasswd": Tool(
        positions=(1,), takes=("-m", "-S", "-R", "-l", "-d", "-c", "-C", "--method"), stdin=("-s",)
    ),
    "htpasswd": Tool(last=True, given="-b", stdin=("-i",)),
    "caddy hash-password": Tool(value=("-p", "--plaintext")),
    "oathtool": Tool(
        positions=(1,), takes=("-d", "-s", "-N", "-S", "-w", "--now", "--digits", "--window"), kind="totp"
    ),
    "base64": Tool(stdin=("",), stdin_separator=":"),
    # accounts
    "useradd|usermod|groupadd|groupmod": Tool(both=("-p",)),
    "chpasswd|chgpasswd|newusers": Tool(stdin=("",), stdin_separator=":"),
    "passwd|su|yppasswd|lpasswd|adduser|ssh-add|runas": Tool(stdin=("",), harmless=("--password",)),
    "systemd-cryptenroll": Tool(harmless=("--password", "--recovery-key")),
    "openvpn": Tool(harmless=("--secret",)),
    "ConvertTo-SecureString": Tool(positions=(1,)),
    "read": Tool(stdin=("-s",)),
    "dscl": Tool(second=("-passwd", "passwd")),
    "virsh secret-set-value": Tool(positions=(2,), kind="secret"),
    "VBoxManage|vboxmanage": Tool(harmless=("--password", "--oldpassword", "--newpassword", "--passwordfile")),
    "idevicebackup2 encryption": Tool(keywords=("on", "off")),
    "idevicebackup2 changepw": Tool(positions=(1, 2)),
    # wallets
    "importprivkey|walletpassphrase|encryptwallet|sethdseed": Tool(positions=(1,)),
    "walletpassphrasechange": Tool(positions=(1, 2)),
    **{
        f"{coin}-cli {verb}": Tool(positions=(1, 2) if verb == "walletpassphrasechange" else (1,), kind="key")
        for coin in ("bitcoin", "litecoin", "dogecoin", "dash", "zcash", "bitcoin-cash", "namecoin", "peercoin")
        for verb in ("importprivkey", "walletpassphrase", "encryptwallet", "walletpassphrasechange")
    },
    # the shell
    "set|setenv": Tool(named=True, only_first=True),
    "setx": Tool(named=True, value=("/p", "/P")),
    "alias": Tool(harmless=("pwd",)),
    "sudo": Tool(
        wrapper="first", stdin=("-S", "--stdin"), takes=("-u", "-g", "-p", "-h", "-C", "-T", "-U", "-r", "-t", "-D")
    ),
    "doas": Tool(wrapper="first", takes=("-u", "-C", "-a")),
    "env": Tool(wrapper="first", takes=("-u", "-C", "--unset", "--chdir")),
    "exec|command|builtin|nohup|time|setsid|caffeinate|unbuffer|rlwrap|winpty|proxychains|proxychains4": _FIRST,
    "then|do|else|elif|if|while|until|!|{|and|or|not|noglob|nocorrect|-|torsocks|torify|tsocks|busybox": _FIRST,
    "xargs|ssh|chroot|runuser|nice|ionice|timeout|watch|strace|ltrace|gdb|valgrind|perf|stdbuf": _WRAPPER,
    "find|fd|entr|flock|at|batch|unshare|systemd-run|wine|screen|tmux|eval|trap|op|aws-vault|chamber": _WRAPPER,
    "envdir|script|parallel|arch-chroot|systemd-nspawn|lxc-attach|virtctl": _WRAPPER,
    "npx|pnpx|bunx|uvx|pipx|uv|poetry|pipenv|bundle|java|python|python2|python3|py|ruby|perl|php|node|bash": _WRAPPER,
    "sh|zsh|dash|ksh|fish|gosu|su-exec|sg|taskset|chrt|numactl|cgexec|firejail|bwrap|direnv|rr|with-contenv": _WRAPPER,
}
