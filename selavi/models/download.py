"""Download a file over HTTP; an interrupted download continues where it stopped.

A note beside the partial file says what it is part of: the address, and the server's name of the
content (ETag or date). The rest is asked for on the condition that the content is still the same
(If-Range, RFC 9110), so that the halves of two files are never joined.
"""

import fcntl
import http.client
import json
import logging
import os
import re
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from selavi.disk import part_of
from selavi.files import UserError, explain_refusal, write_text
from selavi.progress import Bar

log = logging.getLogger(__name__)

BLOCK = 1 << 20
TIMEOUT = 60.0  # seconds without a byte
PAUSE = 1.0  # seconds before a lost connection is opened again
ADDRESS = "%/:?#[]@!$&'()*+,;=~"  # characters that an address may hold besides letters and digits


class Unreachable(UserError):
    """The network, or the server, does not give the file."""


class _Lost(Exception):
    """The connection ended before the file did."""


class _Outdated(Exception):
    """The partial file is not the beginning of what the server has."""


class _SameSecurity(urllib.request.HTTPRedirectHandler):
    """Follows redirections, but not to a scheme that the caller does not allow."""

    def __init__(self, schemes: tuple[str, ...]) -> None:
        self.schemes = schemes

    def redirect_request(
        self, req: Any, fp: Any, code: Any, msg: Any, headers: Any, newurl: str
    ) -> Any:
        if urlsplit(newurl).scheme not in self.schemes:
            raise Unreachable(
                f"{req.full_url} redirects to {newurl}, which is not {self.schemes[0]}"
            )
        return super().redirect_request(req, fp, code, msg, headers, newurl)


@dataclass(frozen=True)
class _Note:
    """What a partial file is part of."""

    url: str = ""
    content: str = ""
    size: int | None = None

    @classmethod
    def read(cls, path: Path) -> "_Note":
        with suppress(OSError, ValueError, TypeError):
            return cls(**json.loads(path.read_text(encoding="utf-8")))
        return cls()


def download(url: str, part: Path, schemes: tuple[str, ...] = ("https",)) -> None:
    """Download `url` to `part`, with a progress bar.

    A connection that is lost is opened again as long as it brings new bytes. If it brings none, or
    the process is killed, `part` and a note beside it stay, and the same call continues.

    Parameters
    ----------
    url : str
        The address.
    part : Path
        The file to write, which is not whole before this function returns. `{part}.json` is the
        note.
    schemes : tuple of str
        Schemes that the address, and those that it redirects to, may have.

    Raises
    ------
    Unreachable
        If the server cannot be reached, does not have the file, or sends less than all of it.
    UserError
        If the disk refuses to write.
    """
    try:
        scheme = urlsplit(url).scheme
    except ValueError as error:
        raise Unreachable(f"{url} is not an address: {error}") from None
    if scheme not in schemes:
        raise Unreachable(f"{url} is not an address of {' or '.join(schemes)}")
    opener = urllib.request.build_opener(_SameSecurity(schemes))
    while True:
        before = _size(part)
        try:
            _fetch(url, part, opener)
        except _Outdated:
            discard(part)
        except _Lost as error:
            now = _size(part)
            if now <= before:
                kept = f"; {now / 1e6:,.1f} MB are kept for the next attempt" if now else ""
                raise Unreachable(f"{url} cannot be downloaded ({error}){kept}") from None
            log.warning("connection lost after %.1f MB (%s); continuing", now / 1e6, error)
            time.sleep(PAUSE)
        else:
            _note_of(part).unlink(missing_ok=True)
            return


@contextmanager
def sole_writer(path: Path) -> Iterator[Path]:
    """Be the only process that gets a file; waits until no other one does.

    Which may have got it: look again whether it is there.

    Parameters
    ----------
    path : Path
        The file to get.

    Yields
    ------
    Path
        Its partial file.

    Raises
    ------
    UserError
        If the disk refuses to write.
    """
    part = part_of(path)
    lock = part.with_suffix(".lock")
    with explain_refusal(lock):
        lock.parent.mkdir(parents=True, exist_ok=True)
        file = os.fdopen(os.open(lock, os.O_RDWR | os.O_CREAT, 0o666), "w")
    with file:
        with suppress(OSError):  # of another user; the folder may be shared
            os.fchmod(file.fileno(), 0o666)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            log.warning("another process is getting %s; waiting for it", path)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield part


