"""The query and start steps as commands, with authors' classes of all kinds."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from support import SEED

from benchmark.cli.main import main
from benchmark.firewall.ways import best_way
from benchmark.layout import failure_file, spec_file
from benchmark.results import Failure
from benchmark.submission.method_string import Method
from benchmark.submission.spec import describe, freeze
from nnactive.data.prepared import PreparedDataset
from nnactive.errors import NnactiveError
from nnactive.io.costs import read_cost
from nnactive.io.files import read_model, write_model
from nnactive.io.queries import load_query, load_state
from nnactive.settings import Setting
from nnactive.steps.start import start

HEAD = """
import os, sys
from nnactive.errors import DamagedError, RefusedError, Stopped
from nnactive.methods import BUILTIN, Patch, QueryMethod, StartMethod
from nnactive.query.checkpoint import PartDone

def corners(pool, n):
    found = []
    for case in pool.cases:
        size = tuple(min(a, b) for a, b in zip(pool.shape(case), pool.patch_size))
        patch = Patch(case, (0, 0, 0), size)
        if not any(patch.overlaps(p) for p in pool.labelled):
            found.append(patch)
    return found[:n]
"""
QUERY = f'''{HEAD}
class Mine(QueryMethod):
    """Corners."""
    needs = frozenset()

    def query(self, pool, n):
        {{body}}
        return corners(pool, n)
'''
START = f'''{HEAD}
class Mine(StartMethod):
    """Corners."""

    def start(self, pool, n):
        {{body}}
        return corners(pool, n)
'''
Run = Callable[..., int]


@pytest.fixture
def asked(phantom: Path, setting: Setting, tmp_path: Path) -> Run:
    """Runs a query of loop 1 of a class whose ``query`` begins with a body."""
    start(phantom, setting, SEED, tmp_path / "loop_000.json")

    def run(body: str, code: str = QUERY, *, data: Path = phantom) -> int:
        (tmp_path / "mine.py").write_text(code.replace("{body}", body))
        method = Method.parse(f"{tmp_path / 'mine.py'}:Mine")
        return run_step(method, data, setting, tmp_path)

    return run


def run_step(method: Method, data: Path, setting: Setting, root: Path) -> int:
    spec = describe(method)
    freeze(root, spec, method.file)
    write_model(root / "setting.json", setting)
    out = root / ("start.json" if spec.starts else "loop_001.json")
    options: list[object] = ["--data", data, "--setting", root / "setting.json"]
    options += ["--method", root / spec_file(spec.record.id), "--seed", SEED, "--out", out]
    if not spec.starts:
        options += ["--loop", 1, "--train", root / "train", "--query", root / "loop_000.json"]
        options += ["--device", "cpu", "none"]
    return main(["step", "start" if spec.starts else "query", *map(str, options)])


def row(root: Path, name: str = "loop_001.json") -> Failure:
    return read_model(failure_file(root / name), Failure)


def hidden(root: Path) -> list[str]:
    return [path.name for path in root.iterdir() if path.name.startswith(".")]


def test_a_choice_is_written_with_its_isolation_state_and_cost(asked: Run, tmp_path: Path) -> None:
    assert asked("pool.save({'a': [1, 2]})") == 0
    out = tmp_path / "loop_001.json"
    made = load_query(out)
    assert made.isolation == best_way()
    assert len(made.patches) == 6
    assert json.loads(load_state([out], made.method) or b"") == {"a": [1, 2]}
    assert read_cost(out).device == "cpu"
    assert hidden(tmp_path) == []


@pytest.mark.parametrize(
    ("body", "kind", "text"),
    [
        ("raise PartDone", "contract", "raised PartDone, which only pool.map does"),
        ("raise DamagedError('loop_000.json')", "crash", "loop_000.json"),
        ("raise RefusedError('mine')", "crash", "mine"),
        ("raise Stopped('mine')", "crash", "mine"),
        ("raise KeyboardInterrupt", "crash", "KeyboardInterrupt"),
        ("raise OSError(28, 'full')", "crash", "OSError"),
        ("os._exit(0)", "crash", "ended from within"),
        ("os._exit(75)", "crash", "ended from within"),
        ("os.abort()", "crash", "signal 6"),
        ("sys.exit(0)", "crash", "SystemExit: 0"),
        ("bytearray(10**18)", "memory", "MemoryError"),
        ("return self.query(pool, n)", "crash", "RecursionError"),
        ("return corners(pool, 1)", "contract", "too few patches: 1 instead of 6"),
        ("raise ValueError('\\x1b[31m\\u202e')", "crash", "ValueError: [31m"),
    ],
    ids=range(14),
)
def test_whatever_a_method_does_is_its_own_failed_row(
    asked: Run, tmp_path: Path, body: str, kind: str, text: str
) -> None:
    assert asked(body) not in {0, 65, 75}
    failed = row(tmp_path)
    assert (failed.kind, failed.step, failed.loop) == (kind, "query", 1)
    assert text in failed.reason
    assert failed.reason.isprintable()
    assert not (tmp_path / "loop_001.json").exists()
    assert hidden(tmp_path) == []


@pytest.mark.parametrize(
    ("patches", "text"),
    [
        ("[Patch(pool.cases[0], (0, 0, 0), pool.shape(pool.cases[0]))] * n", "instead of"),
        ("[Patch('elsewhere', (0, 0, 0), size)] * n", "isn't a case of the pool"),
        ("[Patch(pool.cases[0], (0, 0, 900), size)] * n", "leaves the image"),
        ("[Patch(pool.cases[0], (0, 0, 0), size)] * n", "overlaps"),
        ("[Patch(pool.cases[0], (0, 0, 0), size)] * (n + 1)", "too many patches"),
        ("[pool.labelled[0]] * n", "overlaps"),
    ],
    ids=["whole image", "unknown", "outside", "twice", "many", "labelled"],
)
def test_patches_are_checked_outside_whatever_was_replaced_inside(
    asked: Run, tmp_path: Path, patches: str, text: str
) -> None:
    # Stands for code that replaces the check in its own process and answers past it.
    body = f"""from nnactive.answers import answer as wire
        size = pool.patch_size
        patches = tuple({patches})
        import benchmark.boxed.inside as inside
        real = inside.write_answer
        inside.write_answer = lambda folder, *_: real(folder, wire.Answer(patches=patches))"""
    assert asked(body) == 2
    assert row(tmp_path).kind == "contract"
    assert text in row(tmp_path).reason


def test_a_damaged_image_is_no_failure_of_the_method(
    asked: Run, phantom: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data" / "phantom"
    shutil.copytree(phantom, data, symlinks=True)
    image = PreparedDataset(data).image_file(PreparedDataset(data).info.pool[0].id)
    content = bytearray(image.resolve().read_bytes())
    content[-1] ^= 1
    image.unlink()
    image.write_bytes(content)
    assert asked("pool.image(pool.cases[0])", data=data) == 2
    assert "isn't what was prepared" in capsys.readouterr().err
    assert not failure_file(tmp_path / "loop_001.json").exists()


def test_a_box_that_cant_be_made_is_no_failure_of_the_method(
    asked: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise NnactiveError("the box can't be made")

    monkeypatch.setattr("benchmark.boxed.ask.run_boxed", broken)
    assert asked("pass") == 1
    assert not failure_file(tmp_path / "loop_001.json").exists()


ORACLE = f'''{HEAD}
class Mine(QueryMethod):
    """Looks."""
    needs = frozenset()
    oracle = True

    def query(self, pool, n):
        """Save the number of foreground voxels."""
        case = pool.cases[0]
        pool.save(int((pool.oracle.label(case) > 0).sum()))
        return corners(pool, n)
'''


def test_a_submitted_oracle_gets_the_labels_in_its_box(
    asked: Run, phantom: Path, tmp_path: Path
) -> None:
    assert asked("", ORACLE) == 0, row(tmp_path)
    out = tmp_path / "loop_001.json"
    dataset = PreparedDataset(phantom)
    true = int((np.asarray(dataset.pool_label(dataset.info.pool[0].id)) > 0).sum())
    assert int(load_state([out], load_query(out).method) or b"-1") == true
    assert load_query(out).isolation == best_way()


def test_a_built_in_oracle_runs_outside(phantom: Path, setting: Setting, tmp_path: Path) -> None:
    start(phantom, setting, SEED, tmp_path / "loop_000.json")
    assert run_step(Method.parse("random_fg33"), phantom, setting, tmp_path) == 0
    assert load_query(tmp_path / "loop_001.json").isolation == "trusted"


def test_a_submitted_start_sees_images_in_a_box(asked: Run, tmp_path: Path) -> None:
    assert asked("pool.image(pool.cases[0])", START) == 0
    made = load_query(tmp_path / "start.json")
    assert (made.isolation, made.loop, len(made.patches)) == (best_way(), 0, 10)
    (tmp_path / "start.json").unlink()
    assert asked("raise DamagedError('x')", START) == 2
    assert row(tmp_path, "start.json").kind == "crash"


def test_finished_work_is_unpickled_in_the_box_alone(asked: Run, tmp_path: Path) -> None:
    if best_way() == "none":
        pytest.skip("nothing here keeps a process in a box")
    mark = tmp_path / "opened outside"
    plant = f"""class Trap:
            def __reduce__(self):
                return open, ({str(mark)!r}, "w")
        pool.map(lambda case: Trap(), pool.cases)
        raise ValueError("again")"""
    for _ in range(2):
        assert asked(plant) == 2
        assert list(tmp_path.glob(".loop_001.json.checkpoint/*/*.pickle"))
    assert asked("pass") == 0
    assert not mark.exists()
    assert hidden(tmp_path) == []
