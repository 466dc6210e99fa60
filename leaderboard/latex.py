"""A table as LaTeX."""

from collections.abc import Sequence

SIGNS = {
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "\N{PLUS-MINUS SIGN}": r"$\pm$",
    "\N{EN DASH}": "--",
    "\N{MULTIPLICATION SIGN}": r"$\times$",
    "\N{NARROW NO-BREAK SPACE}": r"\,",
}
"""What has a meaning in LaTeX, or no glyph in its fonts."""


def latex_table(
    head: Sequence[str], rows: Sequence[Sequence[str]], *, caption: str, label: str
) -> str:
    """A floating table (needs booktabs); all texts are plain and get escaped here.

    The first column is a rank, the second and the last one are text, the others numbers.
    """
    import pandas as pd

    frame = pd.DataFrame([[escaped(cell) for cell in row] for row in rows])
    frame.columns = pd.Index([escaped(cell) for cell in head])
    return frame.style.hide(axis="index").to_latex(
        hrules=True,
        column_format=f"rl{'r' * (len(head) - 3)}l",
        caption=escaped(caption),
        label=label,
        position_float="centering",
    )


def escaped(text: str) -> str:
    r"""Text without a meaning in LaTeX.

    >>> escaped("50 % of a_b")
    '50 \\% of a\\_b'
    """
    return "".join(SIGNS.get(sign, sign) for sign in text)
