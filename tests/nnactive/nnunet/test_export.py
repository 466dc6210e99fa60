"""An exported model, in the hands of stock nnU-Net: its command, run as a user runs it."""

import os
import subprocess
import sysconfig
from pathlib import Path

import numpy as np
import pytest
import SimpleITK
from support import Loop

from nnactive.data.prepared import PreparedDataset
from nnactive.nnunet.export import export_model, raw_plans
from nnactive.nnunet.predict.ensemble import Ensemble
from nnactive.nnunet.predict.stock import StockPredictor
from nnactive.nnunet.training_folder import training_plans

NAME = "Dataset555_Tiny"


def test_plans_are_those_of_the_raw_images(loop0: Loop) -> None:
    found = raw_plans(training_plans(loop0.train), NAME, (2, 0, 1))
    assert found["transpose_forward"] == [2, 0, 1]
    assert found["transpose_backward"] == [1, 2, 0]
    assert found["dataset_name"] == NAME
    assert list(found["configurations"]) == ["3d_fullres"]
    assert "nnactive" not in found


def test_a_checkpoint_has_every_key_of_nnunets(loop0: Loop, tmp_path: Path) -> None:
    import torch

    model = export_model(loop0.train, loop0.members, tmp_path, NAME, (0, 1, 2))
    assert model == tmp_path / NAME / "nnUNetTrainer__nnUNetPlans__3d_fullres"
    found = torch.load(model / "fold_1" / "checkpoint_final.pth", weights_only=False)
    # nnUNetTrainer.save_checkpoint
    assert found.keys() == {
        *("network_weights", "optimizer_state", "grad_scaler_state", "logging", "_best_ema"),
        *("current_epoch", "init_args", "trainer_name", "inference_allowed_mirroring_axes"),
    }
    assert found["trainer_name"] == "nnUNetTrainer"
    assert found["init_args"]["configuration"] == "3d_fullres"
    assert (model / "dataset_fingerprint.json").is_file()
    assert not (model / "dataset_fingerprint.json").is_symlink(), "the folder goes elsewhere"


def test_a_transposed_dataset_is_predicted_along_its_own_axes(
    loop0: Loop, phantom: Path, tmp_path: Path
) -> None:
    dataset = PreparedDataset(phantom)
    prepared = dataset.image(dataset.info.pool[0].id)[0][:, :12, :9]
    straight = export_model(loop0.train, loop0.members, tmp_path / "a", NAME, (0, 1, 2))
    turned = export_model(loop0.train, loop0.members, tmp_path / "b", NAME, (2, 0, 1))
    wanted = StockPredictor(straight, 2, "cpu").labels(prepared[None], (1.0, 1.0, 1.0))
    raw = prepared.transpose(1, 2, 0)  # its axes 2, 0, 1 are the prepared ones
    found = StockPredictor(turned, 2, "cpu").labels(raw[None], (1.0, 1.0, 1.0))
    assert found.shape == raw.shape
    np.testing.assert_array_equal(found.transpose(2, 0, 1), wanted)
    assert len(np.unique(wanted)) > 1


def stock_command(folder: Path, results: Path, device: str = "cpu") -> Path:
    """Predict ``folder/in`` with the command that nnU-Net installs; folder of what it wrote."""
    command = Path(sysconfig.get_path("scripts")) / "nnUNetv2_predict"
    out = folder / "out"
    told = subprocess.run(
        [
            *(command, "-i", folder / "in", "-o", out, "-d", "555", "-c", "3d_fullres"),
            *("-f", "0", "1", "-device", device, "-npp", "1", "-nps", "1"),
        ],
        env=os.environ
        | {
            "nnUNet_results": str(results),
            "nnUNet_raw": str(folder),
            "nnUNet_preprocessed": str(folder),
            "OMP_NUM_THREADS": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr[-3000:]
    return out


@pytest.mark.slow
@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (1.25, 0.8, 1.0)])
def test_the_stock_command_predicts_what_the_ensemble_predicts(
    loop0: Loop, phantom: Path, tmp_path: Path, spacing: tuple[float, float, float]
) -> None:
    dataset = PreparedDataset(phantom)
    case = dataset.info.pool[0].id
    model = export_model(loop0.train, loop0.members, tmp_path / "results", NAME, (0, 1, 2))
    array = dataset.image(case)[0]
    # Any image does, as long as normalising it again leaves the prepared one.
    raw = SimpleITK.GetImageFromArray(array * 300 + 1000)
    raw.SetSpacing(spacing)
    raw.SetOrigin((3.0, -4.0, 5.5))
    (tmp_path / "in").mkdir()
    SimpleITK.WriteImage(raw, tmp_path / "in" / f"{case}_0000.nii.gz")
    written = SimpleITK.ReadImage(stock_command(tmp_path, tmp_path / "results") / f"{case}.nii.gz")
    assert written.GetOrigin() == pytest.approx(raw.GetOrigin())
    labels = SimpleITK.GetArrayFromImage(written)
    image = SimpleITK.GetArrayFromImage(
        SimpleITK.ReadImage(tmp_path / "in" / f"{case}_0000.nii.gz")
    )[None]
    ours = StockPredictor(model, 2, "cpu").labels(image, spacing[::-1])
    np.testing.assert_array_equal(ours, labels)
    if spacing == (1.0, 1.0, 1.0):
        ensemble = Ensemble(loop0.train, loop0.members, device="cpu", tile_step=0.5, mirror=True)
        same = (ensemble.labels(array[None]) == labels).mean()
        assert same > 0.999, "up to rounding in the second normalisation"
