"""What secrets look like, as data: tokens by their vendor's prefix, and names that hold secrets.

A new vendor or name is one line here. Prefixes are from the vendors' documentation and from the rules of
gitleaks and of GitHub's secret scanning.
"""

from __future__ import annotations

from collections.abc import Mapping

from delta_learn.collector.redaction.tool import names

VENDOR_TOKENS: tuple[tuple[str, str], ...] = (
    ("age", r"AGE-SECRET-KEY-1\w{50,}"),
    ("airtable", r"pat\w{14}\.\w{64,}"),
    ("anthropic", r"sk-ant-[\w-]{20,}"),
    ("atlassian", r"ATATT3[\w-]{40,}=?\w*|ATBB\w{24,}"),
    ("aws", r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?!\w)"),
    ("crypt", r"\$(?:1|2[aby]|5|6|y|argon2id?)\$[\w./$=,+-]{20,}"),
    ("databricks", r"dapi[0-9a-f]{32}(?!\w)"),
    ("digitalocean", r"do[opr]_v1_\w{32,}"),
    ("discord", r"[MNO][\w-]{23,27}\.[\w-]{6}\.[\w-]{27,}"),
    ("docker", r"dckr_[a-z]{3}_[\w-]{20,}"),
    ("doppler", r"dp\.(?:pt|st|ct|sa|scim|audit)\.\w{30,}"),
    ("figma", r"figd_[\w-]{30,}"),
    ("flyio", r"f(?:o1|m[12][ar]?)_[\w-]{30,}"),
    ("github", r"gh[opusr]_\w{30,}|github_pat_\w{30,}"),
    ("gitlab", r"gl(?:pat|ptt|dt|rt|cbt|ft|soat|agent|imt|oas)-[\w-]{20,}"),
    ("google", r"AIza[\w-]{35,}|ya29\.[\w-]{20,}|GOCSPX-[\w-]{20,}"),
    ("grafana", r"gl(?:c|sa)_[\w-]{30,}"),
    ("groq", r"gsk_\w{40,}"),
    ("hashicorp", r"hv[sbr]\.[\w-]{20,}|\w{14}\.atlasv1\.[\w-]{60,}"),
    ("huggingface", r"(?:hf|api_org)_[A-Za-z]\w{29,}"),
    ("jwt", r"(?<![\w-])eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*"),
    ("linear", r"lin_(?:api|oauth)_\w{30,}"),
    ("mailgun", r"key-[0-9a-f]{32}(?!\w)"),
    ("newrelic", r"NRAK-\w{27,}"),
    ("notion", r"ntn_\w{40,}|secret_[A-Za-z0-9]{43}(?!\w)"),
    ("npm", r"npm_\w{30,}"),
    ("openai", r"sk-(?:proj|svcacct|admin|or-v1)-[\w-]{20,}|sk-\w{32,}"),
    ("planetscale", r"pscale_(?:tkn|pw|oauth)_[\w-]{32,}"),
    ("postman", r"PMAK-[\w-]{50,}"),
    ("pypi", r"pypi-(?:AgE[\w-]{16,}|[\w-]{60,})"),
    ("replicate", r"r8_\w{37,}"),
    ("rubygems", r"rubygems_[0-9a-f]{48}(?!\w)"),
    ("sendgrid", r"SG\.[\w-]{16,64}\.[\w-]{16,}"),
    ("sentry", r"sntr(?:ys|yu|yi)_\w[\w+/=-]{40,}"),
    ("shopify", r"shp(?:at|ca|pa|ss)_[0-9A-Fa-f]{32}(?!\w)"),
    ("slack", r"xox[abeoprs]-[\w-]{10,}|xapp-\d-[\w-]{20,}"),
    ("square", r"sq0(?:atp|csp|idp)-[\w-]{20,}"),
    ("stripe", r"(?:sk|rk)_(?:live|test)_\w{16,}|whsec_\w{24,}"),
    ("supabase", r"sbp_\w{36,}"),
    ("tailscale", r"tskey-[\w-]{20,}"),
    ("telegram", r"\d{8,10}:AA[\w-]{30,}"),
    ("twilio", r"SK[0-9a-f]{32}(?!\w)"),
    ("xai", r"xai-[\w-]{60,}"),
)
"""(kind, pattern). Without a fixed length a pattern takes all that can belong to a token: no tail is left."""

