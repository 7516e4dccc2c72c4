"""A local HTTP server of files that answers ranges (RFC 9110), and can cut connections."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Files:
    """What is served, and how.

    `content` and `tags` are by path, with the leading slash. A connection is closed after as many
    bytes as `cuts` says, the first connection after `cuts[0]`; later ones are not cut. `asked` has
    path and range of each request.
    """

    content: dict[str, bytes]
    tags: dict[str, str] = field(default_factory=dict)
    ranges: bool = True
    redirects: dict[str, str] = field(default_factory=dict)
    cuts: list[int] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    url: str = ""


class Handler(BaseHTTPRequestHandler):
    def __init__(self, files: Files, *arguments: object) -> None:
        self.files = files
        super().__init__(*arguments)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        files, wanted = self.files, self.headers.get("Range", "")
        files.asked.append((self.path, wanted))
        if self.path in files.redirects:
            self.send_response(302)
            self.send_header("Location", files.redirects[self.path])
            self.end_headers()
            return
        content, tag = files.content.get(self.path), files.tags.get(self.path, '"1"')
        if content is None:
            self.send_error(404)
            return
        start = 0
        if files.ranges and wanted and self.headers.get("If-Range") in (None, tag):
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
        if start >= len(content) > 0:
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(content)}")
            self.end_headers()
            return
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - start))
        if tag:
            self.send_header("ETag", tag)
        self.end_headers()
        end = start + files.cuts.pop(0) if files.cuts else None
        self.wfile.write(content[start:end])

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serve(files: Files) -> Iterator[Files]:
    """Serve these files on a port of this machine; `files.url` is the address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, files)) as server:
        files.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield files
        finally:
            server.shutdown()
            thread.join()
