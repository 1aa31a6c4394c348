"""Run git: no shell, no prompt, no hook, a time limit without progress, and no process left behind."""

from __future__ import annotations

import contextlib
import os
import re
import selectors
import signal
import subprocess
import tempfile
from collections import deque
from collections.abc import Iterator, Mapping, Sequence

from migrator.errors import UpstreamError
from migrator.repo.failures import NetworkError
from migrator.repo.settings import Progress, silent

_COUNTED = re.compile(r"(?:remote: )?(?P<what>[A-Z][\w ]+):\s+\d+% \((?P<count>\d+/\d+)\)(?:, (?P<size>[\d.]+ \w+))?")
_NETWORK = re.compile(
    r"could not resolve|connection (refused|reset|timed out|closed)|failed to connect|couldn't connect|timed out"
    r"|network is unreachable|no route to host|early eof|hung up|unexpected disconnect|rpc failed"
    r"|returned error: (429|5\d\d)|empty reply|temporary failure",
    re.IGNORECASE,
)


def run_git(
    arguments: Sequence[str],
    *,
    environment: Mapping[str, str],
    stdin: bytes = b"",
    progress: Progress = silent,
    idle_seconds: float = 60.0,
) -> bytes:
    """Return what git writes to its standard output.

    Raises `NetworkError` when it fails for the network or writes nothing for `idle_seconds` (its whole process
    group is killed then), and `UpstreamError` with git's own last word otherwise.
    """
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out:
        given.write(stdin)
        given.seek(0)
        process = start_git(arguments, environment=environment, stdin=given.fileno(), stdout=out.fileno())
        try:
            words = _follow(process, progress, idle_seconds)
            code = process.wait(idle_seconds)
        except (TimeoutError, subprocess.TimeoutExpired) as error:
            raise NetworkError(f"git {_verb(arguments)} made no progress for {idle_seconds:g} s") from error
        finally:
            kill_group(process)
        if code:
            raise _failure(arguments, words)
        out.seek(0)
        return out.read()


def start_git(
    arguments: Sequence[str], *, environment: Mapping[str, str], stdin: int, stdout: int, stderr: int = subprocess.PIPE
) -> subprocess.Popen[bytes]:
    """Start git in a process group of its own, without a terminal that it or ssh could ask a password on."""
    try:
        return subprocess.Popen(  # noqa: S603
            ["git", *arguments],  # noqa: S607  (the user's own git)
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            env=dict(environment),
            start_new_session=True,
        )
    except FileNotFoundError as error:
        raise UpstreamError("git is not installed", hint="install git 2.32 or newer") from error


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """End the process and all that it started, if it still runs, and close its pipes."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            with contextlib.suppress(BrokenPipeError):  # what was still to be written no longer matters
                pipe.close()


def progress_line(line: str) -> str | None:
    """`Receiving objects:  45% (33/73), 1.20 MiB | 3 MiB/s` as `receiving objects 33/73, 1.20 MiB`; None for others."""
    if not (found := _COUNTED.match(line)):
        return None
    size = f", {found['size']}" if found["size"] else ""
    return f"{found['what'].lower()} {found['count']}{size}"


def _follow(process: subprocess.Popen[bytes], progress: Progress, idle_seconds: float) -> list[str]:
    """Pass git's progress on until it closes its standard error; return the last other lines."""
    words: deque[str] = deque(maxlen=20)
    last = ""
    for line in _lines(process, idle_seconds):
        if counted := progress_line(line):
            if counted != last:  # git ends each count with the last line again
                progress(last := counted)
        elif line.strip():
            words.append(line.strip())
    return list(words)


def _lines(process: subprocess.Popen[bytes], idle_seconds: float) -> Iterator[str]:
    assert process.stderr is not None
    rest = b""
    with selectors.DefaultSelector() as ready:
        ready.register(process.stderr, selectors.EVENT_READ)
        while True:
            if not ready.select(idle_seconds):
                raise TimeoutError
            chunk = os.read(process.stderr.fileno(), 1 << 16)
            *lines, rest = re.split(rb"[\r\n]", rest + chunk)
            yield from (line.decode("utf-8", "replace") for line in (lines if chunk else [*lines, rest]))
            if not chunk:
                return


def _failure(arguments: Sequence[str], words: Sequence[str]) -> UpstreamError:
    fatal = [word for word in words if word.startswith(("fatal:", "ERROR:"))] or [*words[-1:], "no reason given"]
    kind = NetworkError if any(_NETWORK.search(word) for word in words) else UpstreamError
    return kind(f"git {_verb(arguments)}: {fatal[0].removeprefix('fatal: ')}")


def _verb(arguments: Sequence[str]) -> str:
    return next((word for word in arguments if not word.startswith("-")), "")
