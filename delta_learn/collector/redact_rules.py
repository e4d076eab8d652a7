"""What secrets look like, as data: tokens by their vendor's prefix, and names that hold secrets.

A new vendor or name is one line here. Prefixes are from the vendors' documentation and from the rules of
gitleaks and of GitHub's secret scanning.
"""

from __future__ import annotations

from collections.abc import Mapping

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
    ("slack", r"hooks\.slack\.com/(?:services|workflows)/([\w/]{20,})"),
    ("discord", r"discord(?:app)?\.com/api/webhooks/\d+/([\w-]{40,})"),
    ("telegram", r"/bot(\d{8,10}:[\w-]{30,})"),
)
"""(kind, pattern whose one group is the secret) in text that has `://` in it."""

TEXT_SECRETS: tuple[tuple[str, str], ...] = (
    (
        "private-key",
        r"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----"
        r"(?:\\[nr]|\s)*+((?:[^'\"<`$\\-]|\\[nr]|-(?!----))++)",
    ),
    ("password", r"(?i:\bpassword|\bidentified\s{1,9}by)\s{1,9}\\?['\"]([^'\"\\\s<]++)"),
    ("cookie", r"(?i:[\"'](?:set-)?cookie):\s{0,9}([^\"'\\`$<>]++)"),
)
"""(kind, pattern whose one group is the secret): told by what stands before it."""

HEADERS: tuple[tuple[str, str], ...] = (
    ("authorization", r"(?:proxy-)?authorization"),
    ("api-key", r"(?:x-)?(?:[a-z]{1,20}-)?(?:api-?key|subscription-key|functions-key)|x-auth-key"),
    ("token", r"(?:x|private|job|deploy)-(?:[a-z]{1,20}-){0,3}token|private-token"),
)
"""(kind, pattern of the name) of HTTP headers whose value is a secret; letter case does not matter."""

AUTH_SCHEMES = r"bearer|basic|token|apikey|api-key|digest|negotiate|key|bot|discogs|genericauth"

NAMES: tuple[tuple[str, str], ...] = (
    ("password", r"\w*(?:password|passwd|passphrase|passcode)|(?:\w*_)?(?:pass|pwd|pw)"),
    (
        "password",
        r"\w*(?:db|sql|pg|root|user|admin|store|key|src|dest|ssh|ftp|smtp|mail|login)(?:pass|pwd)|passin|passout",
    ),
    ("token", r"\w*(?:token|authkey|auth_key|bearer)|(?:\w*_)?_auth|jwt"),
    ("secret", r"\w*secret"),
    ("key", r"\w*(?:api|access|account|secret|encryption|storage|master|license|private|shared_access)_?key"),
)
"""(kind, pattern) of names of variables, options and JSON fields, in lower case, with `_` for `-` and `.`."""

VARIABLE_NAMES: tuple[tuple[str, str], ...] = (*NAMES, ("key", r"\w+_key"))
"""In `NAME=value` also every name that ends in `_key`; options such as `--sort-key` are mostly no secrets."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


HARMLESS_WORDS: Mapping[str, frozenset[str]] = {
    "password": _words("allow ask disable enable generate no prompt require show skip with without"),
    "secret": _words("ask create get list no prompt show skip use with without"),
    "token": _words(
        "bos change cls continuation count csrf eos idempotency initializer mask max min modifier next no "
        "num pad page per placeholder request sep start starting unk with"
    ),
    "key": _words(
        "cache cert default foreign host index parameter partition primary public range row sort ssh tag tls "
        "translation"
    ),
}
"""By kind: a name with one of these words in it is a switch, a number, an identifier or a public key."""

HARMLESS_VALUES = _words("true false yes no on off none null nil undefined required optional prompt stdin")

REFERENCES: tuple[str, ...] = (
    r"<[^<>]*>",
    r"\[[^][]*\]",
    r"%\w+%",
    r"\{\{.*\}\}",
    r"\{\w+\}",
    r"(?:env|file|fd|op|arn|vault|ssm|sops|ref|keyring):.*",
    r"@(?:-|[\w~-]*[./][\w./~-]*)",
    r"(?:~\w*|\.{1,2})?/(?:[\w.@+-]{1,30}/)*[\w.@+-]{0,30}",
    r"[A-Z]+(?:_[A-Z]+)+",
    r"(?i:your[_-][\w-]*)",
    r"[*xX.#-]+",
    r"%[a-z](?:\\n)?",
)
"""Values that name a secret, a file, or a place to fill in: `env:PASS`, `@file`, `<password>`, `***`."""

MESSAGE_OPTIONS = _words("-m -am -cm -sm --message --title --body --notes --comment --description")
"""Options whose value is prose, which is searched for tokens but not read as a command."""
