"""WORD: the cases of ``imagesTr`` and ``imagesVal``; the test set's labels came later.

The files are NIfTI already and are read where they lie.
"""

from pathlib import Path

from nnactive.data.raw import Found


def find(raw: Path) -> list[Found]:
    """The training and the validation cases."""
    return [
        Found(path.name.removesuffix(".nii.gz"), (path,), raw / f"labels{part}" / path.name)
        for part in ("Tr", "Val")
        for path in sorted((raw / f"images{part}").glob("word_*.nii.gz"))
    ]
