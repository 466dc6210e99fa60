"""The README's example is the file that it names, and it stays short."""

import re
from pathlib import Path
from textwrap import dedent

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
