"""The columns of figures, with what each says of itself."""

from dataclasses import replace

from leaderboard.model import Column

RANKING = ("score", "aubc")
"""Columns that can give the ranks, the preferred one first."""
SCORES = ("score", "aubc", "final_dice")
"""Columns with a value a seed, in percent."""
FITS = ("fg_eff", "fg_eff_effort")
RELATIONAL = ("mean_rank", "ppm_wins", "ppm_losses")
FIT_ERROR = "the fit's standard error"
FIT_VARIANCE = "the fit's variance, as the papers print it"
RANK_ERROR = "its standard error, in a single setting the spread without a seed"
NEEDS_SEEDS = "needs single seeds and loops, which the papers don't print"
"""Why a published entry lacks a figure that measured ones have."""

_CI = (
    "beside it the 95 % interval, 1.96 standard errors over seeds to either side; over several "
    "settings mean and interval over them"
)
_OVER_SETTINGS = "over several settings the 95 % interval of their mean"
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
        f"trapezoid rule; {_CI} (protocol section 6).",
        higher_is_better=True,
    ),
    Column(
        "final_dice",
        "Final Dice",
        "%",
        f"Mean Dice after the last loop; {_CI} (protocol section 6).",
        higher_is_better=True,
    ),
    Column(
        "fg_eff",
        "FG-Eff",
        "",
        "Foreground efficiency: the decay gamma with which mean Dice approaches full-data Dice per "
        f"labelled share of the pool's foreground; beside it \N{PLUS-MINUS SIGN} {FIT_ERROR}, "
        f"{_OVER_SETTINGS} (protocol section 6).",
        higher_is_better=True,
        spread=FIT_ERROR,
    ),
    Column(
        "fg_eff_effort",
        "FG-Eff (effort)",
        "",
        "As FG-Eff, per labelled share of the pool's boundary voxels; beside it "
        f"\N{PLUS-MINUS SIGN} {FIT_ERROR}, {_OVER_SETTINGS} (protocol section 6, ours).",
        higher_is_better=True,
        spread=FIT_ERROR,
    ),
    Column(
        "mean_rank",
        "Mean rank",
        "",
        "Mean over settings of the rank by AUBC, beside it \N{PLUS-MINUS SIGN} its standard error; "
        "in a single setting the mean leave-one-seed-out rank \N{PLUS-MINUS SIGN} its standard "
        "deviation (protocol section 6).",
        higher_is_better=False,
        relational=True,
        spread=RANK_ERROR,
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

_STD = (
    f"beside it \N{PLUS-MINUS SIGN} the sample standard deviation over seeds as printed, "
    f"{_OVER_SETTINGS} (ours, protocol section 6)"
)
_PRINTED_HELP = {
    "aubc": f"Area under the learning curve as printed; {_STD}.",
    "final_dice": f"Mean Dice after the last loop as printed; {_STD}.",
    "fg_eff": f"Foreground efficiency as printed; beside it \N{PLUS-MINUS SIGN} {FIT_VARIANCE}, "
    f"{_OVER_SETTINGS} (ours, protocol section 6).",
    "mean_rank": "Mean over settings of the rank by AUBC, beside it \N{PLUS-MINUS SIGN} its "
    "standard error (ours, protocol section 6).",
}
_PRINTED = ("score", "aubc", "final_dice", "fg_eff", "mean_rank", "ppm_wins", "ppm_losses")
PUBLISHED: tuple[Column, ...] = tuple(
    replace(
        column,
        help=_PRINTED_HELP.get(column.name, column.help),
        spread=FIT_VARIANCE if column.name == "fg_eff" else column.spread,
        beside="spread",
    )
    for column in MEASURED
    if column.name in _PRINTED
)
"""Of published leagues."""