URL_SECRETS: tuple[tuple[str, str], ...] = (
    ("password", r"://[^\s/:@'\"<>`\\]*+:([^\s/?'\"<>`\\]+(?:\\[^\s'\"<>][^\s/?'\"<>`\\]*)*)@"),
    ("token", r"://(?=[^\s/@]{0,200}\d)([A-Za-z0-9_-]{20,200})(?::x-oauth-basic)?@"),
    ("slack", r"hooks\.slack\.com/(?:services|workflows|triggers)/([\w/]{20,})"),
    ("discord", r"discord(?:app)?\.com/api/webhooks/\d+/([\w-]{40,})"),
    ("telegram", r"/bot(\d{6,12}:[\w-]{30,})"),
    ("webhook", r"webhook\.office\.com/webhookb2/([\w@/-]{40,})"),
    ("key", r"[?&](?:key|code|auth|sid|pwd)=([\w-]*\d[\w-]{15,}|[\w-]{8,}\d[\w-]{7,})"),
)
"""(kind, pattern whose one group is the secret) in text that has `://` in it."""

TEXT_SECRETS: tuple[tuple[str, str, str], ...] = (
    (
        "private-key",
        "private key",
        r"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----"
        r"(?:\\[nr]|\s)*+((?:[^'\"<`$\\-]|\\[nr]|-(?!----))++)",
    ),
    (
        "password",
        "password",
        r"(?i:(?<![\w-])(?:alter|create|set|encrypted|(?:user|role|login)\s{1,9}[\w'\"\\@.%-]{1,80})\b[^;<]{0,120}?)"
        r"(?i:(?<![\w-])password(?:\s{1,9}(?:for\s{1,9}\S{1,80}\s{0,9}=|from|to))?)\s{0,9}=?\s{0,9}"
        r"(?:(?i:password)\s{0,9})?\(?\s{0,9}N?\\?['\"]([^'\"\\\s<;]++)",
    ),
    (
        "password",
        "identified",
        r"(?i:\bidentified(?:\s{1,9}with\s{1,9}\S{1,40})?\s{1,9}(?:by|as))\s{0,9}(?:(?i:password)\s{0,9})?\\?['\"]([^'\"\\\s<;]++)",
    ),
    ("password", "identified", r"(?i:\bidentified\s{1,9}by)\s{1,9}(?!(?i:values|password)\b)([\w#$!]++)"),
    ("password", "password", r"(?i:\bpassword\s{1,9}from)\s{1,9}'[^'\s]{1,80}'\s{1,9}(?i:to)\s{1,9}'([^'\s<]++)'"),
    ("password", "using", r"(?i:\buser\s{1,9}\S{1,80}\s{1,9}using)\s{1,9}([^\s'\";<]++)"),
    ("password", "login", r"\blogin\s{1,9}\S{1,80}\s{1,9}password\s{1,9}([^\s'\"<\\]++)"),
    (
        "password",
        "(",
        r"\.(?:auth|changeUserPassword)\(\s{0,9}\\?['\"][^'\"\s]{0,80}['\"]\s{0,9},\s{0,9}\\?['\"]([^'\"\\<]++)",
    ),
    ("password", ":", r"(?<![\w-])(?i:pwd|passwd|password|passphrase)\s{0,9}:\s{0,9}\\?['\"]([^'\"\\<]++)(?=\\?['\"])"),
    ("password", "crypt(", r"\bcrypt\(\s{0,9}['\"]([^'\"<]++)['\"]"),
    ("password", "pgp_sym_", r"pgp_sym_\w{7,20}\([^)'\"]{0,80},\s{0,9}'([^'<]++)'"),
    ("password", "send", r"(?:ass(?:word|phrase)|PIN)[^<]{0,80}?\bsend\s{1,9}(?:--\s{1,9})?\\?[\"{]([^\"{}\\<]++)"),
    ("password", "send", r"ass(?:word|phrase)[^<]{0,80}?\bsend\s{1,9}([^\s\"'{};\\<]{3,80})\\\\?[rn]"),
    (
        "password",
        "sed",
        r"[/|#,](?i:[\w.-]{0,40}(?:password|passwd|secret|token|api_?key))\s{0,3}:\s{0,3}[\"']?([^/|#\s\"'\\<]{3,})[\"']?[/|#]",
    ),
    (
        "password",
        " = ",
        r"(?i:[\w.-]{0,40}(?:password|passwd|passphrase|secret|token|api_?key))\s{1,3}=\s{1,3}\\?[\"']([^\"'\\<]++)",
    ),
    ("password", "</", r"<(?:\w{1,20}:)?(?i:password|passwd|secret|token|apikey)>([^<>\s]{3,200})</"),
    ("password", "auth ", r"(?<![\w-])AUTH\s{1,3}(?=[^\s\"'\\]*\d)([^\s\"'\\<]{3,200})"),
    (
        "password",
        "(",
        r"(?:PDO|mysqli|connect)\(\s{0,9}(?:\\?['\"][^'\"]{0,80}['\"]\s{0,9},\s{0,9}){2}\\?['\"]([^'\"\\<]{3,200})",
    ),
    ("password", "wifi:", r"WIFI:[^\s'\"]{0,80}?P:([^;'\"<]++);"),
    ("password", "thin:", r"thin:[^\s/@]{1,80}/([^\s@/<]++)@"),
    (
        "password",
        "@",
        r"(?<![\w.:/@+-])[\w.-]{1,80}:([^\s:@/'\"<>$`()=,]++)@(?!sha\d)(?:(?:tcp|unix)?\(|[\w.-]{1,80}[:/]\w)",
    ),
    ("cookie", "cookie", r"(?i:[\"'](?:set-)?cookie):\s{0,9}([^\"'\\`$<>]++)"),
)
"""(kind, text in lower case without which it is not looked for, pattern whose one group is the secret)."""

