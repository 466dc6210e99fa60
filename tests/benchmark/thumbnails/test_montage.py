import io
from pathlib import Path

import numpy as np
from PIL import Image

from benchmark.layout import Experiment, montage_file, query_file
from benchmark.thumbnails.montage import GAP, MOST, PIXELS, save_montages
from nnactive.data.prepared import PreparedDataset
from nnactive.geometry import Patch
from nnactive.io.queries import Query, record, save_query
from nnactive.settings import Setting


def queried(root: Path, phantom: Path, setting: Setting, experiment: Experiment) -> list[Patch]:
    """Loop files with one patch at the start of each of the first cases."""
    pool = PreparedDataset(phantom).info.pool
    patches = [Patch(case.id, (0, 0, 0), setting.patch_size) for case in pool[: MOST + 2]]
    for loop in range(1, setting.loops):
        file = root / query_file(experiment, loop)
        file.parent.mkdir(parents=True, exist_ok=True)
        save_query(
            file,
            Query(
                dataset="phantom", setting=setting.name, method="random", seed=1, loop=loop,
                patches=record(patches),
            ),
        )  # fmt: skip
    return patches


def test_each_query_of_a_run_has_a_small_picture(phantom: Path, setting: Setting, tmp_path: Path):
    experiment = Experiment(setting.name, "random", 1)
    queried(tmp_path, phantom, setting, experiment)
    files = save_montages(tmp_path, setting, experiment, phantom)
    assert files == [tmp_path / montage_file(experiment, n) for n in range(1, setting.loops)]
    for file in files:
        assert file.stat().st_size < 15_000
        picture = np.asarray(Image.open(io.BytesIO(file.read_bytes())))
        step = PIXELS + GAP
        assert picture.shape == (3 * step - GAP, MOST * step - GAP, 3)
        assert picture.std() > 10


def test_the_same_run_gives_the_same_bytes(phantom: Path, setting: Setting, tmp_path: Path):
    experiment = Experiment(setting.name, "random", 1)
    queried(tmp_path, phantom, setting, experiment)
    first, again = (
        [file.read_bytes() for file in save_montages(tmp_path, setting, experiment, phantom)]
        for _ in range(2)
    )
    assert first == again
    assert first
