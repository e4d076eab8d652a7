"""Clouds, containers, CI, packages and secret stores: where their tools take secrets, one line a tool."""

from __future__ import annotations

from collections.abc import Mapping

from delta_learn.collector.redaction.tool import Tool

_LOGIN = Tool(both=("-p",), harmless=("--secret",))
_SETTER = Tool(named=True)
_FIRST_TOKEN = Tool(positions=(1,), kind="token")
_FIELDS = Tool(argument=r"[A-Za-z_][\w.-]*=(.+)", kind="secret")

CLOUD_TOOLS: Mapping[str, Tool] = {
    # registries and logins
    "docker login|podman login|nerdctl login|skopeo login|regctl login|buildah login|finch login|ko login": _LOGIN,
    "helm login|apptainer login|singularity login|oras login|crane login|gcrane login|registry login": _LOGIN,
    "az login|oc login|cf login|ibmcloud login|argocd login|rancher login|harbor login|eas login|expo login": Tool(
        both=("-p", "-t")
    ),
    "atuin login|atuin register": Tool(both=("-p", "-k")),
    "cf auth|cf create-user|bw login|twilio login": Tool(positions=(2,)),
    "bw unlock": Tool(positions=(1,)),
    "docker|podman|nerdctl|kubectl|oc|helm|lxc|vagrant|multipass|flatpak": Tool(
        wrapper="any", harmless=("--secret", "--secret-id")
    ),
    "docker-compose|nsenter|machinectl|distrobox|toolbox|fly|flyctl|heroku": Tool(wrapper="any"),
    "docker secret|podman secret": Tool(stdin=("-",), kind="secret"),
    "kubectl secret|oc secret": Tool(login={"--from-literal": "="}, kind="secret"),
    # clouds
    "aws|gcloud": Tool(harmless=("--secret", "--secret-id", "--secret-name", "--token-code", "--page-token")),
    "aws configure": _SETTER,
    "aws secretsmanager": Tool(
        value=("--secret-string", "--secret-binary"), harmless=("--secret", "--secret-id"), kind="secret"
    ),
    "aws ssm": Tool(value=("--value",), given="SecureString", kind="secret"),
    "az secret|az keyvault": Tool(value=("--value",), kind="secret"),
    "gcloud secrets": Tool(stdin=("--data-file=-",), harmless=("--secret",), kind="secret"),
    "doctl": Tool(both=("-t",), kind="token"),
    "vercel|netlify|codecov|gotify|github-label-sync|render|dockdiver": Tool(value=("-t",), kind="token"),
    "vercel env|wrangler secret|gh secret|supabase secret|sops|systemd-creds": Tool(
        value=("-b", "--body"), stdin=("",), kind="secret"
    ),
    "fly secrets|flyctl secrets|supabase secrets|railway variables|eb setenv|doppler secrets": _FIELDS,
    "pulumi set": Tool(last=True, given="--secret", harmless=("--secret",), kind="secret"),
    "travis encrypt|ansible-vault encrypt_string": Tool(positions=(1,), stdin=("",), kind="secret"),
    "ansible-vault": Tool(stdin=("--vault-password-file",)),
    "act": Tool(login={"-s": "=", "--secret": "="}, only_first=True),
    "gitlab-runner": Tool(value=("-r",), kind="token"),
    "glab login": Tool(value=("-t",), stdin=("--stdin",), kind="token"),
    "glab variable set|gh variable set|consul put|etcdctl put|etcdctl set": _SETTER,
    "vault login|vault auth|bao login|vault unwrap|vault unseal|vault rekey": Tool(
        positions=(1,), stdin=("-",), kind="token"
    ),
    "vault put|vault patch|bao put": _FIELDS,
    "vault token": Tool(),
    "consul set-agent-token": Tool(positions=(2,), kind="token"),
    "mc alias|mcli alias": Tool(),
    "mc alias set|mcli alias set|mc host add|mcli host add": Tool(positions=(3, 4)),
    "mc user add|mcli user add": Tool(positions=(3,)),
    "rclone|dvc remote|git config|yarn config|npm config|pnpm config|npm set|pnpm set|yarn set": _SETTER,
    "rclone obscure": Tool(positions=(1,), stdin=("-",)),
    "rclone password": _SETTER,
    "restic|borg|kopia|duplicacy|expose|rustic": Tool(value=("-p",)),
    "restic -p|restic backup": Tool(),
    "wandb login|snyk auth|ngrok authtoken|ngrok add-authtoken|cloudflared install|zrok enable": _FIRST_TOKEN,
    "expose token": _FIRST_TOKEN,
    "pro attach|ua attach|spark register|safe auth|netbird up|nordvpn login|cachix authtoken|fury login": _FIRST_TOKEN,
    "k3s token|tea login|pscale auth": Tool(),
    "twurl authorize|dexter auth": Tool(value=("-s",), kind="secret"),
    # packages
    "twine|uv publish|poetry publish|pip-upload|flit publish|hatch publish|pio account": Tool(both=("-p", "-t", "-a")),
    "poetry config|composer config": Tool(
        named=True, positions=(3,), given="http-basic", keywords=("github-oauth.github.com",)
    ),
    "bundle config": Tool(argument=r"[\w.-]+:([^\s/]+)"),
    "cargo login": Tool(positions=(1,), takes=("--registry",), stdin=("",), kind="token"),
    "nuget setApiKey|nuget setapikey": Tool(positions=(1,), kind="key"),
    "nuget push": Tool(positions=(2,), kind="key"),
    "dotnet push": Tool(value=("-k",), kind="key"),
    "choco": Tool(value=("-p", "-k")),
    "conan": Tool(both=("-p",)),
    "mvn|mvnw": Tool(value=("-ep", "-emp")),
    "tgpt": Tool(value=("--key",), kind="key"),
    "llm keys": Tool(stdin=("",), value=("--value",), kind="key"),
    # secret stores
    "pass insert|passage insert|gopass insert|pass otp|secret-tool store|keyring set|lpass login|secrethub write": Tool(
        stdin=("",)
    ),
    "gh login|huggingface-cli login|hf login|hcloud context": Tool(
        value=("--token",), stdin=("--with-token",), kind="token"
    ),
    "security add-generic-password|security add-internet-password": Tool(both=("-w",)),
    "security unlock-keychain|security create-keychain|security set-keychain-password|security import": Tool(
        both=("-p", "-P")
    ),
    "security": Tool(harmless=("-w",)),
}
