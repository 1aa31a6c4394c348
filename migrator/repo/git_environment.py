"""The environment and the configuration that git runs under here.

The configuration is a file named by `GIT_CONFIG_GLOBAL`, because that variable reaches the `git upload-pack` which
serves a local repository, and `-c` does not: git clears its own variables before it starts one.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

# What a user may need to reach a host; every other GIT_* variable (GIT_DIR, GIT_INDEX_FILE...) would redirect git.
_KEPT_FOR_NETWORK = (
    "GIT_SSH",
    "GIT_SSL_",
    "GIT_PROXY_",
    "GIT_HTTP_",
    "GIT_ASKPASS",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_KEY_",
    "GIT_CONFIG_VALUE_",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_CONFIG_SYSTEM",
    "GIT_ALLOW_PROTOCOL",
)

# Mirrors rarely allow filters or wants by id; hooks and upkeep have no place in a fetch. `noop` makes git ask for
# exactly the named objects, as it does itself when it fetches a missing one.
_FETCHING = """\
[safe]
	directory = *
[uploadpack]
	allowFilter = true
	allowAnySHA1InWant = true
[core]
	hooksPath = /dev/null
[fetch]
	negotiationAlgorithm = noop
	writeCommitGraph = false
	recurseSubmodules = false
	prune = false
[gc]
	auto = 0
[maintenance]
	auto = false
"""


def local_environment(environment: Mapping[str, str], config: Path | None = None) -> dict[str, str]:
    """An environment for local repositories only: nobody's configuration but `config`, and no network at all."""
    return {
        **_without_git(environment, ()),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": str(config or "/dev/null"),
        "GIT_ALLOW_PROTOCOL": "file",
        "GIT_NO_LAZY_FETCH": "1",  # known since git 2.44; the line above stops older ones
    }


def reading_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment for the user's own work tree: what they set git to ignore is ignored, and nothing is fetched."""
    kept = _without_git(environment, ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM"))
    return {**kept, "GIT_ALLOW_PROTOCOL": "file", "GIT_OPTIONAL_LOCKS": "0"}


def network_environment(environment: Mapping[str, str], config: Path) -> dict[str, str]:
    """An environment that keeps the user's ways to reach a host; `config` is from `write_config(include_user=True)`."""
    return {**_without_git(environment, _KEPT_FOR_NETWORK), "GIT_CONFIG_GLOBAL": str(config)}


def write_config(path: Path, environment: Mapping[str, str], *, include_user: bool) -> Path:
    """Write the configuration for a fetch to `path`, on top of the user's own where asked for; return `path`."""
    included = _user_files(environment) if include_user else []
    lines = [f"[include]\n\tpath = {quoted(str(file))}\n" for file in included]
    path.write_text("".join([*lines, _FETCHING]), "utf-8")
    return path


def quoted(value: str) -> str:
    """`value` as git's configuration files want it (git-config(1), Syntax)."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _user_files(environment: Mapping[str, str]) -> list[Path]:
    """The files git would read for the user, the weaker one first."""
    if named := environment.get("GIT_CONFIG_GLOBAL"):
        files = [Path(named).absolute()]
    else:
        home = Path(environment.get("HOME", "/nonexistent"))
        shared = Path(environment.get("XDG_CONFIG_HOME") or home / ".config")
        files = [shared / "git" / "config", home / ".gitconfig"]
    return [file for file in files if file.is_file()]


def _without_git(environment: Mapping[str, str], kept: tuple[str, ...]) -> dict[str, str]:
    clean = {key: value for key, value in environment.items() if not key.startswith("GIT_") or key.startswith(kept)}
    # messages are read by program, and a prompt would wait for ever
    return {**clean, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
