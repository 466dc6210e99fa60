"""Hostile methods against the real query step: each fails as a row, or is harmless.

A method that could do what it mustn't raises BREACH, so a row with that word is a broken wall.
"""

import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from arena import Arena, Outcome, alive

from nnactive.data.prepared import PreparedDataset
from nnactive.settings import Limits

pytestmark = pytest.mark.slow

HARMLESS = "harmless"
"""In place of a row's class: the answer is a valid one."""
SECOND = 1 / 3600


@dataclass(frozen=True)
class Attack:
    """One hostile method, and how its query may end."""

    name: str
    """``file:Class``."""
    ends: tuple[str, ...] = (HARMLESS,)
    """`HARMLESS`, or classes of the failed row."""
    text: str = ""
    """In the row's reason."""
    limits: Limits | None = None
    parameters: dict[str, Any] = field(default_factory=dict)
    needs: bool = False
    """Whether it gets a trained ensemble."""

    @property
    def title(self) -> str:
        return "-".join([self.name.replace(":", "-"), *map(str, self.parameters.values())])


READING = [
    Attack(f"reading:{name}")
    for name in (
        "LabelsByPath",
        "OtherExperiments",
        "WalksProc",
        "Environments",
        "ParentsMemory",
        "Ptraces",
        "AsksTheHarness",
        "OracleReadsTheTestSet",
    )
]
BADGES = [
    Attack(f"reading:{name}", (HARMLESS, "contract", "crash"))
    for name in ("OracleByNeeds", "OracleByGetattribute")
]
WRITING = [
    Attack("writing:WritesOutside"),
    Attack("writing:ForgesARival"),
    Attack("writing:PlantsPickles"),
]
OUTBOX = [
    Attack(f"outbox:{name}", ("crash", "contract"))
    for name in ("Links", "HardLinks", "Pipes", "Folders", "JsonBomb", "LargeFile", "WholeImages")
]
ANSWERS = [
    Attack("answers:NumpyIntegers"),
    Attack("answers:LyingList", ("contract", HARMLESS)),
    Attack("answers:StrangeCase", ("contract",), "overlaps"),
    Attack("answers:LyingIntegers", ("contract", "crash", HARMLESS)),
    Attack("answers:Outside", ("contract",), "leaves the image"),
    Attack("answers:UnknownCase", ("contract",), "isn't a case of the pool"),
    Attack("answers:WholeImage", ("contract",), "has size"),
    Attack("answers:TooMany", ("contract",), "too many patches"),
    Attack("answers:DeepState", ("contract", "crash")),
    Attack("answers:LargeState", ("contract", "crash", "memory")),
    Attack("answers:PickledState", ("contract", "crash")),
]
NETWORKS = [Attack("networks:ReplacesTorch", (HARMLESS, "contract", "crash"), needs=True)]
HARNESS = [
    Attack("harness:ReplacesRecord", (HARMLESS, "contract", "crash")),
    Attack("harness:ReplacesTheCheck", ("contract", "crash")),
    Attack("harness:ReplacesLibraries", ("contract", "crash")),
    *(
        Attack("harness:Raises", ("contract", "crash"), parameters={"what": what})
        for what in ("PartDone", "Stopped", "DamagedError", "RefusedError", "KeyboardInterrupt")
    ),
    Attack("harness:Raises", ("memory",), parameters={"what": "MemoryError"}),
    Attack("harness:Raises", ("contract", "crash"), parameters={"what": "SystemExit"}),
    Attack("harness:Ends", ("crash",), "from within", parameters={"how": "zero"}),
    Attack("harness:Ends", ("crash",), "signal 11", parameters={"how": "segfault"}),
    Attack("harness:Ends", ("crash",), parameters={"how": "recursion"}),
    Attack("harness:Ends", ("contract", "crash"), parameters={"how": "exception"}),
]
PROCESSES = [
    Attack("processes:ForkBomb", ("killed", "crash", "contract"), limits=Limits(processes=20)),
    Attack("processes:ManyStay"),
    Attack("processes:Daemon"),
    Attack("processes:Memory", ("memory",), limits=Limits(memory_gib=1)),
    Attack("processes:Sleeps", ("time",), limits=Limits(hours=3 * SECOND)),
    Attack("processes:Spins", ("time",), limits=Limits(hours=3 * SECOND)),
    Attack("processes:Prints", ("killed",), "to its log", limits=Limits(log_mb=1)),
    Attack("processes:Listens"),
]
LEFTOVERS = [
    Attack("leftovers:DeepFolders"),
    Attack("leftovers:StrangeNames"),
    Attack("leftovers:HugeLog", ("crash", "killed")),
]
MEMORY = [
    Attack(
        "memory:HidesMemory",
        (HARMLESS, "memory", "crash"),
        limits=Limits(memory_gib=1),
        parameters={"how": how},
    )
    for how in ("memfd", "sysv", "anonymous", "zeros", "deleted")
]
ALL = [
    *READING,
    *BADGES,
    *WRITING,
    *OUTBOX,
    *ANSWERS,
    *HARNESS,
    *NETWORKS,
    *PROCESSES,
    *LEFTOVERS,
    *MEMORY,
]


