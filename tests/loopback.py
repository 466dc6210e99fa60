"""Stand-in for the servers that datasets come from: on loopback, and faulty where asked to be."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Served:
    """One address. Lists are used up request by request; after that it behaves."""

    content: bytes
    cut: list[float] = field(default_factory=list)
    """Shares of the answer after which the connection is cut."""
    status: list[int] = field(default_factory=list)
    """Codes that are answered first."""
    ranges: bool = True
    tag: str | None = '"1"'
    date: str | None = None
    """Of the last change, as the header has it."""
    shift: list[int] = field(default_factory=list)
    """Bytes by which an answer to a range begins too late."""
    redirect: str | None = None
    extra_length: int = 0
    """Added to the true length in the header."""
    most: int | None = None
    """Bytes that an answer to a range holds at most."""
    pause: float = 0
    """Seconds between two blocks."""
    drip: list[float] = field(default_factory=list)
    """Seconds between two single bytes of an answer."""
    drip_headers: float = 0
    """Seconds between two single bytes of what precedes an answer."""
    encoding: str | None = None
    retry_after: str | None = None
    """Told with the codes above."""
    close: bool = False
    """The connection is closed without an answer."""
    no_length: bool = False
    """No length is announced for a whole answer."""


@dataclass
class Loopback:
    """What is served by path, and which requests came: path and Range header."""

    url: str
    served: dict[str, Served] = field(default_factory=dict)
    requests: list[tuple[str, str | None]] = field(default_factory=list)
    conditions: list[str | None] = field(default_factory=list)
    """The If-Range header of each request."""
    closing: threading.Event = field(default_factory=threading.Event)

    def add(self, path: str, content: bytes, **faults: object) -> str:
        self.served[path] = Served(content, **faults)
        return self.url + path

    def ranges(self, path: str) -> list[str | None]:
        return [wanted for name, wanted in self.requests if name == path]


class Handler(BaseHTTPRequestHandler):
    loopback: Loopback

    def log_message(self, *args: object) -> None:
        """Nothing: tests look at ``requests``."""

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.loopback.requests.append((self.path, wanted))
        self.loopback.conditions.append(self.headers.get("If-Range"))
        served = self.loopback.served.get(self.path)
        if served is None:
            self.send_error(404)
        elif served.redirect:
            self.send_response(302)
            self.send_header("Location", served.redirect)
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif served.status:
            self.refuse(served)
        elif served.close:
            self.close_connection = True
        elif served.drip_headers:
            self.drip(b"HTTP/1.1 200 " + b"OK" * 1000, served.drip_headers)
            self.close_connection = True
        else:
            self.answer(served, wanted)

    def drip(self, body: bytes, pause: float) -> None:
        for at in range(len(body)):
            try:
                self.wfile.write(body[at : at + 1])
            except OSError:
                return
            if self.loopback.closing.wait(pause):
                return

    def refuse(self, served: Served) -> None:
        self.send_response(served.status.pop(0))
        if served.retry_after is not None:
            self.send_header("Retry-After", served.retry_after)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def answer(self, served: Served, wanted: str | None) -> None:
        size, start, end = len(served.content), 0, len(served.content)
        stale = self.headers.get("If-Range") not in {None, served.tag, served.date}
        if wanted and served.ranges and not stale:
            start = int(wanted.removeprefix("bytes=").split("-")[0])
            start += served.shift.pop(0) if served.shift else 0
            if start >= size:
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{size}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            end = min(size, start + served.most) if served.most else size
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{size}")
        else:
            self.send_response(200)
        if served.tag:
            self.send_header("ETag", served.tag)
        if served.date:
            self.send_header("Last-Modified", served.date)
        if served.encoding:
            self.send_header("Content-Encoding", served.encoding)
        if served.no_length and not start:
            self.close_connection = True
        else:
            self.send_header("Content-Length", str(end - start + served.extra_length))
        self.end_headers()
        self.send(served, served.content[start:end])

    def send(self, served: Served, body: bytes) -> None:
        if served.cut:
            body = body[: int(len(body) * served.cut.pop(0))]
            self.close_connection = True
        if served.drip:
            self.drip(body, served.drip.pop(0))
            self.close_connection = True
            return
        step = 1 << 14
        for at in range(0, len(body), step):
            if served.pause and self.loopback.closing.wait(served.pause):
                return
            try:
                self.wfile.write(body[at : at + step])
            except OSError:
                return
        if served.extra_length:
            self.close_connection = True


@contextmanager
def serving() -> Iterator[Loopback]:
    """A server in threads of its own, on a free port of loopback."""

    class Bound(Handler):
        pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Bound)
    server.daemon_threads = True
    Bound.loopback = loopback = Loopback(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield loopback
    finally:
        loopback.closing.set()
        server.shutdown()
        thread.join()
        server.server_close()
