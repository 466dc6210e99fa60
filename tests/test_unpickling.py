"""Where files are read that could run code: nowhere that a method's process could write."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
OWN = {
    "nnactive/query/checkpoint.py": "what pool.map has finished: read where the method runs",
    "nnactive/data/prepare/memo.py": "what preparation and annotation keep; no box holds it",
    "benchmark/boxed/apart.py": "a pipe from a process that runs trusted code alone",
}
"""Modules that unpickle, and why they may."""


def calls(tree: ast.AST) -> Iterator[tuple[str, dict[str, str]]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            named = {word.arg: ast.unparse(word.value) for word in node.keywords if word.arg}
            yield ast.unparse(node.func), named


def runs_code(call: str, named: dict[str, str]) -> bool:
    """Whether a call can run code that the file holds."""
    if call in {"pickle.load", "pickle.loads", "pickle.Unpickler", "marshal.loads", "shelve.open"}:
        return True
    if call == "torch.load":
        return named.get("weights_only") != "True"
    if call in {"np.load", "numpy.load"}:
        return named.get("allow_pickle", "False") != "False"
    return False


def test_only_these_modules_read_what_could_run_code() -> None:
    found = set()
    for package in ("nnactive", "benchmark", "leaderboard"):
        for path in (ROOT / package).rglob("*.py"):
            if any(runs_code(*each) for each in calls(ast.parse(path.read_bytes()))):
                found.add(str(path.relative_to(ROOT)))
    assert found == set(OWN)
