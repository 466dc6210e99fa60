"""A case of 600 x 512 x 512 voxels within 12 GiB: half an hour and 12 GiB, so only on request.

NNACTIVE_LARGE=1 python -m pytest -s tests/datasets/test_memory.py
"""

import os
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from miniature import build, write

from nnactive.streams import stream

pytestmark = [
    pytest.mark.skipif(not os.environ.get("NNACTIVE_LARGE"), reason="NNACTIVE_LARGE is not set"),
    pytest.mark.timeout(4 * 3600),
]
GIB = 1 << 20
"""In KiB, like ``ru_maxrss``."""
LIMIT = 12 * GIB
SHAPE = (600, 512, 512)
SPACING = (0.8, 0.75, 0.75)
SCRIPT = """
import sys
from pathlib import Path
from nnactive.data.cards import load_card
from nnactive.data.prepare.prepare import prepare
prepare(load_card("lits"), Path(sys.argv[1]), Path(sys.argv[2]), 1, lambda *_: None)
"""


def enlarge(root: Path, name: str) -> None:
    """Replace a case by one of the size that must fit."""
    rng = stream("tests", "memory")
    image = np.empty(SHAPE, np.int16)
    noise = rng.normal(0, 200, SHAPE[1:]).astype(np.int16)
    for number, plane in enumerate(image):
        plane[:] = np.roll(noise, 7 * number)
    label = np.zeros(SHAPE, np.uint8)
    label[100:400, 100:300, 150:400] = 1
    label[200:240, 200:240, 200:240] = 2
    write(root / "imagesTr" / f"{name}.nii.gz", image, SPACING)
    write(root / "labelsTr" / f"{name}.nii.gz", label, SPACING)


def test_a_large_case_fits(tmp_path, monkeypatch):
    monkeypatch.setenv("NNACTIVE_DATASETS", str(tmp_path / "datasets"))
    tree = build("lits", tmp_path / "archive")
    tree.card(tmp_path / "datasets")
    enlarge(tree.top / "Task03_Liver", "liver_0")
    command = [sys.executable, "-c", SCRIPT, str(tree.top), str(tmp_path / "data" / "lits")]
    subprocess.run(command, check=True)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(f"peak {peak / GIB:.1f} GiB")  # noqa: T201
    assert peak < LIMIT
