"""How a training is started; the training itself is replaced by one that does nothing."""

from contextlib import nullcontext
from pathlib import Path

import pytest

from nnactive.nnunet.predict import members
from nnactive.settings import Training


@pytest.mark.parametrize(
    ("iterations", "compiler", "compiled"),
    [(250, "/usr/bin/gcc", "True"), (250, None, "False"), (2, "/usr/bin/gcc", "False")],
)
def test_only_what_pays_and_can_be_is_compiled(
    iterations, compiler, compiled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    training = Training(folds=2, epochs=200, iterations=iterations)
    monkeypatch.setattr(members, "training_plans", lambda train: {})
    monkeypatch.setattr(members, "recipe", lambda plans: training)
    monkeypatch.setattr(members, "c_compiler", lambda: compiler)
    monkeypatch.setattr(
        members, "environment", lambda given: seen.append(given["nnUNet_compile"]) or nullcontext()
    )
    monkeypatch.setattr(members, "_run_training", lambda *_: None)
    monkeypatch.setattr(members, "_store", lambda checkpoint, out: None)
    members.train_member(tmp_path, 0, tmp_path / "fold_0.pth", "cpu")
    assert seen == [compiled]
