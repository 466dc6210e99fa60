"""The server, and that what it forks is like a fresh process."""

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from benches import HEAD, Bench, wait

from benchmark.execution.fresh import THREAD_VARIABLES, program_of, renew_draws
from benchmark.execution.strays import JOB
from benchmark.execution.supervisor import SERVER
from benchmark.execution.warm import CLIENT
from benchmark.execution.warm.client import SERVER as CLIENTS
from nnactive.io.leases import LEASE
from nnactive.nnunet import generators

QUIET = """
import sys
from benchmark.execution.warm.preload import preload, threads
seen = []
import torch
def ask_gpu(*_):
    raise SystemExit("the server asked for a GPU")
torch._C._cuda_getDeviceCount = torch._C._cuda_init = torch.cuda._lazy_init = ask_gpu
torch.cuda.is_available = torch.cuda.device_count = ask_gpu
preload(heavy=True, between=lambda: seen.append(1))
assert "nnactive.nnunet.trainer" in sys.modules and len(seen) > 10
print(threads(), torch.cuda.is_initialized(), torch.get_num_threads())
"""
LOOK = """
import json, random, tempfile, threading
found = {
    "argv": sys.argv, "path": sys.path, "cwd": os.getcwd(), "env": dict(os.environ),
    "stdin": sys.stdin.read(), "main": __name__, "file": __file__,
    "signals": [str(signal.getsignal(n)) for n in (2, 10, 13, 15, 17, 25)],
    "threads": threading.active_count(), "session": os.getsid(0) == os.getpid(),
    "umask": os.umask(0o22), "tmp": tempfile.gettempdir(),
}
Path("found").write_text(json.dumps(found))
Path("random").write_text(f"{random.random()} {__import__('numpy').random.random()}")
done()
"""


@pytest.mark.slow
def test_the_server_computes_nothing() -> None:
    env = {**os.environ, **dict.fromkeys(THREAD_VARIABLES, "1")}
    done = subprocess.run(
        [sys.executable, "-P", "-c", QUIET], env=env, capture_output=True, text=True, check=False
    )
    assert done.stdout.split()[:3] == ["1", "False", "1"], done.stderr


def test_client_and_supervisor_name_the_server_alike() -> None:
    assert CLIENTS == SERVER


def test_the_client_imports_little() -> None:
    code = f"""
import sys
sys.argv = ["client.py"]
exec(compile(open({str(CLIENT)!r}).read(), "client", "exec"), {{"__name__": "client"}})
import _socket
print(*sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True
    )
    assert not {"json", "socket", "pathlib", "ctypes", "benchmark", "site"} & {*done.stdout.split()}


def test_a_step_is_like_a_fresh_process(served: Bench, monkeypatch) -> None:
    served.env.update(SOME="thing", TMPDIR=str(served.root))
    assert served.run(LOOK, threads=1) == 0
    forked = json.loads((served.root / "found").read_text())
    numbers = {(served.root / "random").read_text()}
    served.output.unlink()

    assert served.run(LOOK, threads=1) == 0
    numbers.add((served.root / "random").read_text())
    assert len({number for pair in numbers for number in pair.split()}) == 4  # nothing is inherited

    env = {**served.env, **dict.fromkeys(THREAD_VARIABLES, "1")}
    (served.root / "step.py").write_text(HEAD + LOOK)
    subprocess.run(
        [sys.executable, "step.py", "s/loop_001.json"],
        env=env,
        cwd=served.root,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        check=True,
    )
    fresh = json.loads((served.root / "found").read_text())
    del fresh["env"][SERVER]
    assert forked["env"].pop(JOB) == "s/loop_001.json"
    assert forked["env"].pop(LEASE).endswith("s/loop_001.json.lease")
    for found in (forked, fresh):
        for name in ("_", "PWD", "OLDPWD", "SHLVL"):
            found["env"].pop(name, None)  # bash's
    assert forked == fresh


@pytest.mark.parametrize("renew", [renew_draws, generators.renew])
def test_forks_of_one_server_draw_differently(renew) -> None:
    def draws() -> tuple[float, float, float]:
        """As in a fork: whatever was drawn before, the states are the server's."""
        generators.restore(server)
        renew()
        return random.random(), np.random.random(), torch.rand(1).item()  # noqa: NPY002, S311

    server = generators.states()
    first, second = draws(), draws()
    assert all(one != other for one, other in zip(first, second, strict=True))


def test_a_module_runs_as_with_python_m(served: Bench) -> None:
    (served.root / "tool.py").write_text(
        HEAD.replace("argv[1]", "argv[2]") + "assert sys.argv[1] == 'x'\ndone()"
    )
    order = f"--output s/loop_001.json --log l -- {sys.executable} -m tool x s/loop_001.json"
    served.output.parent.mkdir()
    command = f"exec {sys.executable} -I -S {CLIENT} {order}"
    subprocess.run(["bash", "-c", command], cwd=served.root, env=served.env, check=True)


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ([sys.executable, "-P", "-m", "benchmark.cli", "step"], "benchmark.cli"),
        ([sys.executable, "a.py", "-m"], "a.py"),
        ([sys.executable, "-c", "pass"], None),
        (["sh", "a.py"], None),
    ],
)
def test_what_a_command_runs(words, name) -> None:
    found = program_of(words)
    assert (found and found.name) == name


def test_what_is_no_python_is_executed(served: Bench) -> None:
    served.output.parent.mkdir()
    order = "--output s/loop_001.json --log l -- sh -c"
    command = (
        f"exec {sys.executable} -I -S {CLIENT} {order} 'echo $OMP_NUM_THREADS > s/loop_001.json'"
    )
    subprocess.run(["bash", "-c", command], cwd=served.root, env=served.env, check=True)
    assert served.output.read_text() == "1\n"


def test_many_jobs_at_once(served: Bench) -> None:
    """Each its own output; one forker, no queue lost."""
    (served.root / "step.py").write_text(HEAD + "time.sleep(.2)\ndone()")
    client = f"exec {sys.executable} -I -S {CLIENT}"
    commands = [
        f"{client} --output o{n} --log l{n} -- {sys.executable} step.py o{n}" for n in range(10)
    ]
    started = [
        subprocess.Popen(["bash", "-c", command], cwd=served.root, env=served.env)
        for command in commands
    ]
    assert [process.wait(120) for process in started] == [0] * 10
    assert len(list(served.root.glob("o*"))) == 10


def test_a_submission_is_imported_as_ever(served: Bench) -> None:
    """What the server has imported doesn't become the step's own files."""
    script = """
sys.path.pop(0)
from benchmark.submission.alone import foreign_module, installed_roots
before, roots = set(sys.modules), installed_roots()
sys.path.insert(0, ".")
import beside
assert "beside.py" in foreign_module(before, roots)
done()
"""
    (served.root / "beside.py").touch()
    assert served.run(script) == 0, served.log.read_text()


def test_a_client_whose_parent_is_killed_ends_its_job(served: Bench) -> None:
    (served.root / "step.py").write_text(HEAD + "Path('here').touch()\ntime.sleep(3600)")
    order = f"--output o --log l -- {sys.executable} step.py o"
    # As Snakemake, which dies without a word.
    script = f"{sys.executable} -I -S {CLIENT} {order}; true"
    parent = subprocess.Popen(["bash", "-c", script], cwd=served.root, env=served.env)
    wait((served.root / "here").exists)
    parent.kill()
    parent.wait()
    began = time.monotonic()
    wait(lambda: len(served.processes()) == 1, 20)
    assert time.monotonic() - began < 10
    assert not Path(served.root / "o").exists()
