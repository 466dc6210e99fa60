"""The pages for authors of methods are true: their examples run, their tables are the code's."""

import inspect
import re
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import get_args

import click
import numpy as np
import pytest
import torch
from pools import LABELLED, SHAPES, build_pool

import nnactive.methods
from benchmark.cli.main import cli
from benchmark.conformance.checks import CHECKS, State
from benchmark.submission.method_string import Method, written
from benchmark.submission.spec import make
from nnactive.errors import UserError
from nnactive.geometry import Patch
from nnactive.methods import (
    BUILTIN,
    STARTS,
    FeatureMethod,
    Need,
    Prediction,
    QueryMethod,
    patch_means,
)
from nnactive.methods.run_method import run_method
from nnactive.methods.starts.pool import VISIBLE, StartPool
from nnactive.nnunet.predict.access import NetworkAccess
from nnactive.query.prediction import fold
from nnactive.steps.network import no_predictor

ROOT = Path(__file__).parents[1]
TUTORIAL = (ROOT / "docs" / "methods.md").read_text(encoding="utf-8")
TEXT = (ROOT / "docs" / "methods-guide.md").read_text(encoding="utf-8")
ANNOTATE = (ROOT / "docs" / "annotate.md").read_text(encoding="utf-8")
EXAMPLES = {
    "margin.py": "Margin",
    "spread_bald.py": "SpreadBald",
    "intensity_cover.py": "IntensityCover",
    "flip_disagreement.py": "FlipDisagreement",
    "clap_bald.py": "ClapBald",
}
START_EXAMPLES = {"texture_start.py": "TextureStart"}


