"""Table and plot of a benchmark run: ``python table.py bench.json FOLDER``."""

import json
import sys
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt


def rows(content):
    """Markdown rows: case, time, memory, limit."""
    yield "| case | seconds | GiB above | limit |"
    yield "|---|---|---|---|"
    for entry in content["benchmarks"]:
        info = entry["extra_info"]
        if "case" in info:
            gib = "-" if info["gib"] is None else f"{info['gib']:.2f}"
            seconds = entry["stats"]["min"]
            yield f"| {info['case']} | {seconds:.3g} | {gib} | {info['must_reach']} |"


def plot_growth(content, path):
    """Seconds against voxels, one line per number of candidates."""
    lines = {}
    for entry in content["benchmarks"]:
        growth = entry["extra_info"].get("growth")
        if growth:
            point = (growth["voxels"] / 1e6, entry["stats"]["min"])
            lines.setdefault(growth["candidates"], []).append(point)
    mpl.rcParams["svg.hashsalt"] = "nnactive"
    figure, axes = plt.subplots(figsize=(6, 3.6), layout="constrained")
    for candidates, points in sorted(lines.items()):
        axes.plot(*zip(*sorted(points), strict=True), marker="o", label=f"{candidates} candidates")
    axes.set(xlabel="million voxels, stride 1", ylabel="seconds", xlim=(0, None), ylim=(0, None))
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, metadata={"Date": None})


if __name__ == "__main__":
    source, folder = Path(sys.argv[1]), Path(sys.argv[2])
    measured = json.loads(source.read_text())
    (folder / "bench.md").write_text("\n".join(rows(measured)) + "\n")
    plot_growth(measured, folder / "growth.svg")
    sys.stdout.write((folder / "bench.md").read_text())
