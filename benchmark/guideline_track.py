"""A track with the one setting that the guideline gives for a dataset."""

import yaml

from benchmark.track_file import Entry, TrackFile
from nnactive.data.own.add import REGIME
from nnactive.data.own.guide import Guide
from nnactive.io.formatting import numbers

METHODS = ("random", "random_fg66", "predictive_entropy", "clasp_pe")
"""As in the papers' roll-out study."""
SEEDS = (12345, 12346, 12347, 12348)
MARK = "# Written by nnactive-bench data guide"


def guideline_track(dataset: str, title: str, guide: Guide) -> TrackFile:
    """Make the track with the guideline's setting for a dataset."""
    setting = Entry(
        dataset=dataset,
        regime=REGIME,
        patch_size=guide.patch,
        starting_budget=guide.patches_per_loop,
        query_size=guide.patches_per_loop,
        loops=guide.loops,
    )
    return TrackFile(
        name=f"guide_{dataset}",
        title=f"{title}, by the guideline",
        description="Query patch and budget by the guidelines of Lüth et al. 2026 (App. F), "
        f"from {guide.cases} label maps.",
        comparable=True,
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