HEADERS: tuple[tuple[str, str], ...] = (
    ("authorization", r"(?:proxy-)?authorization"),
    (
        "api-key",
        r"(?:[a-z]{1,20}-){0,4}(?:api-?key|subscription-key|functions-key|access-key)|x-auth-key|x-[a-z]{1,20}-key",
    ),
    ("token", r"(?:x|private|job|deploy)-(?:[a-z]{1,20}-){0,3}token|private-token"),
    ("token", r"(?:-H|--header)[ =]?[\"'](?:access-|auth-|session-|id-)?token"),
    ("secret", r"x-(?:[a-z]{1,20}-){0,3}(?:secret|password)"),
    ("cookie", r"cookie"),
)
"""(kind, pattern of the name) of HTTP headers whose value is a secret; letter case does not matter."""

AUTH_SCHEMES = r"bearer|basic|token|apikey|api-key|digest|negotiate|key|bot|discogs|genericauth|ntlm|snowflake|splunk"

NAMES: tuple[tuple[str, str], ...] = (
    (
        "password",
        r"\w*(?:password|passwd|passphrase|passcode)\d?|(?:\w*_)?(?:pass|pwd|pw|psk)\d?|requirepass|masterauth",
    ),
    (
        "password",
        r"\w*(?:db|sql|pg|root|user|admin|store|key|src|dest|ssh|ftp|smtp|mail|login|smb|auth|http|imap|bind|become|sudo"
        r"|cert|trust|wifi|proxy|rpc|srv|ldap|redis|mongo|master|vnc|rdp|crypt|sap)(?:pass|pwd|pw)\d?|passin|passout",
    ),
    ("token", r"\w*(?:token|authkey|auth_key|bearer|sonar_login)|(?:\w*_)?_auth|jwt|\w+_pat|rediscli_auth"),
    ("secret", r"\w*secret\d?"),
    ("seed", r"\w*(?:mnemonic|seed_phrase|recovery_phrase|seed_words|backup_phrase)"),
    (
        "key",
        r"\w*(?:api|access|account|secret|encryption|storage|master|license|private|shared_access|app|application"
        r"|integration|service|webhook|consumer|admin|recovery|unseal)_?key\d?",
    ),
)
"""(kind, pattern) of names of variables, options and JSON fields, in lower case, with `_` for `-` and `.`."""

