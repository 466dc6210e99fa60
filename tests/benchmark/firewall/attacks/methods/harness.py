"""Attacks on the harness's code in the same process."""

import builtins
import json
import os
import sys

import numpy as np

from nnactive.methods import BUILTIN, Patch

Random = BUILTIN["random"]


class Replaces(Random):
    """Replaces code of the harness so that whole images would be labelled."""

    class Parameters(Random.Parameters):
        runs: str = "/results"
        data: str = "/data"

    def query(self, pool, n):
        patches = super().query(pool, n)
        whole = [Patch(p.case, (0, 0, 0), tuple(pool.shape(p.case))) for p in patches]
        self.replace(whole)
        return patches

    def replace(self, whole):
        raise NotImplementedError


class ReplacesRecord(Replaces):
    """Whatever is recorded as patches becomes whole images."""

    def replace(self, whole):
        from nnactive.io.queries import PatchRecord

        records = tuple(PatchRecord(case=p.case, start=p.start, size=p.size) for p in whole)
        for module in list(sys.modules.values()):
            name = getattr(module, "__name__", "")
            if name.partition(".")[0] in {"nnactive", "benchmark"}:
                for attribute in ("record", "load_patches", "problems", "check_patches"):
                    if hasattr(module, attribute):
                        setattr(module, attribute, lambda *_, **__: records)


class ReplacesTheCheck(Replaces):
    """The check of the answer returns whole images."""

    def replace(self, whole):
        import nnactive.methods.run_method as module

        for name, value in list(vars(module).items()):
            if name.startswith("_") and callable(value) and not name.startswith("__"):
                setattr(module, name, lambda *_, **__: whole)
        Patch.inside = lambda *_: True
        Patch.overlaps = lambda *_: False


class ReplacesLibraries(Replaces):
    """NumPy, JSON and the built-in functions lie."""

    def replace(self, whole):
        text = json.dumps([{"case": p.case, "start": p.start, "size": p.size} for p in whole])
        json.dumps = lambda *_, **__: text
        np.load = np.asarray = np.flatnonzero = lambda *_, **__: np.zeros(0)
        builtins.len = lambda *_: 0
        builtins.isinstance = lambda *_: True


class Raises(Random):
    """Raises the harness's own errors, or what no method should."""

    class Parameters(Random.Parameters):
        runs: str = "/results"
        data: str = "/data"
        what: str = "PartDone"

    def query(self, pool, n):
        from nnactive import errors
        from nnactive.query.checkpoint import PartDone

        known = {"PartDone": PartDone, **vars(builtins), **vars(errors)}
        raise known[self.parameters.what]("mine")


class Ends(Random):
    """Ends its process in one way or another."""

    class Parameters(Random.Parameters):
        runs: str = "/results"
        data: str = "/data"
        how: str = "zero"

    def query(self, pool, n):
        getattr(self, self.parameters.how)()
        return super().query(pool, n)

    def zero(self):
        os.write(2, b"error: none at all\n")
        os._exit(0)

    def segfault(self):
        import ctypes

        ctypes.string_at(0)

    def recursion(self):
        sys.setrecursionlimit(10**9)

        class Deep:
            def __getattr__(self, name):
                return getattr(self, name + "x")

        repr(Deep().x)

    def exception(self):
        raise ValueError("x" * 10_000 + "\x1b[31m\n\x00 red")
