"""nnU-Net's environment variables, set for a block of code and then restored."""

import io
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from pathlib import Path


@contextmanager
def environment(variables: Mapping[str, str | Path | None]) -> Iterator[None]:
    """Set environment variables inside the block (None removes one) and restore them after it.

    nnU-Net reads ``nnUNet_raw``, ``nnUNet_preprocessed``, ``nnUNet_results``,
    ``nnUNet_extTrainer`` and the like on each use, not when it is imported.
    """
    before = {name: os.environ.get(name) for name in variables}
    try:
        _set(variables)
        yield
    finally:
        _set(before)


@contextmanager
def quiet() -> Iterator[None]:
    """Discard the block's standard output: nnU-Net prints its plans and progress."""
    with redirect_stdout(io.StringIO()):
        yield


def _set(variables: Mapping[str, str | Path | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = str(value)
