"""A command that doesn't compute answers at once: what it imports is what makes it slow."""

import json
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click
import pytest

from benchmark.cli.main import cli

ROOT: Final = Path(__file__).parents[3]
HEAVY: Final = {
    *("torch", "nnunetv2", "snakemake", "numpy", "scipy", "pandas", "SimpleITK", "blosc2", "cc3d"),
    *("matplotlib", "docker", "jinja2", "rich", "requests", "urllib3", "yaml", "pydantic"),
    *("psutil", "pyzipper", "networkx", "tqdm", "packaging"),
}
READS: Final = frozenset({"pydantic", "yaml"})
"""What reading cards and tracks takes."""
LISTS: Final = {
    "--version": frozenset(),
    "track list": READS | {"rich"},
    "track show demo --data none": READS | {"rich"},  # no pool there, so no question of room
    "track show main --data none": READS | {"rich"},
    "track show main --yaml": READS,
    "data list --data none": READS | {"rich"},
    "method list": READS | {"rich", "numpy"},  # the classes themselves, whose modules need numpy
    "profile list": READS,
    "profile show slurm": READS,
    "method show bald": READS | {"numpy"},
    "method show power_bald,beta=5": READS | {"numpy"},
    "plan demo --data none --runs none": READS | {"rich", "numpy", "packaging"},
    "plan full --data none --runs none --json": READS | {"numpy", "packaging"},
    "spread list": READS | {"rich", "numpy", "scipy"},
    "schema --out {out}": READS | {"packaging"},
}
"""Commands that don't compute, with all that they may import of `HEAVY`."""
COMPUTE: Final = {
    *("data add", "data check", "data download", "data guide", "data prepare", "data verify"),
    *("track run", "submit", "check", "leaderboard build", "leaderboard table", "doctor"),
    "leaderboard compare",
    *("baselines export", "baselines import"),
    *("track reference", "track expect"),
    *("reproduce", "spread measure"),
    *("bundle", "replay", "runs list", "runs remove", "method reference"),
    *("show queries", "show predictions", "show uncertainty"),
    *("plan power", "plan subset", "status", "logs", "retry", "cancel", "shard", "profile init"),
    *(
        "verify",
        "sign",
        "entry add",
        "entry list",
        "entry verify",
        "entry withdraw",
        "entry review",
    ),
    *("annotate init", "annotate next", "annotate import", "annotate status", "annotate finish"),
}
"""Commands that read images or results, run something, or ask torch; and every `step`."""
SECONDS: Final = 3.0
"""Of the processor: ten times what one takes, and less than importing torch on a busy machine."""
WALK: Final = f"""
import contextlib, io, json, sys
from benchmark.cli.main import main
told = io.StringIO()
for words in json.loads(sys.argv[1]):
    with contextlib.redirect_stdout(told):
        status = main(words)
    assert status == 0, words
print(*sorted({HEAVY!r} & set(sys.modules)))
"""


def commands(group: click.Group, *above: str) -> Iterator[tuple[str, ...]]:
    """The words that call each command below a group, and the group itself."""
    yield above
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, *above, name)
        else:
            yield (*above, name)


def loaded(*calls: list[str]) -> tuple[set[str], float]:
    """What these calls import of `HEAVY`, in a process of their own; seconds of the processor."""

    def used() -> float:
        now = resource.getrusage(resource.RUSAGE_CHILDREN)
        return now.ru_utime + now.ru_stime

    before = used()
    words = [sys.executable, "-c", WALK, json.dumps(calls)]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=ROOT, env=env)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split()), used() - before


def test_the_help_of_every_command_imports_nothing_heavy() -> None:
    calls = [[*words, "--help"] for words in commands(cli)]
    assert len(calls) > 25
    assert ["--help"] in calls
    assert ["track", "run", "--help"] in calls
    assert ["step", "--help"] in calls
    found, _ = loaded(*calls)
    assert found == set()


def test_every_command_computes_or_is_one_that_answers_at_once() -> None:
    groups = {words for words in commands(cli) if words in {words[:-1] for words in commands(cli)}}
    single = {" ".join(words) for words in commands(cli) if words and words[0] != "step"}
    single -= {" ".join(words) for words in groups}
    at_once = {name for name in single if any(f"{call} ".startswith(f"{name} ") for call in LISTS)}
    assert single == at_once | COMPUTE
    assert not at_once & COMPUTE


@pytest.mark.parametrize("command", LISTS)
def test_what_only_lists_imports_what_it_needs(command: str, tmp_path: Path) -> None:
    found, seconds = loaded(command.format(out=tmp_path).split())
    assert found <= LISTS[command]
    assert seconds < SECONDS
