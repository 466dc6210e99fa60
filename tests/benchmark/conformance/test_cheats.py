"""Classes that try to pass the check by other means than good answers, each in a real check."""

from pathlib import Path
from textwrap import dedent

import pytest

from benchmark.conformance.checks import CHECKS, Verdict
from benchmark.conformance.parent import check
from benchmark.firewall.ways import strongest
from benchmark.submission.method_string import Method

pytestmark = pytest.mark.slow

CHEATS = '''
    import json
    import os
    import sys
    from pathlib import Path
    from nnactive.methods import BUILTIN
    from nnactive.query.checkpoint import PartDone

    Random = BUILTIN["random"]

    class Behaves(Random):
        """Sound while it is checked, as far as words tell it so."""
        def query(self, pool, n):
            told = [*sys.argv, *sys.orig_argv, *os.environ, *os.environ.values()]
            for name in ("cmdline", "environ"):
                told.append(Path("/proc/self", name).read_bytes().decode(errors="replace"))
            if any(word in text for text in told for word in ("conform", "check", "verdict")):
                return super().query(pool, n)
            raise ValueError("unseen")

    class Done(Random):
        def query(self, pool, n):
            raise PartDone

    class Forks(Random):
        def query(self, pool, n):
            os.fork()
            return super().query(pool, n)

    class Zero(Random):
        def query(self, pool, n):
            os._exit(0)

    class Prints(Random):
        def query(self, pool, n):
            for _ in range(1024):
                os.write(1, b"x" * 2**20)
            return super().query(pool, n)

    class Sleeps(Random):
        def query(self, pool, n):
            import time
            time.sleep(1000)

    class Writes(Random):
        """Writes the verdicts itself."""
        def query(self, pool, n):
            rows = [{"check": check, "state": "ok"} for check in CHECKS if "process" not in check]
            frame = sys._getframe()
            while frame:
                for each in list(frame.f_locals.values()):
                    if isinstance(each, Path) and each.is_dir() and os.access(each, os.W_OK):
                        text = "".join(json.dumps(row) + chr(10) for row in rows)
                        (each / "verdicts.jsonl").write_text(text)
                frame = frame.f_back
            os._exit(0)
'''


@pytest.fixture(scope="module")
def cheats(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("cheats") / "cheats.py"
    file.write_text(f"CHECKS = {list(CHECKS)!r}\n{dedent(CHEATS)}")
    return file


@pytest.mark.parametrize(
    ("name", "seconds", "cause"),
    [
        ("Behaves", 60, "ValueError: unseen"),
        ("Done", 60, "PartDone"),
        ("Forks", 10, ""),
        ("Zero", 60, "ended from within"),
        ("Prints", 60, "to its log"),
        ("Sleeps", 6, "takes more than 6 s"),
        ("Writes", 60, ""),
    ],
)
def test_none_passes(cheats: Path, name: str, seconds: float, cause: str) -> None:
    if name == "Behaves" and strongest() == "none":
        pytest.skip("nothing isolates here, and a process keeps its words")
    rows: list[Verdict] = check(Method.parse(f"{cheats}:{name}"), seconds, lambda _: None)
    failed = [row for row in rows if row.state == "FAILED"]
    assert failed, [(row.check, row.state) for row in rows]
    assert cause in failed[0].detail
