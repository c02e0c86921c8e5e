"""An archive of rules, from a path or from the one URL a person names: limited in size, checked by digest.

The only network access of the whole command, and only over https; plain http is for this machine itself.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from socterm.errors import SoctermError, UsageError

if TYPE_CHECKING:
    import httpx

ARCHIVE_LIMIT = 64 * 1024 * 1024
"""Bytes of an archive; SigmaHQ's largest release has 4 MiB."""
LASTS_MOST = 600.0
"""Seconds for all of it: a server may send a byte every now and then for ever."""
REDIRECTS_MOST = 5
_TIMEOUT = 30.0
_BLOCK = 1 << 16
_DIGEST = re.compile(r"[0-9a-fA-F]{64}")
_GONE = frozenset({301, 302, 303, 307, 308})


def is_url(source: str) -> bool:
    """Whether a source is meant as a URL and not as a path."""
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", source) is not None


def public(source: str) -> str:
    """A source as it may be written down: a URL without user, password and query."""
    if not is_url(source):
        return str(Path(source).absolute())
    try:
        parts = urlsplit(source)
    except ValueError:
        return source.partition("://")[0] + "://…"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def fetch(source: str, into: IO[bytes]) -> str:
    """Copy an archive into an open file; its SHA-256 (hexadecimal).

    Raises `UsageError` for a source of the wrong kind, `SoctermError` where it cannot be had.
    """
    digest = hashlib.sha256()
    size = 0
    ends = time.monotonic() + LASTS_MOST
    for block in _download(source) if is_url(source) else _read(Path(source)):
        size += len(block)
        if size > ARCHIVE_LIMIT:
            raise SoctermError(f"{public(source)}: larger than {ARCHIVE_LIMIT >> 20} MiB; no set of rules is")
        if time.monotonic() > ends:
            raise SoctermError(f"{public(source)}: not here after {LASTS_MOST / 60:.0f} minutes; given up")
        digest.update(block)
        try:
            into.write(block)
            into.flush()
        except OSError as error:
            raise SoctermError(
                f"the archive cannot be kept while it is looked at: {error.strerror}"
            ) from error
    return digest.hexdigest()


def expected_digest(said: str, source: str) -> str:
    """The digest that `--sha256` gives: itself, or the one a checksum file has for this archive.

    A checksum file has lines of digest and name, as sha256sum writes them; with one line the name does not
    count. Raises `UsageError` where neither is a digest.
    """
    if _DIGEST.fullmatch(said):
        return said.lower()
    path = Path(said)
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else []
    except OSError as error:
        raise UsageError(f"{said}: the checksum file cannot be read: {error.strerror}") from error
    found = {}
    for line in lines:
        digest, _, name = line.strip().partition(" ")
        if _DIGEST.fullmatch(digest):
            found[Path(name.strip().lstrip("*")).name] = digest.lower()
    wanted = Path(urlsplit(source).path if is_url(source) else source).name
    if wanted in found:
        return found[wanted]
    if len(found) == 1:
        return next(iter(found.values()))
    if found:
        raise UsageError(f"{said}: has no checksum of {wanted}")
    raise UsageError(f"--sha256: {said} is neither a SHA-256 of 64 digits nor a file with one")


def _read(path: Path) -> Iterator[bytes]:
    try:
        if not path.is_file():
            what = (
                "is a folder; name an archive, or use --rules for folders"
                if path.is_dir()
                else "no such file"
            )
            raise UsageError(f"{path}: {what}")
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                yield block
    except OSError as error:
        raise SoctermError(f"{path}: cannot be read: {error.strerror}") from error


def _download(url: str) -> Iterator[bytes]:
    # Here and not above: nothing else of this command needs it.
    import httpx  # noqa: PLC0415

    local = _allowed(url, near=True)
    try:
        # Proxies are for the outside world; this machine is asked directly.
        with httpx.Client(follow_redirects=False, timeout=_TIMEOUT, trust_env=not local) as client:
            for _ in range(REDIRECTS_MOST + 1):
                with client.stream("GET", url, headers={"Accept-Encoding": "identity"}) as answer:
                    if answer.status_code in _GONE:
                        url = _next(url, answer)
                        _allowed(url, near=local)
                        continue
                    if answer.status_code != httpx.codes.OK:
                        raise SoctermError(f"{public(url)}: the server answers {answer.status_code}")
                    yield from answer.iter_raw(_BLOCK)
                    return
    except httpx.HTTPError as error:
        said = " ".join(str(error).split()) or type(error).__name__
        raise SoctermError(f"{public(url)}: {said[:200]}") from error
    except httpx.InvalidURL as error:
        raise UsageError(f"{public(url)}: {error}") from error
    raise SoctermError(f"{public(url)}: redirected more than {REDIRECTS_MOST} times")


def _next(url: str, answer: httpx.Response) -> str:
    where: str = answer.headers.get("location", "")
    if not where:
        raise SoctermError(f"{public(url)}: redirects to nowhere")
    return urljoin(url, where)


def _allowed(url: str, *, near: bool) -> bool:
    """Whether a URL is this machine's own over plain http; `near`: whether it may be. Raises `UsageError`."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError as error:
        raise UsageError(f"{public(url)}: {error}") from error
    if parts.scheme == "https" and host:
        return False
    if parts.scheme == "http" and near and _loopback(host):
        return True
    raise UsageError(f"{public(url)}: only https is fetched (http only from this machine)")


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
