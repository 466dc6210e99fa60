"""Real trainings of the tiny setting (2 epochs of 3 iterations) on the CPU, ended in many ways."""

import multiprocessing
import os
import random
import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from support import Loop

from nnactive.errors import Stopped, UserError
from nnactive.nnunet.predict.members import load_member
from nnactive.nnunet.trainer import PartialLabelTrainer
from nnactive.nnunet.training import member, pace
from nnactive.nnunet.training.member import checkpoint_folder, forget_training, train_member
from nnactive.settings import Training

pytestmark = pytest.mark.slow

ITERATIONS = 6


class Killed(BaseException):
    """Stands in for ``kill -9``: nothing of the training runs after it."""


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int, float]]:
    """Epoch, iteration and learning rate of each training step, whichever call did it."""
    done: list[tuple[int, int, float]] = []
    step = PartialLabelTrainer.train_step

    def counted(self, batch):
        done.append((self.current_epoch, len(self.losses), self.optimizer.param_groups[0]["lr"]))
        return step(self, batch)

    monkeypatch.setattr(PartialLabelTrainer, "train_step", counted)
    return done


@pytest.fixture
def seeded(monkeypatch: pytest.MonkeyPatch) -> None:
    """What each new training draws is the same."""

    def seed() -> None:
        random.seed(1)
        np.random.seed(1)  # noqa: NPY002
        torch.manual_seed(1)

    monkeypatch.setattr("nnactive.nnunet.generators.renew", seed)


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Do something once, after a number of iterations of a call, before its next checkpoint."""

    def plan(number: int, deed: Callable[[], None]) -> None:
        step, left = PartialLabelTrainer.train_step, [number]

        def counted(self, batch):
            loss = step(self, batch)
            left[0] -= 1
            if left[0] == 0:
                deed()
            return loss

        monkeypatch.setattr(PartialLabelTrainer, "train_step", counted)

    return plan


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkpoint after each iteration."""
    monkeypatch.setattr(pace, "SOONEST", 0.0)
    monkeypatch.setattr(pace, "SHARE", 1e9)


def ask() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def die() -> None:
    raise Killed


def same(one: Path, other: Path) -> bool:
    first, second = load_member(one).weights, load_member(other).weights
    return all(torch.equal(first[name], second[name]) for name in first | second)


@pytest.mark.parametrize(
    ("after", "number"), [(2, signal.SIGUSR1), (3, signal.SIGTERM), (5, signal.SIGTERM)]
)
@pytest.mark.slow
def test_a_stopped_training_continues_to_the_same_bits(
    loop0: Loop, tmp_path: Path, steps, seeded, at, after: int, number: signal.Signals
) -> None:
    """In the middle of an epoch and between two; the same iterations at the same rates."""
    straight, stopped = tmp_path / "straight.pth", tmp_path / "stopped.pth"
    train_member(loop0.train, 0, straight, "cpu")
    undisturbed, steps[:] = list(steps), []
    at(after, lambda: os.kill(os.getpid(), number))
    with pytest.raises(Stopped, match="run the same command again") as end:
        train_member(loop0.train, 0, stopped, "cpu")
    assert end.value.exit_code == 75
    assert not stopped.exists()
    assert len(steps) == after
    train_member(loop0.train, 0, stopped, "cpu")
    assert steps == undisturbed
    assert len(steps) == ITERATIONS
    assert same(straight, stopped)


def test_undisturbed_trainings_differ(loop0: Loop, tmp_path: Path, monkeypatch) -> None:
    """Else equal bits would prove nothing; the state is that of a process they are forked from."""
    before = np.random.get_state(legacy=True)  # noqa: NPY002
    for name in ("one.pth", "other.pth"):
        np.random.set_state(before)  # noqa: NPY002
        train_member(loop0.train, 0, tmp_path / name, "cpu")
    assert not same(tmp_path / "one.pth", tmp_path / "other.pth")


