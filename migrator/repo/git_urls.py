"""Git URLs as people write them: `https://host/owner/name`, `ssh://...`, `user@host:owner/name`."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from migrator.core.tree import UnsafePathError, check_path

# Only transports that move data: `ext::` would run a command that the URL names (git-remote-ext(1)).
_WITH_SCHEME = re.compile(r"(?:https?|ssh|git|file)://[^\s\x00-\x1f]+")
_SCP_LIKE = re.compile(r"(?:[\w.-]+@)?(?P<host>[\w][\w.-]+):(?!//)(?P<path>[^\s:]+)")


def is_git_url(text: str) -> bool:
    """Whether `text` is a git URL with one of the transports that are allowed here."""
    return bool(_WITH_SCHEME.fullmatch(text) or _SCP_LIKE.fullmatch(text))


def mirror_path(url: str) -> PurePosixPath | None:
    """Where a mirror of `url` lies below a folder of mirrors: `host/owner/name.git`. None when it has no such place."""
    if scp := _SCP_LIKE.fullmatch(url):
        host, path = scp["host"], scp["path"]
    else:
        parts = urlsplit(url)
        host, path = parts.hostname or "", parts.path
    place = f"{host}/{path.strip('/').removesuffix('.git')}.git"
    try:
        return PurePosixPath(check_path(place)) if host else None
    except UnsafePathError:
        return None


def without_password(url: str) -> str:
    """`url` as it may be shown and logged: what stands before the `@` of its host is left out."""
    return re.sub(r"(?<=://)[^/@]*@", "", url)


def short_name(url: str) -> str:
    """The repository's name, for folders and messages: `DeepLearningExamples`."""
    tail = url.rstrip("/").removesuffix(".git").rsplit("/", 1)[-1].rsplit(":", 1)[-1]
    return re.sub(r"[^\w.-]", "-", tail).strip(".-") or "upstream"
