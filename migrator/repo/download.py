"""Read from a URL with the standard library: https, http or file, with a time limit and a size limit."""

from __future__ import annotations

import base64
import http.client
import io
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Protocol
from urllib.error import HTTPError, URLError
from urllib.parse import unquote, urlsplit, urlunsplit
from urllib.request import Request, urlopen

from migrator.errors import UpstreamError, UsageError
from migrator.repo.failures import NetworkError, NotHereError
from migrator.repo.git_urls import without_password
from migrator.repo.settings import Progress, Settings, silent

_CHUNK = 1 << 16
_MOST_PAGE = 64 << 20


@dataclass(frozen=True)
class Page:
    """A document: its address after redirects, its content type and its body."""

    url: str
    content_type: str
    body: bytes


class _Answer(Protocol):
    url: str
    headers: http.client.HTTPMessage

    def read(self, size: int, /) -> bytes: ...


def read_page(url: str, accept: str, settings: Settings) -> Page:
    """Return the document at `url`; errors as in `download`."""
    body = io.BytesIO()
    with _opened(url, accept, settings) as answer:
        _copy(answer, body, _MOST_PAGE, silent)
        return Page(answer.url, answer.headers.get_content_type(), body.getvalue())


def download(url: str, into: IO[bytes], most: int, settings: Settings, progress: Progress) -> None:
    """Write what is at `url` to `into`, at most `most` bytes.

    Raises `NetworkError` when another try may help (no answer, cut off, 5xx), `NotHereError` when there is no such
    document, `UpstreamError` otherwise.
    """
    with _opened(url, "*/*", settings) as answer:
        _copy(answer, into, most, progress)


@contextmanager
def _opened(url: str, accept: str, settings: Settings) -> Iterator[_Answer]:
    """Open `url` and name every failure in terms of it."""
    shown = without_password(url)
    try:
        with urlopen(_request(url, accept), timeout=settings.idle_seconds, context=_tls(settings)) as answer:  # noqa: S310
            yield answer
    except HTTPError as error:
        raise _refusal(error.code)(f"{shown}: HTTP {error.code} {error.reason}") from error
    except (URLError, TimeoutError, ConnectionError, http.client.HTTPException) as error:
        kind = NotHereError if url.startswith("file:") else NetworkError
        raise kind(f"{shown}: {getattr(error, 'reason', None) or error}") from error


def _refusal(status: int) -> type[UpstreamError]:
    if status in (404, 410):
        return NotHereError
    return NetworkError if status in (408, 429) or status >= 500 else UpstreamError


def _copy(answer: _Answer, into: IO[bytes], most: int, progress: Progress) -> None:
    promised = int(answer.headers.get("Content-Length") or -1)
    size = 0
    said = ""
    while chunk := answer.read(_CHUNK):
        into.write(chunk)
        size += len(chunk)
        line = f"received {size / 1e6:.1f} MB" + (f" of {promised / 1e6:.1f} MB" if promised >= 0 else "")
        if line != said:
            progress(said := line)
        if size > most:
            raise UpstreamError(f"{without_password(answer.url)} is larger than {most >> 20} MiB")
    if 0 <= size < promised:
        raise NetworkError(f"{without_password(answer.url)} was cut off after {size} of {promised} bytes")


def _request(url: str, accept: str) -> Request:
    """A request for `url`; a user name and password in it go into a header, as urllib does not do that itself."""
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http", "file"):
        raise UpstreamError(f"{without_password(url)}: only https, http and file addresses are read")
    headers = {"Accept": accept, "User-Agent": "migrator"}
    login, at, host = parts.netloc.rpartition("@")
    request = Request(urlunsplit(parts._replace(netloc=host)), headers=headers)  # noqa: S310  (scheme checked above)
    if at:  # for this host only: a redirect may lead to another one
        request.add_unredirected_header("Authorization", f"Basic {base64.b64encode(unquote(login).encode()).decode()}")
    return request


def with_login_of(index: str, url: str) -> str:
    """`url` with the user name and password of `index` where it is on the same host."""
    login, at, host = urlsplit(index).netloc.rpartition("@")
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{login}{at}{host}")) if parts.netloc == host else url


def _tls(settings: Settings) -> ssl.SSLContext:
    """The machine's certificates, or those in pip's own variable, since the index is pip's."""
    file = settings.environment.get("PIP_CERT") or None
    try:
        return ssl.create_default_context(cafile=file)
    except OSError as error:
        raise UsageError(f"PIP_CERT={file}: no certificates there: {error.strerror}") from error
