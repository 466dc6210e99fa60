"""What a reader of the published figures must know, a line each."""

SOURCE = (
    "Figures as printed by Lüth et al. 2025 (P1) and Lüth et al. 2026 (P2): four seeds, the "
    "authors' fork of nnU-Net 2.6.0, their split. They aren't ranked with measured entries."
)
MEANS_ONLY = (
    "The papers print means and spreads alone: what needs single seeds or loops (primary score, "
    "PPM, rank intervals) has no answer here. Their own PPMs count loop 0, unlike those of "
    "measured leagues."
)
VARIANCE = "FG-Eff: the ± in the papers is the variance of the fit, not its standard error."
TWICE = "Where both papers print an FG-Eff, P2's is shown; P1's fits are slightly different."
SIZES = (
    "Patch sizes are those that were run; the papers' tables print 60 x 64 x 64 and 30 x 32 x 32 "
    "for KiTS and 16 x 37 x 37 for AMOS."
)
HIPPOCAMPUS = (
    "Hippocampus: no result file is behind its full-data Dice at 200 epochs; it is the printed one."
)
WORD = "WORD: the papers computed its FG-Eff with a wrong full-data Dice (.845 or .829 for .807)."
QUERY_SIZE = (
    "From P1, tables 9 and 10. AUBC is taken over the budgets that all three query sizes share, "
    "so it isn't the main study's."
)
FULL = (
    "From P2, tables 6 and 7. cla_pe_33, cla_pe_66 and clap_pe were run with the query patch, "
    "not with half of it."
)
COPIED = (
    "Of random, and of the FG baselines on KiTS, the figures are those of the trainings on "
    "precomputed queries, as P1 prints them: such queries don't depend on the training."
)

ALWAYS = (SOURCE, MEANS_ONLY)
BY_STUDY: dict[str, tuple[str, ...]] = {
    "full": (FULL, VARIANCE, TWICE, HIPPOCAMPUS, SIZES),
    "rollout": ("From P2, table 9.", VARIANCE, WORD),
    "training_500": (
        "AMOS from P2, table 8, random on it and KiTS from P1, table 13.",
        COPIED,
        VARIANCE,
    ),
    "precomputed": (
        "From P1, table 13: trained for 500 epochs on the queries of the 200-epoch runs.",
    ),
    "query_size_half": (QUERY_SIZE,),
    "query_size_same": (QUERY_SIZE,),
    "query_size_double": (QUERY_SIZE,),
    "noise": (
        "From P1, table 14: power_bald with more or less noise; beta = inf is bald.",
        VARIANCE,
    ),
}
"""By name of the study."""