def asked(fought: Arena, attack: Attack, **more: object) -> Outcome:
    """Ask a hostile method; nothing but its own query may be changed, and nothing may stay."""
    before = fought.guarded()
    given = {**attack.parameters, **more}
    outcome = fought.ask(attack.name, attack.limits, needs=attack.needs, **given)
    assert fought.guarded() == before
    deadline = time.monotonic() + 5
    while left := alive():
        assert time.monotonic() < deadline, left
        time.sleep(0.05)
    return outcome


def judged(outcome: Outcome, fought: Arena, attack: Attack) -> None:
    if outcome.patches is not None:
        assert fought.problems(outcome.patches) == []
        assert (outcome.status, outcome.row, outcome.isolation) == (0, None, fought.way)
        assert HARMLESS in attack.ends
        return
    row = outcome.row
    assert row is not None
    assert "BREACH" not in row.reason
    assert 0 < len(row.reason) <= 500
    assert row.reason.isprintable()
    assert (row.step, row.loop) == ("query", 1)
    assert row.kind in attack.ends, row
    assert attack.text in row.reason
    assert outcome.status not in {0, 65, 75}  # as of a step that is to be run again


@pytest.mark.parametrize("attack", ALL, ids=lambda attack: attack.title)
def test_each_attack_is_harmless_or_a_failed_row(fought: Arena, attack: Attack) -> None:
    judged(asked(fought, attack), fought, attack)


@pytest.mark.parametrize("kind", ["tcp", "abstract", "unix", "server"])
def test_no_socket_can_be_reached(fought: Arena, kind: str, tmp_path: Path) -> None:
    """Also not that of the run's server, which would start what it is asked to."""
    attack = Attack("processes:Connects")
    if kind == "server":
        judged(asked(fought, attack, address=f"unix:{fought.server}"), fought, attack)
        return
    name = {"tcp": "", "abstract": "nnactive-attack", "unix": str(tmp_path / "s")}[kind]
    family = socket.AF_INET if kind == "tcp" else socket.AF_UNIX
    address = {"tcp": ("127.0.0.1", 0), "abstract": f"\0{name}", "unix": name}[kind]
    with socket.socket(family) as listener:
        listener.bind(address)
        listener.listen()
        if kind == "tcp":
            name = f"127.0.0.1:{listener.getsockname()[1]}"
        judged(asked(fought, attack, address=f"{kind}:{name}"), fought, attack)


def test_networks_and_training_folders_stay_as_they_are(fought: Arena) -> None:
    attack = Attack("networks:SpoilsMembers", needs=True)
    judged(asked(fought, attack, train=fought.loop0.train), fought, attack)


def test_no_other_process_can_be_killed(fought: Arena) -> None:
    attack = Attack("processes:KillsOthers", (HARMLESS, "crash", "killed"))
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(100)"]) as victim:
        try:
            judged(asked(fought, attack, victim=victim.pid), fought, attack)
            assert victim.poll() is None
        finally:
            victim.kill()


def test_planted_pickles_run_nowhere(fought: Arena) -> None:
    """Also not in the next query, which finds what this one has left."""
    asked(fought, Attack("writing:PlantsPickles"))
    asked(fought, Attack("writing:PlantsPickles"))
    assert not (fought.root / "PWNED").exists()


@pytest.mark.parametrize("folder", ["pool_labels", "test_labels"])
def test_nothing_secret_is_left_in_memory(fought: Arena, folder: str) -> None:
    """What the process that a box is forked from has read, the method could find."""
    sums = PreparedDataset(fought.data).sums
    word = next(value for name, value in sums.items() if name.startswith(folder))
    half = len(word) // 2
    attack = Attack("memory:ScansMemory")
    judged(asked(fought, attack, first=word[:half], second=word[half:]), fought, attack)
