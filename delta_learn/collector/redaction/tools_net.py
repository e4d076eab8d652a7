"""Remote logins, directories, file sharing and HTTP: where these tools take secrets, one line a tool."""

from __future__ import annotations

from collections.abc import Mapping

from delta_learn.collector.redaction.tool import Tool, names

_IMPACKET = Tool(
    argument=r"(?:[^/\s:@]+/)?[^/\s:@]+:(?!\d+(?:@|\Z))([^\s]+?)(?:@[^@\s]+)?",
    value=("-computer-pass",),
    login={"-auth-rpc": ":", "-hashes": ":"},
)
"""Targets of impacket's scripts: `[[domain/]user[:SECRET]@]host`, `domain/user:SECRET`."""
_IMPACKET_NAMES = names(
    "addcomputer dcomexec dpapi exchanger findDelegation GetADUsers GetLAPSPassword rdp_check GetNPUsers GetUserSPNs"
    " getST getTGT getPac getArch lookupsid mqtt_check mssqlclient netview ntlmrelayx owneredit dacledit psexec reg"
    " raiseChild rbcd rpcdump rpcmap sambaPipe samrdump secretsdump services smbclient smbexec smbpasswd changepasswd"
    " ticketer tstool wmiexec wmipersist wmiquery atexec goldenPac karmaSMB describeTicket GetADComputers"
)
_USER_PERCENT = {"-U": "%", "--user": "%"}
_CURL = dict.fromkeys(("-u", "--user", "-U", "--proxy-user", "-E", "--cert", "--proxy-cert"), ":")

