"""The columns of figures, with what each says of itself."""

from leaderboard.model import Column

RANKING = ("score", "aubc")
"""Columns that can give the ranks, the preferred one first."""
SCORES = ("score", "aubc", "final_dice")
"""Columns with a value a seed, in percent."""
FITS = ("fg_eff", "fg_eff_effort")
RELATIONAL = ("mean_rank", "ppm_wins", "ppm_losses")
NEEDS_SEEDS = "needs single seeds and loops, which the papers don't print"
"""Why a published entry lacks a figure that measured ones have."""

_CI = "over several settings the mean over them; interval: 95 %, from the spread over seeds"
MEASURED: tuple[Column, ...] = (
    Column(
        "score",
        "Score",
        "%",
        "Primary score: how much of the way from the starting budget's mean Dice to full-data Dice "
        f"the AUBC goes, 100 (AUBC - y0) / (y_full - y0); {_CI} (protocol section 6, ours).",
        higher_is_better=True,
    ),
    Column(
        "aubc",
        "AUBC",
        "%",
        "Mean Dice averaged over the labelling budget: the area under the learning curve by the "
        f"trapezoid rule; beside it the sample standard deviation over seeds; {_CI} (protocol "
        "section 6).",
        higher_is_better=True,
    ),
    Column(
        "final_dice",
        "Final Dice",
        "%",
        "Mean Dice after the last loop; beside it the sample standard deviation over seeds; "
        f"{_CI} (protocol section 6).",
        higher_is_better=True,
    ),
    Column(
        "fg_eff",
        "FG-Eff",
        "",
        "Foreground efficiency: the decay gamma with which mean Dice approaches full-data Dice per "
        "labelled share of the pool's foreground; beside it the fit's standard error (protocol "
        "section 6).",
        higher_is_better=True,
    ),
    Column(
        "fg_eff_effort",
        "FG-Eff (effort)",
        "",
        "As FG-Eff, per labelled share of the pool's boundary voxels; beside it the fit's standard "
        "error (protocol section 6, ours).",
        higher_is_better=True,
    ),
    Column(
        "mean_rank",
        "Mean rank",
        "",
        "Mean over settings of the rank by AUBC, beside it its standard error; in a single setting "
        "the mean leave-one-seed-out rank with its standard deviation (protocol section 6).",
        higher_is_better=False,
        relational=True,
    ),
    Column(
        "ppm_wins",
        "PPM wins",
        "%",
        "Share of comparisons with another entrant in one loop that it wins by a paired t-test "
        "over seeds at 0.05; loop 0, which all share, does not count (protocol section 6).",
        higher_is_better=True,
        relational=True,
    ),
    Column(
        "ppm_losses",
        "PPM losses",
        "%",
        "Share of comparisons with another entrant in one loop that it loses by a paired t-test "
        "over seeds at 0.05; loop 0, which all share, does not count (protocol section 6).",
        higher_is_better=False,
        relational=True,
    ),
    Column(
        "query_seconds",
        "Querying",
        "s",
        "Time of all queries of an experiment, mean over seeds and settings.",
        higher_is_better=False,
    ),
    Column(
        "query_peak_gib",
        "Query memory",
        "GiB",
        "Largest memory of a query's process, the accelerator's aside; mean over seeds and "
        "settings.",
        higher_is_better=False,
    ),
    Column(
        "training_hours",
        "Training",
        "h",
        "Time of all trainings of an experiment, the shared loop 0 included; mean over seeds and "
        "settings.",
        higher_is_better=False,
    ),
    Column(
        "patches",
        "Patches",
        "patches",
        "Labelled patches after the last loop; mean over seeds and settings.",
        higher_is_better=False,
    ),
    Column(
        "voxels",
        "Voxels",
        "voxels",
        "Labelled voxels after the last loop; mean over seeds and settings.",
        higher_is_better=False,
    ),
    Column(
        "foreground",
        "Foreground",
        "voxels",
        "Labelled foreground voxels after the last loop; mean over seeds and settings.",
        higher_is_better=False,
    ),
    Column(
        "effort",
        "Effort",
        "voxels",
        "Annotation effort: labelled foreground voxels beside another label in their patch, after "
        "the last loop; mean over seeds and settings (protocol section 6, ours).",
        higher_is_better=False,
    ),
)
"""Of measured leagues."""

_PRINTED_HELP = {
    "fg_eff": "Foreground efficiency as printed; beside it the fit's variance, as the papers print "
    "it (protocol section 6).",
    "mean_rank": "Mean over settings of the rank by AUBC, beside it its standard error (protocol "
    "section 6).",
}
_PRINTED = ("score", "aubc", "final_dice", "fg_eff", "mean_rank", "ppm_wins", "ppm_losses")
PUBLISHED: tuple[Column, ...] = tuple(
    Column(
        column.name,
        column.title,
        column.unit,
        _PRINTED_HELP.get(column.name, column.help),
        column.higher_is_better,
        column.relational,
    )
    for column in MEASURED
    if column.name in _PRINTED
)
"""Of published leagues."""
