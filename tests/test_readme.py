"""The pages for readers at the root: short, and true of the code."""

import re
import tomllib
from pathlib import Path
from textwrap import dedent

import yaml

ROOT = Path(__file__).parents[1]


def test_the_method_in_the_readme_is_the_example_file_in_under_20_lines() -> None:
    readme = (ROOT / "README.md").read_text()
    (block,) = re.findall(r"^ +```python\n(.*?)^ +```$", readme, re.DOTALL | re.MULTILINE)
    example = (ROOT / "examples" / "my_method.py").read_text()
    assert dedent(block) == example
    assert len(example.splitlines()) < 20


def test_the_readme_is_at_most_150_lines_and_its_links_lead_somewhere() -> None:
    readme = (ROOT / "README.md").read_text()
    assert len(readme.splitlines()) <= 150
    links = [link for link in re.findall(r"\]\(([^)]+)\)", readme) if "://" not in link]
    assert links
    assert all((ROOT / link).exists() for link in links)


def test_the_guide_for_contributors_is_at_most_80_lines_and_its_places_are_there() -> None:
    guide = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert len(guide.splitlines()) <= 80
    links = [link for link in re.findall(r"\]\(([^)]+)\)", guide) if "://" not in link]
    tops = "nnactive|benchmark|leaderboard|datasets|tests"
    places = re.findall(rf"`((?:{tops})/[\w./]*)`", guide)
    assert links
    assert len(places) > 8
    missing = {place for place in [*links, *places] if not (ROOT / place).exists()}
    assert missing == set()
    targets = set(re.findall(r"(?:^|`)make ([a-z-]+)", guide, re.MULTILINE))
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in targets)


def test_the_glossary_has_at_most_20_entries() -> None:
    glossary = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    rows = [line for line in glossary.splitlines() if line.startswith("| ")][1:]
    terms = [row.split(" | ")[0].strip("| ") for row in rows]
    assert 15 <= len(set(terms)) == len(terms) <= 20
    assert all(len(row) <= 120 for row in rows)


def test_the_citation_is_of_this_version_and_both_papers() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["cff-version"] == "1.2.0"
    assert {"message", "title", "authors"} <= set(citation)  # those that the format requires
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert (citation["version"], citation["license"]) == (project["version"], project["license"])
    for entry in citation["references"]:
        assert {"type", "title", "authors"} <= set(entry)
    cited = {entry.get("url") for entry in citation["references"]}
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"url += \{(.*?)\}", readme)) <= cited


def test_pre_commit_runs_what_ci_lints() -> None:
    """All checks of ``make lint`` and ``make types``, with the same words."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    recipes = re.findall(r"^(?:lint|types):.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
    linted = set(re.findall(r"\$\(BIN\)/([a-z-]+(?: check| format)?)", "".join(recipes)))
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    entries = [hook["entry"] for repo in hooks["repos"] for hook in repo["hooks"]]
    run = {re.search(r"\.venv/bin/([a-z-]+(?: check| format)?)", entry)[1] for entry in entries}
    assert {"ruff check", "ruff format", "mypy", "lint-imports", "detect-secrets-hook"} <= run
    assert run == linted
