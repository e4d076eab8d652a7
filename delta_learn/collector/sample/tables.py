"""What the invented person works on: data for the sample's grammar. `{...}` are slots that `person.py` fills."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Project:
    """A directory with its own tools and names."""

    name: str
    directory: str
    active: tuple[float, float]
    """The part of the sample's time, from 0 to 1, in which it is worked on."""
    weight: float
    editor: str
    tests: tuple[str, ...]
    builds: tuple[str, ...]
    looks: tuple[str, ...]
    services: tuple[str, ...]
    files: tuple[str, ...]
    """Patterns of the names of its files, with a slot for a word."""


PROJECTS = (
    Project(
        name="shop",
        directory="~/src/shop",
        active=(0.0, 1.0),
        weight=5,
        editor="vim",
        tests=("pytest -x -q", "pytest {test_file}", "pytest {test_file} -k {word}", "make test", "ruff check ."),
        builds=("make", "pip install -e .", "python manage.py migrate", "python manage.py makemigrations {word}"),
        looks=(
            "ls",
            "ls -la",
            "tail -n 50 log/dev.log",
            "grep -rn {word} shop/",
            "rg {word}",
            "cat {file}",
            "wc -l {file}",
        ),
        services=("docker compose up -d", "docker compose logs -f {service}", "docker compose down", "docker ps"),
        files=("shop/{word}.py", "shop/models/{word}.py", "shop/views/{word}.py", "templates/{word}.html"),
    ),
    Project(
        name="tracer",
        directory="~/src/tracer",
        active=(0.15, 1.0),
        weight=3,
        editor="nvim",
        tests=("cargo test", "cargo test {word}", "cargo clippy", "cargo fmt --check"),
        builds=("cargo build", "cargo build --release", "cargo run -- --input data/{word}.trace", "cargo add {crate}"),
        looks=(
            "ls src",
            "cargo tree | head -n 20",
            "rg {word} src",
            "bat {file}",
            "hyperfine 'target/release/tracer {word}'",
        ),
        services=("cargo doc --open", "perf record target/release/tracer {word}", "perf report"),
        files=("src/{word}.rs", "src/{word}/mod.rs", "benches/{word}.rs", "tests/{word}.rs"),
    ),
    Project(
        name="survey",
        directory="~/work/survey",
        active=(0.35, 0.8),
        weight=3,
        editor="vim",
        tests=("python {file}", "python {file} --year {year}", "pytest", "python -m pdb {file}"),
        builds=(
            "make plots",
            "jupyter lab",
            "pip install -r requirements.txt",
            "python clean.py data/raw_{number}.csv",
        ),
        looks=("ls data", "head data/raw_{number}.csv", "wc -l data/*.csv", "csvstat data/{word}.csv", "du -sh data"),
        services=(
            "rsync -av data/ {host}:backup/survey/",
            "scp {host}:export/{word}.csv data/",
            "open plots/{word}.png",
        ),
        files=("{word}.py", "notebooks/{word}.ipynb", "clean.py", "plots/{word}.py"),
    ),
    Project(
        name="dotfiles",
        directory="~/dotfiles",
        active=(0.0, 1.0),
        weight=1,
        editor="vim",
        tests=("source ~/.zshrc", "exec zsh", "./install.sh --dry-run"),
        builds=("./install.sh", "brew upgrade", "make links"),
        looks=("ls -a", "cat zshrc", "diff zshrc ~/.zshrc", "git diff"),
        services=("tmux ls", "tmux attach -t main", "htop"),
        files=("zshrc", "vimrc", "tmux.conf", "bin/{word}", "gitconfig"),
    ),
)

WORDS = [
    "order",
    "cart",
    "payment",
    "invoice",
    "refund",
    "customer",
    "session",
    "token",
    "parser",
    "lexer",
    "span",
    "trace",
    "index",
    "cache",
    "queue",
    "worker",
    "report",
    "export",
    "import",
    "schema",
    "filter",
    "search",
    "login",
    "signup",
    "mail",
    "coupon",
    "stock",
    "price",
    "tax",
    "region",
    "address",
    "basket",
    "checkout",
    "webhook",
    "metrics",
    "config",
    "storage",
    "reader",
    "writer",
    "merge",
    "split",
    "encode",
    "decode",
    "batch",
    "retry",
    "limit",
    "sample",
    "weight",
    "median",
    "chart",
    "table",
    "header",
    "footer",
    "layout",
    "theme",
    "upload",
    "image",
    "resize",
    "thumb",
    "archive",
    "ledger",
    "audit",
    "event",
    "stream",
    "buffer",
    "arena",
    "token2",
    "legacy",
]

VERBS = ("fix", "add", "remove", "rename", "speed up", "test", "document", "simplify", "handle", "move")
OBJECTS = (
    "empty {word}",
    "{word} rounding",
    "{word} cache",
    "slow {word}",
    "{word} in {word2}",
    "{word} errors",
    "old {word}",
)
SERVICES = ("web", "db", "redis", "worker")
CRATES = ("serde", "clap", "rayon", "anyhow", "memmap2", "itertools")
HOSTS = ("build1", "staging.example.org", "ann@files.example.org", "db2.internal.example")
EDITS_OF_SYSTEM = (
    "sudo apt update",
    "sudo apt upgrade",
    "df -h",
    "free -h",
    "uptime",
    "systemctl --user status syncthing",
)
REMOTE = (
    "uptime",
    "sudo systemctl restart {service}",
    "journalctl -u {service} -n 100",
    "df -h",
    "tail -f /var/log/{service}.log",
    "exit",
)
SELDOM = (
    "openssl x509 -in {word}.pem -noout -dates",
    "ffmpeg -i {word}.mov -vf scale=1280:-1 {word}.mp4",
    "curl -s https://api.example.org/v1/{word}?page={number} | jq .items",
    "tar czf /tmp/{word}-{number}.tar.gz {file}",
    "find . -name '*.{word}' -mtime +{small} -delete",
    "ps aux | grep {word}",
    "kill -9 {number}",
    "convert {word}.png -resize 50% {word}_small.png",
    "dig +short {word}.example.org",
    'for f in data/{word}*.csv; do wc -l "$f"; done',
    "history | grep {word}",
    "man {tool}",
    "which {tool}",
)
TOOLS = ("rsync", "jq", "awk", "find", "tar", "xargs", "ssh", "sed")
SECRETS = (
    "export SHOP_API_TOKEN={secret}",
    "PGPASSWORD={secret} psql -h db2.internal.example shop",
    "curl -u ann:{secret} https://api.example.org/v1/{word}",
    "mysql --password={secret} shop",
    "git clone https://ann:{secret}@git.example.org/shop/{word}.git",
)
TYPOS = {
    "git": ("gti", "gut", "igt"),
    "ls": ("sl", "lls"),
    "cd": ("dc", "cd.."),
    "python": ("pyhton", "pytohn"),
    "pytest": ("pytets", "ptest"),
    "cargo": ("crago", "carog"),
    "docker": ("dokcer", "docekr"),
    "make": ("amke", "mkae"),
    "vim": ("vmi", "ivm"),
}
