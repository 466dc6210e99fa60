"""How the two processes of a check are followed; STAND-INS for the processes, which have ended."""

from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import pytest

from benchmark.conformance import parent
from benchmark.conformance.boxed.told import ANSWERS, OWN, VERDICTS
from benchmark.conformance.checks import CHECKS, Verdict


@dataclass
class Child:
    """A process that has ended, which is noticed after a number of looks."""

    folder: Path
    log: Path
    unnoticed: int = 0
    process: SimpleNamespace = field(default_factory=lambda: SimpleNamespace(returncode=0))

    @property
    def ended(self) -> bool:
        self.unnoticed -= 1
        return self.unnoticed < 0


@pytest.mark.parametrize("looks", [0, 1, 2, 3])
def test_the_second_process_may_end_at_any_moment(looks: int, tmp_path: Path) -> None:
    children = []
    for name, unnoticed in (("main", 0), ("other", looks)):
        folder = tmp_path / name
        folder.mkdir()
        (folder / ANSWERS).write_text("{}")
        (folder / "log").touch()
        children.append(Child(folder, folder / "log", unnoticed))
    rows = [Verdict(check=check, state="not judged") for check in OWN]
    lines = "".join(f"{row.model_dump_json()}\n" for row in rows)
    (tmp_path / "main" / VERDICTS).write_text(lines)
    judged, cause = parent._follow(*children, seconds=60, watcher=lambda _: None)
    assert ([each.check for each in judged], cause) == (list(CHECKS), "")
