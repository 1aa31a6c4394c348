"""Small real git repositories for the tests, made without the user's git configuration."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from migrator.repo.pins import GitPin
from migrator.repo.settings import Settings

URL = "https://example.invalid/owner/trainer"
BELOW = "example.invalid/owner/trainer.git"
SUBMODULE = "1" * 40
FILES = {
    "code/train.py": "print('train')\n",
    "code/lib/model.py": "model = 1\n",
    "code/windows.bat": "rem\r\n",
    "other/weights.txt": "a large file outside of the subfolder\n",
    "README.md": "a file outside of the subfolder\n",
}


def git(folder: Path, *arguments: str) -> str:
    """Run git in `folder` with nobody's configuration."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    who = {f"GIT_{role}_{what}": "a@example.org" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    env |= who | {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
    done = subprocess.run(["git", "-C", str(folder), *arguments], env=env, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def make_repository(folder: Path) -> str:
    """Make a work tree with files, an executable, a link and a submodule in `code`; return its commit."""
    for path, text in FILES.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(text.encode())
    (folder / "code/train.py").chmod(0o755)
    (folder / "code/newest").symlink_to("lib/model.py")
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", "--all")
    git(folder, "update-index", "--add", "--cacheinfo", f"160000,{SUBMODULE},code/vendored")
    git(folder, "commit", "--quiet", "-m", "first")
    git(folder, "tag", "-a", "v1", "-m", "v1")
    return git(folder, "rev-parse", "HEAD")


def make_mirror(origin: Path, mirrors: Path) -> Path:
    """Make a mirror as a user would: `git clone --mirror`."""
    place = mirrors / BELOW
    place.parent.mkdir(parents=True)
    git(origin, "clone", "--quiet", "--mirror", "--no-local", str(origin), str(place))
    return place


def make_pin(origin: Path, *, commit: str = "", tree: str = "", url: str = URL, subfolder: str = "code") -> GitPin:
    """A pin to the head of `origin`, right unless told otherwise."""
    commit = commit or git(origin, "rev-parse", "HEAD")
    tree = tree or git(origin, "rev-parse", f"HEAD:{subfolder}")
    return GitPin("trainer", "MIT", "README.md", tree, (), url, commit, subfolder)


def make_settings(folder: Path, *, network: bool = False, idle_seconds: float = 20.0) -> Settings:
    """Settings with a cache and mirrors below `folder`, that never really wait."""
    return Settings(
        cache=folder / "cache",
        mirrors=(folder / "mirrors",),
        network=network,
        idle_seconds=idle_seconds,
        sleep=lambda seconds: None,
        environment={"PATH": os.environ["PATH"], "HOME": str(folder / "home")},
    )


def object_ids(repository: Path) -> set[str]:
    """All objects that `repository` holds."""
    listed = git(repository, "cat-file", "--batch-all-objects", "--batch-check=%(objectname)")
    return set(listed.split())