NET_TOOLS: Mapping[str, Tool] = {
    **{f"{name}.py|impacket-{name}": _IMPACKET for name in _IMPACKET_NAMES},
    # remote logins
    "sshpass": Tool(both=("-p",), takes=("-f", "-d", "-P"), wrapper="any"),
    "plink|pscp|psftp|putty|kitty|klink": Tool(value=("-pw",)),
    "sshfs": Tool(stdin=("password_stdin",)),
    "xfreerdp|wlfreerdp|xfreerdp3|wlfreerdp3|sdl-freerdp|freerdp|mstsc": Tool(
        glued=("/p:", "/gp:", "-p:"), value=("-p",)
    ),
    "rdesktop": Tool(both=("-p",)),
    "x11vnc|x0vncserver|Xvnc": Tool(value=("-passwd",), pair=("-storepasswd",)),
    "vncpasswd|tigervncpasswd": Tool(stdin=("-f",)),
    "vncdo|vncdotool": Tool(both=("-p",)),
    "winrs|winrm|evil-winrm|psexec|psexec64|PsExec|PsExec64|pexec": Tool(
        both=("-p",), glued=("-p:", "/p:"), value=("/p",), wrapper="any"
    ),
    "schtasks|tasklist|taskkill|systeminfo|driverquery|eventcreate|getmac|gpresult|openfiles|typeperf|logman": Tool(
        value=("/p", "/P", "/rp", "/RP")
    ),
    "cmdkey|wmic": Tool(glued=("/pass:", "/password:", "/PASSWORD:")),
    "net use": Tool(positions=(2, 3)),
    "net user": Tool(positions=(2,), login=_USER_PERCENT, takes=("-S", "-I", "-w", "-W")),
    # directories and file sharing
    "ldapsearch|ldapmodify|ldapadd|ldapdelete|ldapwhoami|ldapcompare|ldapmodrdn|ldapexop|ldapvc|dsconf|dsidm": Tool(
        both=("-w",)
    ),
    "ldappasswd": Tool(both=("-w", "-s", "-a")),
    "slappasswd": Tool(both=("-s",)),
    "ldapdomaindump|ldeep|windapsearch|windapsearch.py|bloodhound-python|certipy|certipy-ad|bloodyAD|coercer": Tool(
        both=("-p",)
    ),
    "kinit|kpasswd": Tool(stdin=("",)),
    "kadmin|kadmin.local": Tool(both=("-w",), value=("-pw",)),
    "addprinc|add_principal|ank|cpw": Tool(value=("-pw",)),
    "kerbrute passwordspray": Tool(positions=(2,), takes=("-d", "--dc", "-t", "-o")),
    "kerbrute bruteuser": Tool(),
    "smbserver.py|impacket-smbserver": Tool(),
    "smbclient": Tool(
        login=_USER_PERCENT,
        positions=(2,),
        takes=names("-U -W -c -I -p -m -D -A -l -b -t -T -s -O -L --user --directory --command --workgroup"),
    ),
    "rpcclient|smbget|smbcacls|smbtree|smbcquotas|wbinfo|nmblookup|ntlm_auth|samba-tool|winexe|pth-winexe|net": Tool(
        login={**_USER_PERCENT, "-N": "%", "-a": "%"}
    ),
    "pth-smbclient|pth-rpcclient|pth-net|pth-wmic|smbspool|sharesec|smbta-util|msktutil": Tool(login=_USER_PERCENT),
    "samba-tool create|samba-tool add": Tool(positions=(2,), login=_USER_PERCENT),
    "smbpasswd": Tool(stdin=("-s",), login=_USER_PERCENT),
    "pdbedit": Tool(stdin=("-t",)),
    "smbmap|crackmapexec|cme|netexec|nxc|enum4linux|enum4linux-ng|manspider": Tool(both=("-p",)),
    "mount|mount.cifs|mount_smbfs|mount.davfs": Tool(argument=r"//[^\s/:@]+:([^@\s]+)@.*"),
    # HTTP, FTP and other clients
    "curl": Tool(login={**_CURL, "-b": "=", "--cookie": "="}, value=("--oauth2-bearer",)),
    "http|https|xh|xhs|hurl": Tool(
        login={"-a": ":", "--auth": ":", "-u": ":"}, argument=r"(?i:.*(?:key|token)):([^=:]\S*)"
    ),
    "wget|wget2": Tool(),
    "lftp|lftpget": Tool(login={"-u": ",", "--user": ","}),
    "open": Tool(login={"-u": ",", "--user": ","}, only_first=True),
    "user": Tool(positions=(2,), only_first=True),
    "quote": Tool(keywords=("PASS", "pass"), only_first=True),
    "ncftp|ncftpget|ncftpput|ncftpls|mirrordir|mupdf|mutool|mudraw|unar|lsar|sendEmail": Tool(both=("-p",)),
    "ab": Tool(login={"-A": ":", "-P": ":"}),
    "hey|oha|bombardier|miniserve": Tool(login={"-a": ":"}),
    "httping": Tool(both=("-P",)),
    "lwp-request|GET|POST|HEAD": Tool(login={"-C": ":"}),
    "whatweb|dirb|ntfy|ntfy publish|ctr": Tool(login={"-u": ":", "--user": ":"}),
    "nikto": Tool(login={"-id": ":"}),
    "gobuster|feroxbuster|dirsearch": Tool(value=("-P",), login={"-c": "="}),
    "ffuf|wfuzz|dalfox": Tool(login={"-b": "="}),
    "hydra|medusa|ncrack|patator|crowbar|sshprank|brutespray": Tool(both=("-p",)),
    "gotty|ttyd": Tool(login={"-c": ":", "--credential": ":", "--credentials": ":"}),
    "chisel": Tool(login={"--auth": ":"}),
    "squidclient": Tool(both=("-w", "-W")),
    "transmission-remote": Tool(login={"-n": ":", "--auth": ":"}),
    "transmission-daemon": Tool(both=("-v",)),
    "swaks|sipp": Tool(value=("-ap",)),
    "sendemail": Tool(value=("-xp",)),
    "yt-dlp|youtube-dl|gallery-dl|instaloader|you-get|streamlink|annie|lux": Tool(both=("-p",)),
    "steam|steamcmd": Tool(second=("-login", "+login")),
    "irssi": Tool(both=("-w",)),
    "sic|ii|cryptcat|ss-local|ss-server|ss-redir|ss-tunnel|sslocal|ssserver|mcrypt|openvas": Tool(both=("-k",)),
    "openttd|p4p|gnmic|cradle|krdpserver|elinks": Tool(value=("-p",)),
    "knife": Tool(both=("-P",)),
    "p4": Tool(both=("-P",)),
    "croc": Tool(value=("-c", "--code"), positions=(1,), takes=("--relay", "--out", "--socks5")),
    "croc send|wormhole send": Tool(value=("-c", "--code")),
    "croc relay|wormhole": Tool(),
    "wormhole receive": Tool(positions=(1,)),
    "snmpwalk|snmpget|snmpset|snmpgetnext|snmpbulkwalk|snmpbulkget|snmptable|snmpstatus|snmpdf|snmpinform": Tool(
        both=("-A", "-X", "-c")
    ),
    "ipmitool": Tool(both=("-P",)),
    "ipmitool set password": Tool(positions=(2,)),
    "ipmipower|ipmiconsole|bmc-config|ipmi-sensors|ipmi-chassis|ipmi-sel|ipmi-fru|redfishtool": Tool(both=("-p",)),
    "racadm": Tool(value=("-p",), named=True),
    # wireless
    "wpa_passphrase": Tool(positions=(2,), stdin=("",)),
    "wpa_cli|iwconfig|iw": Tool(keywords=("psk", "password", "key", "wep_key0")),
    "nmcli": Tool(named=True, harmless=("wpa-psk",)),
    "netsh": Tool(argument=r"(?i:key(?:Material)?)=(.+)"),
    "networksetup": Tool(positions=(3,), given="-setairportnetwork"),
    "create_ap": Tool(positions=(4,), takes=("-m", "-c", "-w", "-g", "-d", "-e", "--driver", "--mac", "--country")),
    "airdecap-ng": Tool(both=("-p", "-w")),
}
