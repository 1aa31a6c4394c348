"""Find a source archive on a package index.

Sources: https://packaging.python.org/en/latest/specifications/simple-repository-api/ (PEP 503 and PEP 691)
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

from migrator.errors import UpstreamError
from migrator.repo.download import Page, read_page
from migrator.repo.settings import Settings

_ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1"


@dataclass(frozen=True)
class Link:
    """A file on an index, and the checksum that the index states for it ("" when none)."""

    filename: str
    url: str
    sha256: str


def find_sdist(index: str, project: str, version: str, settings: Settings) -> Link | None:
    """Return the `.tar.gz` of `project` `version` on `index`, or None when the index has none."""
    page = read_page(_project_page(index, project), _ACCEPT, settings)
    links = _from_json(page) if page.content_type.endswith("json") else _from_html(page)
    return next((link for link in links if _is_sdist(link.filename, project, version)), None)


def normalised(project: str) -> str:
    """The name as an index spells it in addresses."""
    return re.sub(r"[-_.]+", "-", project).lower()


def _project_page(index: str, project: str) -> str:
    page = f"{index.rstrip('/')}/{normalised(project)}/"
    return f"{page}index.html" if urlsplit(index).scheme == "file" else page


def _is_sdist(filename: str, project: str, version: str) -> bool:
    stem, _, found = filename.removesuffix(".tar.gz").rpartition("-")
    return filename.endswith(".tar.gz") and normalised(stem) == normalised(project) and found == version


def _from_json(page: Page) -> Iterator[Link]:
    try:
        for file in json.loads(page.body)["files"]:
            yield Link(file["filename"], urljoin(page.url, file["url"]), file.get("hashes", {}).get("sha256", ""))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UpstreamError(f"{page.url} is not a package index's page: {error!r}") from error


def _from_html(page: Page) -> Iterator[Link]:
    parser = _Anchors()
    parser.feed(page.body.decode("utf-8", "replace"))
    for address in parser.addresses:
        url, fragment = urldefrag(urljoin(page.url, address))
        sha256 = fragment.removeprefix("sha256=") if fragment.startswith("sha256=") else ""
        yield Link(unquote(urlsplit(url).path.rsplit("/", 1)[-1]), url, sha256)


class _Anchors(HTMLParser):
    """Gathers the addresses of a page's links."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.addresses += [value for name, value in attrs if tag == "a" and name == "href" and value]
