"""Fetching over a network that fails: retries, time limits, killed processes, two at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from migrator.errors import UpstreamError
from migrator.repo.upstream import Upstream, obtain
from tests.repo.http_servers import Served, git_over_http, never_answering
from tests.repo.made_upstreams import git, make_mirror, make_pin, make_repository, make_settings


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    make_repository(tmp_path / "origin")
    return tmp_path / "origin"


@pytest.fixture
def server(origin: Path, tmp_path: Path) -> Iterator[Served]:
    served = tmp_path / "served" / "trainer.git"
    git(origin, "clone", "--quiet", "--bare", "--no-local", str(origin), str(served))
    git(served, "config", "uploadpack.allowFilter", "true")
    with git_over_http(tmp_path / "served") as running:
        yield running


def test_two_requests_for_objects_whatever_the_number_of_files(origin: Path, server: Served, tmp_path: Path) -> None:
    pin = make_pin(origin, url=f"{server.url}/trainer.git")
    assert len(obtain(pin, settings=make_settings(tmp_path, network=True)).tree) == 5
    # each fetch: the greeting, and one request for a pack (the first asks for the refs as well)
    assert len([line for line in server.requests if line.startswith("GET")]) == 2
    assert len(server.requests) <= 6


def test_a_failing_network_is_tried_again_with_longer_pauses(origin: Path, server: Served, tmp_path: Path) -> None:
    server.answers = ["503", "503"]
    pauses: list[float] = []
    said: list[str] = []
    settings = replace(make_settings(tmp_path, network=True), sleep=pauses.append)
    pin = make_pin(origin, url=f"{server.url}/trainer.git")
    assert len(obtain(pin, settings=settings, progress=said.append).tree) == 5
    assert pauses == [1.0, 2.0]
    assert any("try 2 of 3 in 1 s" in line for line in said)


def test_three_tries_and_no_more(origin: Path, server: Served, tmp_path: Path) -> None:
    server.answers = ["503"] * 9
    pin = make_pin(origin, url=f"{server.url}/trainer.git")
    with pytest.raises(UpstreamError, match="503") as caught:
        obtain(pin, settings=make_settings(tmp_path, network=True))
    assert len(server.requests) == 3
    assert "MIGRATE_MIRRORS" in caught.value.hint


def test_an_answer_that_says_no_is_not_tried_again(origin: Path, server: Served, tmp_path: Path) -> None:
    pin = make_pin(origin, url=f"{server.url}/absent.git")
    with pytest.raises(UpstreamError, match="not found"):
        obtain(pin, settings=make_settings(tmp_path, network=True))
    assert len(server.requests) == 1


def test_a_password_in_the_address_is_not_shown(origin: Path, server: Served, tmp_path: Path) -> None:
    server.answers = ["404"]
    said: list[str] = []
    pin = make_pin(origin, url=server.url.replace("//", "//me:secret@") + "/trainer.git")
    with pytest.raises(UpstreamError) as caught:
        obtain(pin, settings=make_settings(tmp_path, network=True), progress=said.append)
    assert "secret" not in f"{caught.value.message} {caught.value.hint} {said}"


def test_the_users_own_git_configuration_holds_for_the_network(origin: Path, server: Served, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / ".gitconfig").write_text(
        f'[url "{server.url}/"]\n\tinsteadOf = https://example.invalid/owner/\n'
    )
    assert len(obtain(make_pin(origin), settings=make_settings(tmp_path, network=True)).tree) == 5


def test_a_server_that_never_answers_is_given_up(origin: Path, tmp_path: Path) -> None:
    started = time.monotonic()
    settings = make_settings(tmp_path, network=True, idle_seconds=0.3)
    with never_answering() as address:
        pin = make_pin(origin, url=f"{address}/trainer.git")
        with pytest.raises(UpstreamError, match=r"no progress for 0\.3 s"):
            obtain(pin, settings=settings)
    assert time.monotonic() - started < 10
    assert _processes_with(address) == []


def test_a_killed_fetch_leaves_nothing_half_made(origin: Path, tmp_path: Path) -> None:
    with never_answering() as address:
        child = _start_obtaining(make_pin(origin, url=f"{address}/trainer.git").commit, address, tmp_path)
        cache = tmp_path / "cache" / "git"
        _wait_until(lambda: any(cache.glob(".*.work-*/repository/config")) and _processes_with(address) != [])
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        left = list(cache.glob(".*.work-*"))
        assert len(left) == 1
        assert list(cache.glob("*.git")) == []
    make_mirror(origin, tmp_path / "mirrors")
    assert len(obtain(make_pin(origin), settings=make_settings(tmp_path)).tree) == 5
    assert not left[0].exists()


def test_two_at_once_fetch_it_once(origin: Path, server: Served, tmp_path: Path) -> None:
    pin = make_pin(origin, url=f"{server.url}/trainer.git")
    settings = make_settings(tmp_path, network=True)
    found: list[Upstream] = []
    threads = [threading.Thread(target=lambda: found.append(obtain(pin, settings=settings))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(upstream.tree) for upstream in found] == [5, 5, 5]
    assert len([line for line in server.requests if line.startswith("GET")]) == 2


_PROGRAM = """
import sys
from pathlib import Path
from migrator.repo.pins import GitPin
from migrator.repo.upstream import obtain
from tests.repo.made_upstreams import make_settings
pin = GitPin("trainer", "MIT", "README.md", "", (), sys.argv[1] + "/trainer.git", sys.argv[2], "code")
obtain(pin, settings=make_settings(Path(sys.argv[3]), network=True))
"""


def _start_obtaining(commit: str, address: str, folder: Path) -> subprocess.Popen[bytes]:
    root = Path(__file__).parents[2]
    return subprocess.Popen([sys.executable, "-c", _PROGRAM, address, commit, str(folder)], cwd=root)


def _wait_until(condition: object, seconds: float = 20.0) -> None:
    assert callable(condition)
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def _processes_with(text: str) -> list[str]:
    """Command lines of git processes that mention `text`."""
    lines = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout.splitlines()
    return [line for line in lines if text in line and "git" in line.split()[0]]
