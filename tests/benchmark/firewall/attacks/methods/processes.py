"""Attacks by processes and on processes. Those that stay are called `nnattack`."""

import ctypes
import os
import signal
import socket
import time
from contextlib import suppress
from pathlib import Path

from nnactive.methods import BUILTIN

Random = BUILTIN["random"]
NAME = b"nnattack"
LONG = 60
"""Seconds."""


def stay(seconds: float = LONG) -> None:
    """Stay for a while, deaf to what one can be deaf to; ends the process."""
    ctypes.CDLL(None).prctl(15, NAME, 0, 0, 0)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    time.sleep(seconds)
    os._exit(0)


class Attacks(Random):
    """Does what `attack` does, then answers as `random` does."""

    class Parameters(Random.Parameters):
        runs: str = "/results"
        data: str = "/data"
        victim: int = 0
        address: str = ""

    def query(self, pool, n):
        self.attack()
        return super().query(pool, n)

    def attack(self):
        raise NotImplementedError


class KillsOthers(Attacks):
    """Kills its parent, and a process that isn't its own."""

    def attack(self):
        for process in (self.parameters.victim, os.getppid()):
            if process > 0:
                with suppress(OSError):
                    os.kill(process, signal.SIGKILL)


class ForkBomb(Attacks):
    """Forks until it can't."""

    def attack(self):
        for _ in range(400):
            if os.fork() == 0:
                stay(20)
            time.sleep(0.005)
        time.sleep(20)


class ManyStay(Attacks):
    """Starts 40 processes in sessions of their own, and leaves them."""

    def attack(self):
        for _ in range(40):
            if os.fork() == 0:
                os.setsid()
                stay()


class Daemon(Attacks):
    """Leaves a daemon that rewrites the results of the track when the query has ended."""

    def attack(self):
        if os.fork():
            return
        os.setsid()
        if os.fork():
            os._exit(0)
        if os.fork() == 0:
            stay()
        ctypes.CDLL(None).prctl(15, NAME, 0, 0, 0)
        for _ in range(100):
            time.sleep(0.1)
            for path in Path(self.parameters.runs).rglob("*.json"):
                with suppress(OSError):
                    path.write_text("FORGED")
        os._exit(0)


class Memory(Attacks):
    """Takes 100 GB of memory, slowly enough to be seen."""

    def attack(self):
        held = []
        for _ in range(100 * 16):
            held.append(b"x" * (64 * 2**20))
            time.sleep(0.03)


class Sleeps(Attacks):
    """Sleeps for ever, deaf to signals."""

    def attack(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        while True:
            time.sleep(1)


class Spins(Attacks):
    """Computes for ever."""

    def attack(self):
        while True:
            pass


class Prints(Attacks):
    """Prints a gigabyte."""

    def attack(self):
        for _ in range(1024):
            os.write(1, b"x" * 2**20)
            os.write(2, b"y" * 2**10)


class Connects(Attacks):
    """Connects to a socket: ``tcp:HOST:PORT``, ``abstract:NAME`` or ``unix:PATH``."""

    def attack(self):
        kind, _, address = self.parameters.address.partition(":")
        try:
            if kind == "tcp":
                host, _, port = address.rpartition(":")
                socket.create_connection((host, int(port)), timeout=2).close()
            else:
                with socket.socket(socket.AF_UNIX) as one:
                    one.settimeout(2)
                    one.connect(address if kind == "unix" else "\0" + address)
        except OSError:
            return
        raise RuntimeError(f"BREACH: reaches {self.parameters.address}")


class Listens(Attacks):
    """Opens a port to the world."""

    def attack(self):
        try:
            with socket.create_server(("127.0.0.1", 0)) as server:
                port = server.getsockname()[1]
        except OSError:
            return
        # In a network of its own nobody can reach it.
        if len(Path("/proc/net/dev").read_text().splitlines()) > 3:
            raise RuntimeError(f"BREACH: listens on {port}")
