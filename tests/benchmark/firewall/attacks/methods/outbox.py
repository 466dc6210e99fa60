"""Attacks on what the trusted half reads: they find the folder that they may write, and fill it."""

import json
import os
import sys
from contextlib import suppress
from pathlib import Path

from nnactive.methods import BUILTIN

Random = BUILTIN["random"]


def folders() -> list[Path]:
    """Every folder that this process may write and somebody might read."""
    found = {Path.cwd(), Path(os.environ.get("TMPDIR", "/tmp"))}
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        found.add(Path(line.split()[4]))
    frame = sys._getframe()
    while frame:
        for each in frame.f_locals.values():
            for path in (each, *vars(each).values()) if hasattr(each, "__dict__") else (each,):
                if isinstance(path, Path):
                    found |= {path, path.parent}
                if isinstance(path, tuple):
                    found |= {each for each in path if isinstance(each, Path)}
        frame = frame.f_back
    kept = [each for each in sorted(found) if os.access(each, os.W_OK) and each.is_dir()]
    return [each for each in kept if not str(each).startswith(("/dev", "/proc", "/sys"))]


class Fills(Random):
    """Fills each such folder, and ends its process as if all were well."""

    class Parameters(Random.Parameters):
        runs: str = "/results"
        data: str = "/data"

    def query(self, pool, n):
        patches = super().query(pool, n)
        for folder in folders():
            names = {"answer.json", "state.json", "error.json"}
            with suppress(OSError):
                names |= {each.name for each in folder.iterdir() if each.is_file()}
            for name in names:
                with suppress(OSError):
                    (folder / name).unlink()
                with suppress(OSError):
                    self.fill(folder / name, patches)
        os._exit(0)

    def fill(self, path, patches):
        raise NotImplementedError


class Links(Fills):
    """Symbolic links to files that it may not read."""

    def fill(self, path, patches):
        path.symlink_to(Path(self.parameters.data) / "prepared.json")


class HardLinks(Fills):
    """Second names of a file that it may read."""

    def fill(self, path, patches):
        os.link(__file__, path)


class Pipes(Fills):
    """Pipes, at which a careless reader waits for ever."""

    def fill(self, path, patches):
        os.mkfifo(path)


class Folders(Fills):
    """Folders instead of files."""

    def fill(self, path, patches):
        path.mkdir()


class JsonBomb(Fills):
    """JSON that is nested very deep."""

    def fill(self, path, patches):
        path.write_text("[" * 200_000 + "]" * 200_000)


class LargeFile(Fills):
    """A file of 10 GB that takes no room."""

    def fill(self, path, patches):
        with path.open("wb") as file:
            file.truncate(10 * 2**30)


class WholeImages(Fills):
    """An answer that would have whole images labelled."""

    def fill(self, path, patches):
        shapes = [{"case": each.case, "start": [0, 0, 0], "size": [64, 64, 64]} for each in patches]
        path.write_text(json.dumps({"version": 1, "patches": shapes}))
