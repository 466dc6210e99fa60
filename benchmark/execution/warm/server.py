"""The server: ``python -m benchmark.execution.warm.server DESCRIPTOR [--heavy]``.

It listens on the socket with that descriptor, forks a supervisor for each job that a client asks
for, and computes nothing. When it ends, its supervisors stop their jobs.
"""

import os
import select
import signal
import socket
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from types import FrameType
from typing import Final

from benchmark.execution.child_processes import adopt_orphans, die_with_parent, end_descendants
from benchmark.execution.order import parse
from benchmark.execution.warm.preload import preload

SECONDS_BETWEEN_LOOKS: Final = 1.0
LONGEST_REQUEST: Final = 2**27


class Server:
    """Serves the clients of one run."""

    def __init__(self, listener: socket.socket) -> None:
        self.listener = listener
        self.supervisors: set[int] = set()
        self.over = False
        self._wake, self._woken = os.pipe()
        os.set_blocking(self._wake, False)
        os.set_blocking(self._woken, False)

    def listen(self) -> None:
        """Take the signals that end this server, and those of children that ended."""

        def end(_number: int, _frame: FrameType | None) -> None:
            self.over = True

        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1):
            signal.signal(number, end)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        signal.set_wakeup_fd(self._woken, warn_on_full_buffer=False)

    def serve(self) -> None:
        """Serve until the end is asked for, then end what is left."""
        while not self.over:
            self.look(SECONDS_BETWEEN_LOOKS)
        self.listener.close()
        for pid in self.supervisors:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        while self.supervisors:
            select.select([self._wake], [], [], SECONDS_BETWEEN_LOOKS)
            self._reap()
        end_descendants()

    def look(self, seconds: float = 0.0) -> None:
        """Serve the clients that wait, and clean up; without one, wait for ``seconds``."""
        waiting = self.listener.fileno()
        ready, _, _ = select.select([waiting, self._wake], [], [], seconds)
        if self._wake in ready or not ready:
            self._reap()
        if waiting in ready and not self.over:
            connection, _ = self.listener.accept()
            self._fork(connection)

    def _fork(self, connection: socket.socket) -> None:
        with connection:
            parent = os.getpid()
            pid = os.fork()
            if pid:
                self.supervisors.add(pid)
                return
            status = 1
            try:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                die_with_parent(signal.SIGTERM, parent)
                self.listener.close()
                os.close(self._wake)
                os.close(self._woken)
                status = answer(connection)
            except BaseException:  # noqa: BLE001  (must not go on in the server's loop)
                traceback.print_exc()
            finally:
                os._exit(status)

    def _reap(self) -> None:
        """Forget supervisors that have ended; what one leaves that was killed ends here."""
        with suppress(BlockingIOError):
            while os.read(self._wake, 4096):
                pass
        orphaned = False
        with suppress(ChildProcessError):
            while (found := os.waitpid(-1, os.WNOHANG))[0]:
                pid, status = found
                orphaned |= pid not in self.supervisors or os.WIFSIGNALED(status)
                self.supervisors.discard(pid)
        if orphaned:
            end_descendants(spared=self.supervisors)


def answer(connection: socket.socket) -> int:
    """Supervise the job that a client asks for; the client gets its exit status."""
    from benchmark.execution.supervisor import supervise

    folder, arguments, env = read_request(connection)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(folder)
    status = supervise(parse(arguments), connection)
    with suppress(OSError):  # the client has gone
        connection.sendall(f"{status}\n".encode())
    return 0


def read_request(connection: socket.socket) -> tuple[str, list[str], dict[str, str]]:
    """Folder, arguments and environment of a client."""
    length = int.from_bytes(_read(connection, 8), "big")
    if length > LONGEST_REQUEST:
        raise ValueError(f"a request of {length} bytes")
    folder, count, *words = map(os.fsdecode, _read(connection, length).split(b"\0"))
    arguments, variables = words[: int(count)], words[int(count) :]
    pairs = (each.partition("=") for each in variables)
    return folder, arguments, {name: value for name, _, value in pairs}


def _read(connection: socket.socket, count: int) -> bytes:
    got = b""
    while len(got) < count:
        more = connection.recv(count - len(got))
        if not more:
            raise EOFError("the client has gone")
        got += more
    return got


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until this process is told to end."""
    number, *options = sys.argv[1:] if arguments is None else arguments
    die_with_parent(signal.SIGTERM)
    adopt_orphans()
    server = Server(socket.socket(fileno=int(number)))
    server.listen()
    preload(heavy="--heavy" in options, between=server.look)
    server.serve()
    return 0


if __name__ == "__main__":
    sys.exit(main())