def test_a_signal_before_the_first_iteration_ends_it_at_once(
    loop0: Loop, tmp_path: Path, steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PartialLabelTrainer, "on_train_start", lambda self: ask())
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(Stopped):
        train_member(loop0.train, 0, tmp_path / "fold_0.pth", "cpu")
    assert steps == []
    assert signal.getsignal(signal.SIGTERM) is before


def test_what_a_signal_breaks_meanwhile_is_a_stop(loop0: Loop, tmp_path: Path, at) -> None:
    """As a compiler's process that got the signal, too; the training's failures stay failures."""

    def broken() -> None:
        ask()
        raise RuntimeError("a subprocess died")

    at(2, broken)
    with pytest.raises(Stopped):
        train_member(loop0.train, 0, tmp_path / "fold_0.pth", "cpu")


def test_processes_that_load_data_outlast_the_signal_and_not_the_training(
    loop0: Loop, tmp_path: Path, steps, at, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a GPU, where there are such processes; a scheduler signals them, too."""
    monkeypatch.setattr(member, "data_workers", lambda device: 2)
    out, workers = tmp_path / "fold_0.pth", []

    def ask_all() -> None:
        workers.extend(multiprocessing.active_children())
        for worker in workers:
            worker.terminate()
        ask()

    at(3, ask_all)
    with pytest.raises(Stopped):
        train_member(loop0.train, 0, out, "cpu")
    assert len(workers) == 2
    assert not any(worker.is_alive() for worker in workers)
    train_member(loop0.train, 0, out, "cpu")
    assert [step[:2] for step in steps[3:]] == [(1, 0), (1, 1), (1, 2)]
    assert not multiprocessing.active_children()
    assert load_member(out).weights


def test_a_failure_is_no_stop(loop0: Loop, tmp_path: Path, at) -> None:
    def broken() -> None:
        raise RuntimeError("a subprocess died")

    at(2, broken)
    with pytest.raises(RuntimeError, match="a subprocess died"):
        train_member(loop0.train, 0, tmp_path / "fold_0.pth", "cpu")


def test_a_killed_training_continues_from_its_checkpoint(
    loop0: Loop, tmp_path: Path, steps, often, at
) -> None:
    out = tmp_path / "fold_0.pth"
    at(5, die)
    with pytest.raises(Killed):
        train_member(loop0.train, 0, out, "cpu")
    assert len(steps) == 5
    train_member(loop0.train, 0, out, "cpu")
    # Of the fifth iteration nothing was saved.
    assert [step[:2] for step in steps[5:]] == [(1, 1), (1, 2)]
    forget_training(out)
    assert [path.name for path in tmp_path.iterdir()] == ["fold_0.pth"]


def test_a_damaged_checkpoint_is_told_and_the_one_before_it_used(
    loop0: Loop, tmp_path: Path, steps, often, at, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "fold_0.pth"
    at(5, die)
    with pytest.raises(Killed):
        train_member(loop0.train, 0, out, "cpu")
    _, newer = sorted(checkpoint_folder(out).glob("*.pth"))
    content = bytearray(newer.read_bytes())
    content[len(content) // 2] ^= 1
    newer.write_bytes(content)
    train_member(loop0.train, 0, out, "cpu")
    assert [step[:2] for step in steps[5:]] == [(1, 0), (1, 1), (1, 2)]
    told = capsys.readouterr().out
    assert f"{newer.name}: checkpoint not used (it isn't what was written)" in told
    assert "continues after 3 iterations" in told
    assert load_member(out).weights


@pytest.mark.parametrize("change", ["fold", "labels"])
def test_another_trainings_checkpoint_is_not_continued_from(
    loop0: Loop, tmp_path: Path, steps, often, at, change: str
) -> None:
    out = tmp_path / "fold_0.pth"
    at(4, die)
    with pytest.raises(Killed):
        train_member(loop0.train, 0, out, "cpu", name="these patches")
    steps.clear()
    fold, name = (1, "these patches") if change == "fold" else (0, "other patches")
    train_member(loop0.train, fold, out, "cpu", name=name)
    assert len(steps) == ITERATIONS


def test_a_trained_member_is_not_trained_again_if_its_move_was_killed(
    loop0: Loop, tmp_path: Path, steps, monkeypatch: pytest.MonkeyPatch, often
) -> None:
    """The last state is saved too, where that costs little of the time."""
    monkeypatch.setattr(member, "save_member", lambda *_: die())
    with pytest.raises(Killed):
        train_member(loop0.train, 0, tmp_path / ".fold_0.pth", "cpu")
    assert len(steps) == ITERATIONS
    monkeypatch.undo()
    out = tmp_path / "fold_0.pth"
    train_member(loop0.train, 0, tmp_path / ".fold_0.pth", "cpu")
    assert len(steps) == ITERATIONS
    assert load_member(tmp_path / ".fold_0.pth").mirror_axes == (0, 1, 2)
    assert checkpoint_folder(tmp_path / ".fold_0.pth") == checkpoint_folder(out)


def test_work_in_progress_is_on_the_scratch_and_checkpoints_beside_the_output(
    loop0: Loop, tmp_path: Path, steps, often, at, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch, out = tmp_path / "scratch", tmp_path / "shared" / "fold_0.pth"
    monkeypatch.setenv("NNACTIVE_SCRATCH", str(scratch))
    seen: list[list[str]] = []
    at(4, lambda: seen.append([path.name for path in scratch.rglob("*.txt")]) or ask())
    with pytest.raises(Stopped):
        train_member(loop0.train, 0, out, "cpu")
    assert seen[0][0].startswith("training_log")
    assert list(scratch.iterdir()) == []
    names = sorted(path.name for path in checkpoint_folder(out).iterdir())
    assert names == [
        f"iteration_00000000{number}.{suffix}" for number in (2, 3) for suffix in ("json", "pth")
    ]
    monkeypatch.delenv("NNACTIVE_SCRATCH")
    train_member(loop0.train, 0, out, "cpu")
    assert len(steps) == ITERATIONS + 1  # all was saved when the signal came: it ended at once
    assert load_member(out).weights


def test_a_scratch_that_cant_be_written_to_is_done_without(
    loop0: Loop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "scratch").write_text("a file")
    monkeypatch.setenv("NNACTIVE_SCRATCH", str(tmp_path / "scratch"))
    train_member(loop0.train, 0, tmp_path / "fold_0.pth", "cpu")
    assert load_member(tmp_path / "fold_0.pth").weights


def test_a_full_disk_costs_a_checkpoint_and_not_the_training(
    loop0: Loop, tmp_path: Path, steps, often, monkeypatch, capsys
) -> None:
    def full(self, iterations, content) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("nnactive.nnunet.training.checkpoints.Checkpoints.save", full)
    train_member(loop0.train, 0, tmp_path / "fold_0.pth", "cpu")
    assert len(steps) == ITERATIONS
    assert "no checkpoint was saved: the disk is full" in capsys.readouterr().out


def test_the_log_tells_epoch_loss_and_time_left(
    loop0: Loop, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train_member(loop0.train, 0, tmp_path / "fold_0.pth", "cpu")
    told = capsys.readouterr().out
    assert "epoch 1 of 2: train_loss " in told
    assert "epoch 2 of 2: train_loss " in told
    assert ", 0 s left" in told


@pytest.mark.parametrize(
    ("iterations", "compiler", "compiled"),
    [(250, "/usr/bin/gcc", True), (250, None, False), (2, "/usr/bin/gcc", False)],
)
def test_only_what_pays_and_can_be_is_compiled(
    iterations: int, compiler: str | None, compiled, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(member, "c_compiler", lambda: compiler)
    training = Training(folds=2, epochs=200, iterations=iterations)
    assert member._compiled(training) is compiled


def test_a_fold_that_the_setting_lacks_is_refused(loop0: Loop, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="folds 0 to 1"):
        train_member(loop0.train, 2, tmp_path / "fold_2.pth", "cpu")