def finish(part: Path, path: Path) -> None:
    """Give a whole partial file its name, for good. Raises UserError if the disk refuses."""
    with explain_refusal(path), part.open("rb") as written:
        os.fsync(written.fileno())
        part.replace(path)


def discard(part: Path) -> None:
    """Remove a partial file and its note."""
    for path in (_note_of(part), part):  # a file without a note is never continued
        path.unlink(missing_ok=True)


def _note_of(part: Path) -> Path:
    return part.with_name(f"{part.name}.json")


def _fetch(url: str, part: Path, opener: urllib.request.OpenerDirector) -> None:
    """Get the part of a file that is not there yet. Raises _Lost or _Outdated."""
    note, start = _Note.read(_note_of(part)), _size(part)
    if note.url != url or not note.content:
        start = 0
    if start and start == note.size:
        return
    headers = {"User-Agent": "selavi", "Accept-Encoding": "identity"}
    if start:
        headers |= {"Range": f"bytes={start}-", "If-Range": note.content}
    with _open(url, headers, opener) as response:
        range_ = re.fullmatch(r"bytes (\d+)-\d+/\d+", response.headers.get("Content-Range", ""))
        if not (response.status == 206 and range_ and int(range_[1]) == start):
            if response.status == 206:
                raise Unreachable(f"{url}: the server sends another range of bytes than asked for")
            start = 0
        length = response.headers.get("Content-Length", "")
        size = start + int(length) if length.isdigit() else None
        new = _Note(url, _content(response.headers), size)
        if start == 0:  # the note is never beside the bytes of another content
            part.unlink(missing_ok=True)
        write_text(_note_of(part), json.dumps(asdict(new)))
        with (
            explain_refusal(part),
            part.open("r+b" if start else "wb") as file,
            Bar(
                total=size, initial=start, desc=part.name.removesuffix(".part").lstrip("."),
                unit="B", unit_scale=True, unit_divisor=1000,
            ) as bar,
        ):  # fmt: skip
            file.seek(start)
            while block := _read(response):
                file.write(block)
                bar.update(len(block))
            file.truncate()
    if size is not None and _size(part) != size:
        raise _Lost(f"{size - _size(part):,} bytes are missing")


def _open(url: str, headers: dict[str, str], opener: urllib.request.OpenerDirector) -> Any:
    try:
        request = urllib.request.Request(quote(url, ADDRESS), headers=headers)
        return opener.open(request, timeout=TIMEOUT)
    except Unreachable:  # by a redirection
        raise
    except urllib.error.HTTPError as error:
        if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and "Range" in headers:
            raise _Outdated from None
        raise Unreachable(f"{url}: the server answers {error.code} {error.reason}") from None
    except urllib.error.URLError as error:
        raise _Lost(str(error.reason)) from None
    except http.client.InvalidURL as error:
        raise Unreachable(f"{url} is not an address: {error}") from None
    except (OSError, http.client.HTTPException) as error:
        raise _Lost(str(error) or type(error).__name__) from None
    except ValueError as error:  # of a host's name, such as one that is too long
        raise Unreachable(f"{url} is not an address: {error}") from None


def _read(response: Any) -> bytes:
    try:
        return bytes(response.read(BLOCK))
    except (OSError, http.client.HTTPException) as error:
        raise _Lost(str(error) or type(error).__name__) from None


def _content(headers: Any) -> str:
    """The server's name of the content; a weak ETag stands for several."""
    tag = headers.get("ETag", "")
    return str(tag if tag and not tag.startswith("W/") else headers.get("Last-Modified", ""))


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