def blocks(text: str, language: str) -> list[str]:
    """Code blocks of a page in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def section(heading: str) -> str:
    """A section of the reference, on one line."""
    return " ".join(TEXT.split(f"\n## {heading}\n")[1].split("\n## ", maxsplit=1)[0].split())


def table(heading: str, text: str = TEXT) -> list[list[str]]:
    """Rows of the first table under a heading, without its head."""
    section = text.split(f"\n## {heading}\n")[1].split("\n## ", maxsplit=1)[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


# Examples


def test_the_code_shown_is_the_example_files_in_order() -> None:
    """The tutorial shows its first file in full and the end of others; the reference all of it."""
    shown = re.findall(r"\]\(\.\./examples/(\w+\.py)\)", TUTORIAL)
    files = [(ROOT / "examples" / name).read_text() for name in shown]
    code = blocks(TUTORIAL, "python")
    assert shown == list(EXAMPLES)[:4]
    assert len(code) == 4
    assert code[0] == files[0]
    for block, file in zip(code, files, strict=True):
        assert file.endswith(f"\n{block}") or block == file
        assert re.search("^class ", block, re.MULTILINE)
    full = re.findall(
        r"\]\(\.\./examples/(\w+\.py)\)[^`]*```python\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE
    )
    assert full == [
        (name, (ROOT / "examples" / name).read_text()) for name in ("clap_bald.py", *START_EXAMPLES)
    ]
    assert len(blocks(TEXT, "python")) == 2


def test_the_manifest_shown_is_the_examples() -> None:
    shown = blocks(TEXT, "yaml")[0]
    assert shown == (ROOT / "examples" / "textured" / "submission.yaml").read_text()


def predicted(case: str, image: np.ndarray, needs: frozenset[str], ramp: float = 1) -> Prediction:
    """What two members make of an image: brightness, which they see increase along X."""
    bright = torch.from_numpy(np.ascontiguousarray(image)).mean(0)
    bright = bright + ramp * torch.linspace(0, 1, bright.shape[-1])
    stack = [torch.stack([member * bright, -bright, bright]) for member in (1, 2)]
    return fold(case, lambda: (each.softmax(0) for each in stack), needs)


def access(ramp: float = 1) -> NetworkAccess:
    """The networks of a pool; they can predict other images, and no more."""
    return NetworkAccess(
        members=2,
        channels=1,
        n_classes=3,
        device="cpu",
        tile=(4, 4, 4),
        step=0.5,
        images=lambda case: np.zeros((1, *SHAPES[case]), dtype=np.float32),
        borrow=lambda _: nullcontext(torch.nn.Identity()),
        turn=nullcontext,
        predictor=lambda case, image, needs: predicted(case, image, needs, ramp),
    )


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("n", [1, 10])
def test_each_example_chooses_exactly_n_patches(name: str, n: int) -> None:
    spec, method = make(Method.parse(f"{ROOT}/examples/{name}:{EXAMPLES[name]}"))
    assert spec.record.description
    for labelled in ([], [LABELLED]):
        pool, spread = (
            build_pool(method, labelled=labelled, candidates=20, workers=workers, network=access())
            for workers in (1, 3)
        )
        chosen = run_method(method, pool, n)
        assert len(set(chosen)) == n
        assert chosen == run_method(method, spread, n)


@pytest.mark.parametrize("name", START_EXAMPLES)
@pytest.mark.parametrize("n", [1, 10])
def test_each_start_chooses_exactly_n_patches(name: str, n: int) -> None:
    spec, method = make(Method.parse(f"{ROOT}/examples/{name}:{START_EXAMPLES[name]}"))
    assert spec.starts
    images = {case: np.random.default_rng(1).random((2, *shape)) for case, shape in SHAPES.items()}
    pool, spread = (
        StartPool(build_pool(images=images.__getitem__, loop=0, workers=workers))
        for workers in (1, 3)
    )
    chosen = run_method(method, pool, n)
    assert len(set(chosen)) == n
    assert chosen == run_method(method, spread, n)


def built(name: str, **parameters: object) -> QueryMethod:
    given = ",".join([EXAMPLES[name], *(f"{key}={value}" for key, value in parameters.items())])
    return make(Method.parse(f"{ROOT}/examples/{name}:{given}"))[1]


def test_margin_is_the_difference_of_the_two_largest() -> None:
    method = built("margin.py")
    prediction = build_pool(method).predict("a")
    best, second = torch.sort(prediction.mean, dim=0, descending=True).values[:2]
    assert torch.equal(method.score(prediction), 1 - (best - second))


def test_the_level_2_example_takes_its_turns_and_its_parameters() -> None:
    method = built("spread_bald.py", most=1, sigma=0)
    chosen = run_method(method, build_pool(method), 6)
    assert sorted(patch.case for patch in chosen[:4]) == ["a", "b", "c", "d"]
    noisy = built("spread_bald.py", most=1, sigma=1)
    assert run_method(noisy, build_pool(noisy), 6) != chosen


def test_the_example_of_features_takes_the_place_that_looks_unlike_what_is_labelled() -> None:
    method = built("intensity_cover.py")
    bright = np.zeros((1, 10, 10, 10), dtype=np.float32)
    bright[:, :, :, 7:] = 5
    images = {"c": bright[:, :3], "d": bright}
    pool = build_pool(
        method, {"c": (3, 10, 10), "d": (10, 10, 10)}, [LABELLED], images=images.__getitem__
    )
    assert all(patch.start[2] >= 6 for patch in run_method(method, pool, 1))


@pytest.mark.parametrize("ramp", [0, 1])
def test_the_flip_example_scores_what_mirroring_changes(ramp: float) -> None:
    method = built("flip_disagreement.py")
    blank = np.zeros((1, *SHAPES["a"]), dtype=np.float32)
    own = predicted("a", blank, method.needs, ramp)
    pool = build_pool(method, predictor=lambda *_: own, network=access(ramp))
    scores = [each.score for each in method.candidates(pool, "a")]
    change = (own.mean - own.mean.flip(-1)).abs().sum(0).numpy() / 2
    assert max(scores) == pytest.approx(patch_means(change, (4, 4, 4), (2, 2, 2)).max())
    assert (max(scores) > 0) == bool(ramp)


def test_the_composed_example_has_the_parts_that_the_page_says() -> None:
    method = built("clap_bald.py", beta=5)
    assert method.needs == BUILTIN["bald"].needs
    assert set(method.parameters.model_dump()) == {"alpha", "beta"}
    assert type(method).score is BUILTIN["bald"].score
    found = re.search(r"`clap_pe` is `class (\w+)\((\w+), (\w+)\)`", TEXT)
    kind = BUILTIN["clap_pe"]
    assert found
    assert list(found.groups()) == [kind.__name__, *(base.__name__ for base in kind.__bases__)]


# Tables


def test_the_table_of_methods_is_the_builtin_ones() -> None:
    rows = table("Built-in methods")
    assert [re.findall(r"`(\w+)`", row[0]) for row in rows] == [[name] for name in BUILTIN]
    for name, *_, parameters, reference in rows:
        kind = BUILTIN[re.findall(r"`(\w+)`", name)[0]]
        defaults = kind.Parameters().model_dump()
        expected = {f"`{key}` = {written(value)}" for key, value in defaults.items()}
        assert set(parameters.split(", ")) == (expected or {"-"})
        assert ("(uses ground truth)" in name) == kind.oracle
        links = re.findall(r"\]\((https://[^)]+)\)", reference)
        assert links
        assert all(link in str(inspect.getdoc(kind)) for link in links)


def test_the_parts_of_feature_methods_are_there() -> None:
    heading = "Features of places"
    parts = [row[0].strip("`") for row in table(heading)[:3]]
    assert parts == ["places", "features", "choose_by"]
    assert all(hasattr(FeatureMethod, name) for name in parts)
    calls = re.findall(r"^\| `(\w+)\(([^)]*)\)` \|", TEXT.split(f"## {heading}")[1], re.MULTILINE)
    assert len(calls) >= 6
    for name, arguments in calls[:6]:
        expected = list(inspect.signature(getattr(nnactive.methods, name)).parameters)
        assert arguments.split(", ") == expected[: len(arguments.split(", "))], name


def test_the_packages_that_are_said_to_be_there_are_locked() -> None:
    listed = re.search(r"Of the lock, methods tend to use (.*?)\.\n", TEXT, re.DOTALL)
    assert listed
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    for package in re.findall(r"`([\w-]+)`", listed[1]):
        assert f"\n{package.lower()}==" in lock, package


def test_the_table_of_starts_is_the_builtin_ones() -> None:
    rows = table("Start methods")
    assert [re.findall(r"`(\w+)`", row[0]) for row in rows] == [[name] for name in STARTS]
    for name, _, parameters, reference in rows:
        kind = STARTS[re.findall(r"`(\w+)`", name)[0]]
        defaults = kind.Parameters().model_dump()
        expected = {f"`{key}` = {written(value)}" for key, value in defaults.items()}
        assert set(parameters.split(", ")) == (expected or {"-"})
        assert ("(uses ground truth)" in name) == kind.oracle
        assert all(
            link in kind.reference for link in re.findall(r"\]\((https://[^)]+)\)", reference)
        )


def test_what_a_start_sees_is_what_the_page_lists() -> None:
    listed = re.search(r"The pool has (.*?) is empty and `loop`", section("Start methods"))
    assert listed
    of_its_own = {"info", "labelled_in", "loop", "file", "device", "torch_rng"}
    assert set(re.findall(r"`(\w+)`", listed[1])) == VISIBLE - of_its_own


def test_the_checks_are_named_in_order() -> None:
    assert ", ".join(f"*{check}*" for check in CHECKS) in section("The checks")


def test_the_states_of_a_check_are_the_codes() -> None:
    assert [row[0].strip("`") for row in table("The checks")] == list(get_args(State))


def test_what_the_pool_offers_is_all_that_it_shows() -> None:
    cells = " ".join(row[0] for row in table("What the pool offers"))
    public = {name for name in dir(build_pool()) if not name.startswith("_")}
    assert set(re.findall(r"`(\w+)", cells)) == public


def test_the_parts_of_the_pipeline_are_there() -> None:
    offered = set(re.findall(r"`([a-z_]+)", " ".join(row[0] for row in table("The pipeline"))))
    assert all(hasattr(QueryMethod, name) for name in offered)


def test_the_needs_are_the_codes() -> None:
    assert sorted(row[0].strip("`") for row in table("Needs")) == sorted(Need)


def test_the_purposes_that_are_taken_are_the_codes() -> None:
    code = [file.read_text(encoding="utf-8") for file in (ROOT / "nnactive/methods").rglob("*.py")]
    used = set(re.findall(r"(?:pool\.rng\(|purpose: str = )\"(\w+)\"", "".join(code)))
    listed = re.search(r"draw from the purposes (.*?):", TEXT, re.DOTALL)
    assert listed
    assert set(re.findall(r"`(\w+)`", listed[1])) == used


def test_the_map_of_a_query_names_modules_that_are_there() -> None:
    rows = table("A query", (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8"))
    package = ROOT / "nnactive"
    for name in re.findall(r"`([\w/]+)`", " ".join(row[0] for row in rows)):
        assert (package / f"{name}.py").is_file() or (package / name).is_dir(), name


# Messages


class MyMethod(QueryMethod):
    """Does what a test asks for."""

    needs = frozenset({"mean"})
    steps: dict[str, Callable[..., object]]

    def score(self, prediction):
        return self.steps.get("score", lambda p: p.mean[1])(prediction)

    def patch_score(self, means, pool, rng):
        return self.steps.get("patch_score", lambda means: means)(means)

    def query(self, pool, n):
        answer = self.steps.get("query")
        return answer(pool) if answer else super().query(pool, n)


def writing(pool):
    pool.image("a")[0] = 0


SIZE = (4, 4, 4)
BROKEN: list[dict[str, Callable[..., object]]] = [
    {"score": lambda p: p.mean},
    {"score": lambda p: torch.log(p.mean[0] * (torch.arange(10) > 0))},
    {"score": lambda p: p.expected_entropy},
    {"patch_score": lambda means: np.full_like(means, np.nan)},
    {"query": lambda _: []},
    {"query": lambda _: [Patch("d", (0, 0, 0), SIZE)]},
    {"query": lambda _: [Patch("c", (0, 0, 0), SIZE)]},
    {"query": lambda pool: pool.labels_in(Patch("a", (0, 0, 0), SIZE))},
    {"query": lambda pool: pool.history[0].predict("a")},
    {"query": lambda pool: pool.save({"best": Patch("a", (0, 0, 0), SIZE)})},
    {"query": lambda pool: pool.oracle.label("a")},
    {"query": writing},
]


def told(run: Callable[[], object]) -> str:
    with pytest.raises(UserError) as caught:
        run()
    return " ".join(str(caught.value).split())


def test_the_table_of_errors_has_the_lines_that_the_code_says() -> None:
    labelled = [Patch("d", (3, 3, 3), SIZE)]
    lines = []
    for steps in BROKEN:
        method = MyMethod()
        method.steps = steps
        pool = build_pool(method, labelled=labelled)
        lines.append(told(lambda m=method, p=pool: run_method(m, p, 1)))
    blind = MyMethod()
    blind.steps = {}
    pool = build_pool(blind, predictor=no_predictor)
    lines.append(told(lambda: run_method(blind, pool, 1)))
    lines += [
        told(lambda: make(Method.parse("power_bald,bta=5"))),
        told(lambda: make(Method.parse("power_bald,beta=0"))),
    ]
    assert {row[0] for row in table("Common errors")} == {f"`{line}`" for line in lines}


# Links and commands


@pytest.mark.parametrize(
    "page", ["methods.md", "methods-guide.md", "architecture.md", "annotate.md"]
)
def test_links_lead_to_files_and_headings(page: str) -> None:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link]
    assert links
    for link in links:
        file, _, anchor = link.partition("#")
        target = (ROOT / "docs" / (file or page)).resolve()
        assert target.exists(), link
        told = target.read_text(encoding="utf-8") if anchor else ""
        headings = re.findall(r"^#+ (.*)$", told, re.MULTILINE)
        slugs = {re.sub(r"[^\w -]", "", head).lower().replace(" ", "-") for head in headings}
        assert not anchor or anchor in slugs, link


def test_the_page_is_linked() -> None:
    assert "(docs/methods.md)" in (ROOT / "README.md").read_text()
    assert "(methods.md)" in (ROOT / "docs" / "architecture.md").read_text()
    assert "(methods-guide.md)" in TUTORIAL


@pytest.mark.parametrize(
    "text", [TUTORIAL, TEXT, ANNOTATE], ids=["tutorial", "reference", "annotate"]
)
def test_commands_shown_exist(text: str) -> None:
    shown = re.findall(r"nnactive-bench ((?:--?\w+|\w+)[^`\n]*)", text)
    assert len(shown) >= 4
    for line in shown:
        command: click.Command = cli
        options: set[str] = {name for each in cli.params for name in each.opts}
        for word in line.split():
            if word.startswith("--"):
                assert word in options, line
            elif isinstance(command, click.Group):
                command = command.commands[word]
                options |= {name for each in command.params for name in each.opts}


def test_make_targets_shown_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"(?:^|`)make (\w+)", TUTORIAL + TEXT, re.MULTILINE))
    assert {"venv", "submit"} <= targets
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in targets)
