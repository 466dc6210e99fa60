import doctest
import shutil
import subprocess

import pytest

from leaderboard import latex


def test_the_example_holds():
    assert doctest.testmod(latex) == (0, 1)


def test_nothing_in_a_cell_is_a_command():
    text = latex.escaped(r"\input{x} #$%&_^~{}<>")
    assert text.startswith(r"\textbackslash{}input\{x\} \#\$\%\&\_\textasciicircum{}")


@pytest.mark.skipif(not shutil.which("pdflatex"), reason="needs pdflatex")
def test_latex_takes_it(tmp_path):
    table = latex.latex_table(
        ["a", "b", "c", "d"], [["1", r"\x{}", "2 % 3", "<_>"]], caption="#", label="t"
    )
    head = r"\documentclass{article}\usepackage{booktabs}\begin{document}"
    text = f"{head}{table}\\end{{document}}"
    (tmp_path / "x.tex").write_text(text)
    command = ["pdflatex", "-halt-on-error", "x.tex"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