OPTION_NAMES: tuple[tuple[str, str], ...] = (
    *NAMES,
    ("pin", r"(?:(?:so|user|new|old|admin|card|current)_)?pin|otp|puk|recovery_code|backup_code|totp_secret"),
)

VARIABLE_NAMES: tuple[tuple[str, str], ...] = (
    *NAMES,
    ("key", r"\w+_key"),
    ("secret", r"secret_id"),
    ("signature", r"sig|(?:\w+_)?signature"),
)
"""In `NAME=value` also every name that ends in `_key`; options such as `--sort-key` are mostly no secrets."""

LOGIN_NAMES = r"(?:\w*_)?(?:auth|auth_cred|creds?|credentials?|proxy_user|basic|userpass)"
"""Options of any tool whose value is `user:SECRET`."""


def _words(text: str) -> frozenset[str]:
    return frozenset(names(text))


HARMLESS_WORDS: Mapping[str, frozenset[str]] = {
    "password": _words(
        "allow ask disable enable generate no prompt require show skip with without hide min max change check "
        "reset expire store save label"
    ),
    "secret": _words("ask create get list no prompt show skip use with without name image pull tls existing"),
    "token": _words(
        "bos change cls continuation count csrf eos idempotency initializer mask max min modifier next no "
        "num pad page per placeholder request sep start starting unk with client creation"
    ),
    "key": _words(
        "cache cert default foreign host index parameter partition primary public range row sort ssh tag tls "
        "translation exclusive last start group object s3 kms"
    ),
    "pin": frozenset(),
    "seed": frozenset(),
    "signature": _words("no verify check gpg require skip"),
}
"""By kind: a name with one of these words in it is a switch, a number, an identifier or a public key."""

HARMLESS_VALUES = _words(
    "true false yes no on off none null nil undefined required optional prompt stdin ask public name value string text "
    "plaintext empty keyring keychain env file default never always auto disabled enabled"
)

_NOUN = (
    r"(?:pass(?:word|wd|phrase|code)?|token|secret|hash|community|code|otp|credentials?|bearer"
    r"|(?:api|access|account|secret|private|auth|license)[_-]?(?:key|token|secret))"
)

REFERENCES: tuple[str, ...] = (
    r"<[^<>]*>",
    r"\[[^][]*\]",
    r"%\w+%",
    r"\{\{.*\}\}",
    r"\{\w+\}",
    r"(?:env|file|fd|op|arn|vault|ssm|sops|ref|keyring|awskms|gcpkms|azurekms|hashivault|k8s|pkcs11|urn):.*",
    r"@(?:-|[\w~-]*[./][\w./~-]*)",
    r"(?:~\w*|\.{1,2})?/(?:[\w.@+-]{1,30}/)*[\w.@+-]{0,30}",
    r"(?:[\w.-]+/)*[\w.-]+\.(?:pem|key|crt|cer|p12|pfx|jks|json|ya?ml|txt|asc|gpg|pub|der|ppk|conf|cfg|ini|env|keystore)",
    r"\\\\.*",
    r"[A-Z]+(?:_[A-Z]+)+",
    r"[A-Z]{2,8}",
    r"(?i:your[_-][\w-]*)",
    rf"(?i:(?:(?:the|my|your|new|old|some|a)[_-]?|[a-z]{{2,30}}_){{0,4}}{_NOUN}(?:_here)?)",
    r"[*xX.#-]+",
    r"%[a-z](?:\\n)?",
    r"\\+\$\{?\w+\}?",
    r"/(?i:user|domain|add|delete|persistent|savecred|times|active|comment)(?::.*)?",
)
"""Values that name a secret, a file, or a place to fill in: `env:PASS`, `@file`, `<password>`, `my_token`, `***`."""

MESSAGE_OPTIONS = _words("-m -am -cm -sm --message --title --body --notes --comment --description")
"""Options whose value is prose, which is searched for tokens but not read as a command."""
