"""What readers of the published figures must know, one line each."""

SOURCE = (
    "Figures as published by Lüth et al. 2025 (P1) and Lüth et al. 2026 (P2): four seeds, the "
    "authors' fork of nnU-Net 2.6.0, their split. They are not ranked with measured methods."
)
MEANS_ONLY = (
    "The papers publish only means and spreads. What needs single seeds or loops (PPM, rank "
    "intervals) is not available here, and the Score rests on an estimated starting "
    "Dice. Their own PPMs count loop 0; those of measured leagues do not (protocol section 6)."
)
VARIANCE = "FG-Eff: ± is the variance of the fit in the papers, not its standard error."
TWICE = "Where both papers give an FG-Eff, P2's is shown; P1's fits differ slightly."
SIZES = (
    "Patch sizes are those that were used; the papers' tables give 60 x 64 x 64 and 30 x 32 x 32 "
    "for KiTS and 16 x 37 x 37 for AMOS."
)
HIPPOCAMPUS = (
    "Hippocampus: its full-data Dice at 200 epochs is the published one; no result file backs it."
)
WORD = "WORD: the papers computed FG-Eff with a wrong full-data Dice (.845 or .829, not .807)."
QUERY_SIZE = (
    "From P1, tables 9 and 10. AUBC is taken over the budgets that all three query sizes share, "
    "so it differs from the main study's."
)
FULL = (
    "From P2, tables 6 and 7. cla_pe_33, cla_pe_66 and clap_pe were run with the query patch "
    "only, not with the half patch."
)
COPIED = (
    "For random, and for the FG baselines on KiTS, P1 gives the figures of the training on "
    "precomputed queries: their queries do not depend on the training."
)

ALWAYS = (SOURCE, MEANS_ONLY)
BY_STUDY: dict[str, tuple[str, ...]] = {
    "full": (FULL, VARIANCE, TWICE, HIPPOCAMPUS, SIZES),
    "rollout": ("From P2, table 9.", VARIANCE, WORD),
    "training_500": (
        "AMOS: P2, table 8; random on AMOS, and KiTS: P1, table 13.",
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
"""By the study's name."""
