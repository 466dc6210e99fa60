"""Attacks that read what no method may see; each raises BREACH if it can."""

import ctypes
import gc
import os
import sys
from pathlib import Path

from nnactive.methods import BUILTIN

Random = BUILTIN["random"]
HIDDEN = b"NNACTIVE_ATTACK_HIDDEN"
"""Name of a variable of the run's processes."""


def breach(what: str) -> None:
    raise RuntimeError(f"BREACH: {what}")


def readable(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return bool(file.read(1))
    except OSError:
        return False


def others() -> set[int]:
    """Processes that there are beside this one."""
    known = {os.getppid(), *(int(each.name) for each in Path("/proc").glob("[0-9]*"))}
    return known - {os.getpid(), 0}


def is_run() -> bool:
    """Whether this is a run, and not whoever describes the method for a test."""
    return "pytest" not in sys.modules


class Reads(Random):
    """Tries what `attack` does, then answers as `random` does."""

    class Parameters(Random.Parameters):
        runs: str = "/results"
        data: str = "/data"

    def query(self, pool, n):
        self.attack(pool, Path(self.parameters.data), Path(self.parameters.runs))
        return super().query(pool, n)

    def attack(self, pool, data, runs):
        raise NotImplementedError


class LabelsByPath(Reads):
    """Opens labels, the description of the dataset and test images by their real paths."""

    def attack(self, pool, data, runs):
        known = [data / "prepared.json", *data.glob("*label*/*")]
        for folder, _, names in os.walk(data):
            known += [Path(folder, name) for name in names]
        for path in known:
            kept_out = "label" in str(path.relative_to(data)) or path.name == "prepared.json"
            image = path.parent.name == "images"
            foreign = image and not any(path.name.startswith(case) for case in pool.cases)
            if (kept_out or foreign) and readable(path):
                breach(f"reads {path}")


class OtherExperiments(Reads):
    """Opens the files of other experiments, the track and its journal."""

    def attack(self, pool, data, runs):
        for path in [
            runs / "track.json",
            runs / ".journal" / "run.jsonl",
            *runs.glob("*/rival*/*/*"),
        ]:
            if readable(path):
                breach(f"reads {path}")
        for folder, _, names in os.walk(runs):
            for name in names:
                if ("rival" in folder or "journal" in folder) and readable(Path(folder, name)):
                    breach(f"reads {folder}/{name}")


class WalksProc(Reads):
    """Looks for labels through the roots, folders and open files of all processes."""

    def attack(self, pool, data, runs):
        for process in Path("/proc").glob("[0-9]*"):
            for secret in (
                data / "prepared.json",
                runs / "tiny" / "rival" / "seed_7" / "result.json",
            ):
                if readable(Path(f"{process}/root{secret}")):
                    breach(f"reads {process}/root{secret}")
            for link in [process / "cwd", *process.glob("fd/*")]:
                try:
                    target = str(link.readlink())
                except OSError:
                    continue
                if "label" in target or "rival" in target:
                    breach(f"{link} is {target}")


class Environments(Reads):
    """Reads the environment of its own and of every other process."""

    def attack(self, pool, data, runs):
        if HIDDEN.decode() in os.environ:
            breach("the environment is handed on")
        for process in [
            "/proc/self",
            f"/proc/{os.getppid()}",
            *map(str, Path("/proc").glob("[0-9]*")),
        ]:
            try:
                content = Path(process, "environ").read_bytes()
            except OSError:
                continue
            if HIDDEN in content:
                breach(f"reads the environment of {process}")


class ParentsMemory(Reads):
    """Reads the memory of every other process; bubblewrap's own in the box knows no secret."""

    def attack(self, pool, data, runs):
        for process in others():
            place = Path(f"/proc/{process}")
            try:
                mapped = [line.split()[0] for line in (place / "maps").read_text().splitlines()]
                holder = (place / "comm").read_text().strip() in {"bwrap", "cat"}
                with (place / "mem").open("rb", buffering=0) as memory:
                    for part in mapped:
                        start, stop = (int(each, 16) for each in part.split("-"))
                        if start >= 2**63:
                            continue
                        memory.seek(start)
                        content = memory.read(stop - start)
                        if content and (not holder or HIDDEN in content):
                            breach(f"reads the memory of {process}")
            except OSError:
                continue


class Ptraces(Reads):
    """Attaches to every other process as a debugger, and reads it by process_vm_readv."""

    def attack(self, pool, data, runs):
        libc = ctypes.CDLL(None, use_errno=True)
        for process in others():
            if libc.ptrace(16, process, None, None) == 0:
                libc.ptrace(17, process, None, None)
                breach(f"attaches to {process}")


class AsksTheHarness(Reads):
    """Opens labels with the harness's own code, and looks for its objects in memory."""

    def attack(self, pool, data, runs):
        from nnactive.data.prepared import PreparedDataset

        for ask in (
            lambda: PreparedDataset(data).info.checksum,
            lambda: PreparedDataset(data).pool_label(pool.cases[0]),
            lambda: pool.oracle.label(pool.cases[0]),
        ):
            try:
                found = ask()
            except Exception:
                continue
            breach(f"the harness gives {type(found).__name__}")
        found = [each for each in gc.get_objects() if type(each).__name__ == "PreparedDataset"]
        frame = sys._getframe()
        while frame:
            found += [each for each in frame.f_locals.values() if hasattr(each, "pool_label")]
            frame = frame.f_back
        for each in found:
            try:
                label = each.pool_label(pool.cases[0])
            except Exception:
                continue
            breach(f"an object of the harness gives {type(label).__name__}")


class OracleByNeeds(Reads):
    """Declares no oracle, and asks for labels through a property."""

    asked = 0

    @property
    def needs(self):
        if is_run():
            type(self).oracle = True
            self.__dict__["oracle"] = True
        return frozenset()

    def attack(self, pool, data, runs):
        try:
            label = pool.oracle.label(pool.cases[0])
        except Exception:
            return
        breach(f"labels without a badge: {label.shape}")


class OracleByGetattribute(Reads):
    """Says that it is an oracle to whoever asks an object, but not to who reads the class."""

    def __getattribute__(self, name):
        return (
            True if name == "oracle" and os.environ.get("HOME") else super().__getattribute__(name)
        )

    def attack(self, pool, data, runs):
        try:
            label = pool.oracle.label(pool.cases[0])
        except Exception:
            return
        breach(f"labels without a badge: {label.shape}")


class OracleReadsTheTestSet(Reads):
    """Says that it uses labels, gets the pool's, and looks for those of the test set."""

    oracle = True

    def attack(self, pool, data, runs):
        pool.oracle.label(pool.cases[0])
        known = [data / "prepared.json", *data.glob("test*/*"), *data.glob("*/*")]
        for path in known:
            own = any(path.name.startswith(case) for case in pool.cases)
            if (path.parent.name.startswith("test") or not own) and readable(path):
                breach(f"reads {path}")
        OtherExperiments.attack(self, pool, data, runs)
