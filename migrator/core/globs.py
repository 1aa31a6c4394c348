"""Path patterns as in .gitignore's simple form: `*`, `?`, `**` and a leading `!` that excludes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

ALL = ("**",)


@lru_cache(maxsize=256)
def _regex(pattern: str) -> re.Pattern[str]:
    parts: list[str] = []
    for token in re.findall(r"\*\*/|\*\*|\*|\?|[^*?]+", pattern):
        parts.append({"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}.get(token, re.escape(token)))
    return re.compile("".join(parts))


def selected(path: str, patterns: Iterable[str]) -> bool:
    """Whether the last pattern that matches `path` is not an exclusion."""
    chosen = False
    for pattern in patterns:
        if _regex(pattern.removeprefix("!")).fullmatch(path):
            chosen = not pattern.startswith("!")
    return chosen
