"""Ask a run's server to supervise a job, and end as the job does; without a server, supervise it.

``python -I -S client.py OPTIONS`` begins within milliseconds: it imports little, and the standard
library alone. The job ends when this process does.
"""

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket

SERVER = "NNACTIVE_SERVER"
"""As `benchmark.execution.supervisor` calls it."""
ENGINE = "NNACTIVE_ENGINE"
"""Environment variable with the process id of the Snakemake that starts the jobs."""
SECONDS_BETWEEN_LOOKS = 1.0
LOST = 1
"""Exit status when the supervisor was killed."""


def main() -> int:
    """Run the job of the arguments; returns its exit status."""
    # It may have been killed before this process could ask for its id.
    parent = int(os.environ.get(ENGINE) or os.getppid())
    if os.getppid() != parent:
        return LOST
    address = os.environ.get(SERVER)
    if address:
        from _socket import AF_UNIX, socket  # the library's own imports ten more modules

        connection = socket(AF_UNIX)
        try:
            connection.connect(address)
        except OSError:
            connection.close()
        else:
            return follow(connection, parent)
    command = [sys.executable, "-P", "-m", "benchmark.execution.job", *sys.argv[1:]]
    return os.execv(command[0], command)  # noqa: S606


def follow(connection: "socket", parent: int) -> int:
    """Ask a server, wait for the exit status, and return it; end when the parent does."""
    env = [f"{name}={value}" for name, value in os.environ.items()]
    words = [os.getcwd(), str(len(sys.argv) - 1), *sys.argv[1:], *env]  # noqa: PTH109
    request = b"\0".join(map(os.fsencode, words))
    try:
        connection.sendall(len(request).to_bytes(8, "big") + request)
        connection.settimeout(SECONDS_BETWEEN_LOOKS)
        answer = b""
        while not answer.endswith(b"\n"):
            try:
                more = connection.recv(64)
            except TimeoutError:
                if os.getppid() != parent:
                    return LOST
                continue
            if not more:
                os.write(2, b"error: the job's supervisor was killed, and the job ends with it\n")
                return LOST
            answer += more
    except OSError as error:
        os.write(2, f"error: the job's supervisor is gone: {error}\n".encode())
        return LOST
    return int(answer)


if __name__ == "__main__":
    sys.exit(main())
