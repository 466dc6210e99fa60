"""Attacks that write what isn't theirs; a test looks whether anything changed."""

import os
import pickle
import sys
from contextlib import suppress
from pathlib import Path

import nnactive
from nnactive.methods import BUILTIN

Random = BUILTIN["random"]


def overwrite(path: Path) -> bool:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("FORGED")
    except OSError:
        return False
    return True


class Writes(Random):
    """Tries what `attack` does, then answers as `random` does."""

    class Parameters(Random.Parameters):
        runs: str = "/results"
        data: str = "/data"

    def query(self, pool, n):
        self.attack(pool, Path(self.parameters.data), Path(self.parameters.runs))
        return super().query(pool, n)

    def attack(self, pool, data, runs):
        raise NotImplementedError


class WritesOutside(Writes):
    """Writes into the installation, the data, the runs and its own frozen copy."""

    def attack(self, pool, data, runs):
        own = Path(__file__)
        package = Path(nnactive.__file__).parent
        site = Path(pickle.__file__).parent
        known = [package / "forged.py", site / "forged.pth", data / "forged", runs / "forged"]
        for path in (*known, own.with_name("forged.py"), Path(sys.prefix) / "forged"):
            # A folder in memory of the same name would be the box's own.
            if overwrite(path) and path.parent in {package, site, own.parent, Path(sys.prefix)}:
                with suppress(OSError):
                    path.unlink()
                raise RuntimeError(f"BREACH: writes {path}")
        for path in (own, package / "geometry.py"):
            try:
                path.chmod(0o666)
                path.open("ab").close()
            except OSError:
                continue
            raise RuntimeError(f"BREACH: could write {path}")


class ForgesARival(Writes):
    """Overwrites the results of two finished baselines, and its own future one."""

    def attack(self, pool, data, runs):
        for name in ("rival_1", "rival_2"):
            overwrite(runs / "tiny" / name / "seed_7" / "result.json")
        overwrite(runs / "tiny" / "Forged" / "seed_7" / "result.json")


class Planted:
    """Runs code when it is unpickled."""

    def __reduce__(self):
        return os.system, ("touch {}".format(os.environ.get("PLANTED", "/results/PWNED")),)


class PlantsPickles(Writes):
    """Leaves pickles that run code where training and queries look for files."""

    def attack(self, pool, data, runs):
        os.environ["PLANTED"] = str(runs / "PWNED")
        content = pickle.dumps(Planted())
        places = {Path.cwd(), Path(os.environ.get("TMPDIR", "/tmp"))}
        frame = sys._getframe()
        while frame:
            places |= {each for each in frame.f_locals.values() if isinstance(each, Path)}
            frame = frame.f_back
        for folder, _, _ in os.walk(runs):
            places.add(Path(folder))
        for place in places:
            for name in ("fold_0.pth", "000_a.pickle", "fold_0.pth.checkpoint", "a.pkl"):
                with suppress(OSError):
                    place.joinpath(name).write_bytes(content)
            for each in (*place.glob("*.pickle"), *place.glob("*.pkl"), *place.glob("*.pth")):
                with suppress(OSError):
                    each.write_bytes(content)
