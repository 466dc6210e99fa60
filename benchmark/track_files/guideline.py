"""A track with the one setting that the guideline gives for a dataset."""

import yaml

from benchmark.track_files.content import Entry, TrackFile
from nnactive.data.own.add import REGIME
from nnactive.data.own.guide import Guide
from nnactive.io.formatting import numbers

METHODS = ("random", "random_fg66", "predictive_entropy", "clasp_pe")
"""As in the papers' roll-out study."""
SEEDS = (12345, 12346, 12347, 12348)
MARK = "# Written by nnactive-bench data guide"


def guideline_track(dataset: str, title: str, guide: Guide, fewer: int | None = None) -> TrackFile:
    """Make the track with the guideline's setting for a dataset.

    Args:
        dataset: its name.
        title: its title.
        guide: the guideline's numbers.
        fewer: patches per loop where the pool has no room for the guideline's; such a track's
            results compare only with each other.
    """
    setting = Entry(
        dataset=dataset,
        regime=REGIME,
        patch_size=guide.patch,
        starting_budget=fewer or guide.patches_per_loop,
        query_size=fewer or guide.patches_per_loop,
        loops=guide.loops,
        **({"candidates": fewer} if fewer else {}),
    )
    return TrackFile(
        name=f"guide_{dataset}",
        title=f"{title}, by the guideline",
        description="Query patch and budget by the guidelines of Lüth et al. 2026 (App. F), "
        f"from {guide.cases} label maps."
        + (f" The pool has no room for its {guide.budget} patches." if fewer else ""),
        comparable=fewer is None,
        seeds=SEEDS,
        methods=METHODS,
        settings=(setting,),
    )


def as_yaml(track: TrackFile, guide: Guide) -> str:
    """The track as YAML, with the measurements behind its setting as comments."""
    lines = [f"{MARK}; sizes are (z, y, x) in voxels of {numbers(guide.spacing)} mm."]
    lines += [
        f"# {' '.join(c.name.split())}: median box {numbers(c.box)} in {c.cases} cases, "
        f"{c.patches} patches a loop" + ("" if c.decides else "; not used for the patch")
        for c in guide.classes
    ]
    content = track.model_dump(mode="json", exclude_unset=True)
    text = yaml.safe_dump(
        content, sort_keys=False, allow_unicode=True, width=100, default_flow_style=None
    )
    return "\n".join(lines) + "\n" + text
