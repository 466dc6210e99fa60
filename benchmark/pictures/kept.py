"""Test cases whose predictions a track's runs keep for pictures, named before the run."""

from collections.abc import Iterable
from pathlib import Path

from pydantic import Field

from benchmark import layout
from nnactive.data.prepared import INFO, PreparedDataset
from nnactive.errors import UserError
from nnactive.io.files import read_model, replace_model
from nnactive.io.models import StateFile


class KeptCases(StateFile):
    """``predictions.json``: what ``--keep-predictions`` named so far."""

    cases: tuple[str, ...] = Field(default=())
    """Case ids, sorted; those of another dataset are ignored."""


def kept_cases(file: Path) -> tuple[str, ...]:
    """Cases whose predictions are kept, by a track's file."""
    return read_model(file, KeptCases).cases if file.is_file() else ()


def keep_cases(root: Path, cases: Iterable[str], folders: Iterable[Path]) -> bool:
    """Have the evaluations from now on keep the predictions of further cases.

    Args:
        root: the track's folder.
        cases: their ids.
        folders: the track's prepared datasets; one that isn't there may still hold any case.

    Returns:
        Whether evaluations were done before one of the cases was named.

    Raises:
        UserError: if a case is in no dataset's test set.
    """
    wanted = set(cases)
    if not wanted:
        return False
    known: dict[str, None] = {}
    complete = True
    for folder in folders:
        if (folder / INFO).is_file():
            known |= dict.fromkeys(case.id for case in PreparedDataset(folder).info.test)
        else:
            complete = False
    unknown = sorted(wanted - known.keys())
    if unknown and complete:
        some = ", ".join(list(known)[:3])
        raise UserError(f"{unknown[0]}: not a test case of the track; there are {some}, ...")
    file = root / layout.kept_cases_file()
    before = kept_cases(file)
    replace_model(file, KeptCases(cases=tuple(sorted(wanted.union(before)))))
    return not wanted.issubset(before) and any(root.glob("*/*/seed_*/loop_*/evaluation.json"))


def kept_beside(evaluation: Path, file: Path) -> dict[str, Path]:
    """Where an evaluation keeps the prediction of each case that is to be kept.

    Args:
        evaluation: its output.
        file: the track's, as `kept_cases` takes it.
    """
    return {case: layout.prediction_file(evaluation, case) for case in kept_cases(file)}
