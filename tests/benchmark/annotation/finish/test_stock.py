"""What `finish` writes, in the hands of stock nnU-Net: its commands, as the report shows them."""

import os
import subprocess
import sysconfig
from pathlib import Path

import numpy as np
import pytest
import SimpleITK

from benchmark.annotation.finish.report.content import commands
from benchmark.annotation.project.places import Places, load_project


def stock(line: str, places: Places, *more: str) -> str:
    """Run a shown command in the project's folder; what it printed."""
    words = line.split()
    variables = dict(word.split("=", 1) for word in words if word.startswith("nnUNet_"))
    program, *arguments = words[len(variables) :]
    ran = subprocess.run(
        [Path(sysconfig.get_path("scripts")) / program, *arguments, *more],
        cwd=places.root,
        env=os.environ | {"OMP_NUM_THREADS": "1", "nnUNet_def_n_proc": "1"} | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-2000:]
    return ran.stdout


@pytest.mark.slow
def test_the_shown_commands_run_and_predict_what_was_predicted(places, sources, finished) -> None:
    record = finished(places).record
    project = load_project(places.root)
    predict, plan, _ = (line for _, line in commands(project, record.dataset))
    images = f"finished/raw/{record.dataset}/imagesTr"
    line = predict.replace("IMAGES", images)
    stock(line, places, "-device", "cpu", "-npp", "1", "-nps", "1")
    for case in sources.cases:
        ours, theirs = (
            SimpleITK.ReadImage(places.root / folder / f"{case}.nii.gz")
            for folder in ("finished/predictions", "OUT")
        )
        assert ours.GetOrigin() == theirs.GetOrigin()
        assert ours.GetDirection() == theirs.GetDirection()
        np.testing.assert_array_equal(*map(SimpleITK.GetArrayFromImage, (ours, theirs)))
    told = stock(plan, places, "-np", "1", "-npfp", "1", "--no_pp")
    assert "verify_dataset_integrity Done" in told
    for word in ("Error", "Warning", "WARNING"):
        assert word not in told
