"""Attacks on memory: what was there before the box, and memory that no process seems to hold."""

import ctypes
import mmap
import os
import time
from contextlib import suppress
from pathlib import Path

from nnactive.methods import BUILTIN

Random = BUILTIN["random"]
PIECE = 64 * 2**20
PAGES = b"x" * 2**20


class ScansMemory(Random):
    """Looks through all of its own memory for a word, given in two halves."""

    class Parameters(Random.Parameters):
        runs: str = "/results"
        data: str = "/data"
        first: str = ""
        second: str = ""

    def query(self, pool, n):
        # The word itself would be found as this method's own.
        backwards = (self.parameters.first + self.parameters.second)[::-1].encode()
        found = 0
        with Path("/proc/self/mem").open("rb", buffering=0) as memory:
            for line in Path("/proc/self/maps").read_text().splitlines():
                start, stop = (int(each, 16) for each in line.split()[0].split("-"))
                if line.split()[1][:2] != "rw":
                    continue
                with suppress(OSError):
                    memory.seek(start)
                    content = bytearray(memory.read(stop - start))
                    content.reverse()
                    found += content.count(backwards)
        if found:
            raise RuntimeError(f"BREACH: finds it {found} times")
        return super().query(pool, n)


class HidesMemory(Random):
    """Takes 4 GB of memory that none of its processes seems to hold."""

    class Parameters(Random.Parameters):
        runs: str = "/results"
        data: str = "/data"
        how: str = "memfd"

    def query(self, pool, n):
        held = []
        taken = 0
        for _ in range(4 * 2**30 // PIECE):
            if not getattr(self, self.parameters.how)(held):
                break
            taken += PIECE
            time.sleep(0.05)
        if taken >= 3 * 2**30:
            time.sleep(3)
            raise RuntimeError(f"BREACH: took {taken} bytes")
        return super().query(pool, n)

    def memfd(self, held):
        try:
            held.append(os.memfd_create("hidden"))
            return all(os.write(held[-1], PAGES) for _ in range(PIECE // len(PAGES)))
        except OSError:
            return False

    def sysv(self, held):
        libc = ctypes.CDLL(None, use_errno=True)
        libc.shmat.restype = ctypes.c_void_p
        number = libc.shmget(0, ctypes.c_size_t(PIECE), 0o1600)
        if number < 0:
            return False
        place = libc.shmat(number, None, 0)
        ctypes.memset(place, 1, PIECE)
        return libc.shmdt(ctypes.c_void_p(place)) == 0

    def anonymous(self, held):
        try:
            held.append(mmap.mmap(-1, PIECE))
        except OSError:
            return False
        return self.fill(held[-1])

    def zeros(self, held):
        try:
            file = os.open("/dev/zero", os.O_RDWR)
            held.append(mmap.mmap(file, PIECE))
        except OSError:
            return False
        return self.fill(held[-1])

    def fill(self, mapped):
        for _ in range(PIECE // len(PAGES)):
            mapped.write(PAGES)
        mapped.madvise(mmap.MADV_DONTNEED)
        return True

    def deleted(self, held):
        place = Path("/dev/shm/x")
        try:
            with place.open("wb") as file:
                for _ in range(PIECE // len(PAGES)):
                    file.write(PAGES)
                held.append(os.dup(file.fileno()))
            place.unlink()
        except OSError:
            return False
        return True
