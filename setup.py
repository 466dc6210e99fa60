"""What pyproject.toml can't say: two folders of content are packages under another name."""

from setuptools import find_packages, setup

CONTENT = {"nnactive_datasets": "datasets", "nnactive_docs": "docs"}

setup(
    packages=find_packages(include=["nnactive*", "benchmark*", "leaderboard*"]) + list(CONTENT),
    package_dir=CONTENT,
)
