"""Training one ensemble member: stopped at any time, it continues where it was."""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nnactive.devices import c_compiler, is_gpu
from nnactive.errors import FULL, UserError
from nnactive.nnunet.environment import environment
from nnactive.nnunet.plans import CONFIGURATION, recipe
from nnactive.nnunet.predict.members import Member, save_member
from nnactive.nnunet.training.folders import scratch_folder
from nnactive.nnunet.training.kernels import kernel_variables, limit_compilers
from nnactive.nnunet.training.pace import Pace
from nnactive.nnunet.training.stopping import Stop, stoppable
from nnactive.nnunet.training_folder import training_dataset_json, training_plans, training_splits
from nnactive.nnunet.workers import WORKERS, data_workers, job_threads, one_thread
from nnactive.settings import Training

if TYPE_CHECKING:
    from nnactive.nnunet.trainer import PartialLabelTrainer
    from nnactive.nnunet.training.checkpoints import Checkpoints

COMPILE_FROM = 10_000
"""Iterations above which torch.compile's minute of compilation pays off on a GPU."""


def checkpoint_folder(out: Path) -> Path:
    """Where a training keeps its checkpoints until its member has its final name."""
    return out.with_name(f".{out.stem.removeprefix('.')}.training")


def forget_training(out: Path) -> None:
    """Remove the checkpoints of a training whose member ``out`` is in place."""
    shutil.rmtree(checkpoint_folder(out), ignore_errors=True)


def train_member(
    train: Path, fold: int, out: Path, device: str, *, name: str = "", seed: int | None = None
) -> None:
    """Train one fold on a training folder and store its final weights in ``out``.

    SIGTERM and SIGUSR1 save a checkpoint and end it; the next call, on whichever machine, does the
    remaining iterations. On a CPU, with as many threads as before, the member is then the same to
    the last bit; on a GPU, whose batches come from several processes, no two trainings are equal.
    With a ``seed``, which takes one thread on a CPU, two trainings there are equal on machines
    with the same processor. Checkpoints stay until `forget_training` is called.

    Args:
        train: training folder, as ``write_training_folder`` writes it.
        fold: the fold to leave out.
        out: file for the member; a leading dot of its name is no part of the checkpoints' names.
        device: where to train, as ``pick_device`` gives it.
        name: a name of what is labelled: checkpoints of another one are not used.
        seed: of 64 bits, what the training draws from; None: chance.

    Raises:
        UserError: if there is no such fold.
        Stopped: a signal came; everything that was trained is saved.
        NnactiveError: if the final weights are not finite.
    """
    plans = training_plans(train)
    training = recipe(plans)
    if not 0 <= fold < training.folds:
        raise UserError(f"fold {fold}: the setting has folds 0 to {training.folds - 1}")
    seeds = [] if seed is None else [seed]
    identity = _identity([name, fold, plans, training_splits(train), *seeds])
    alone = one_thread() if seeds and not is_gpu(device) else nullcontext()
    with stoppable() as stop, _work_folder(out) as work, alone:
        variables = {
            "nnUNet_preprocessed": str(train),
            "nnUNet_results": str(work),
            "nnUNet_compile": str(_compiled(training)),
            WORKERS: str(data_workers(device)),
            **kernel_variables(device),
        }
        with environment(variables):
            trainer = _trainer(plans, train, fold, device, seed)
            member = _run(trainer, stop, _checkpoints(out, identity, work))
        save_member(out, member)


def _compiled(training: Training) -> bool:
    """Whether to compile the network: if that pays off and a C compiler is available."""
    return training.epochs * training.iterations >= COMPILE_FROM and c_compiler() is not None


def _identity(parts: list[Any]) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


@contextmanager
def _work_folder(out: Path) -> Iterator[Path]:
    """A folder for nnU-Net's files, which nothing needs afterwards: on the scratch, if it works."""
    beside = checkpoint_folder(out) / "work"
    folder, scratch = beside, scratch_folder()
    if scratch is not None:
        # The same for each attempt at this output, which clears what a killed one left.
        key = hashlib.sha256(str(beside.absolute()).encode()).hexdigest()[:16]
        folder = scratch / f"nnactive-training-{os.getuid()}-{key}"
    shutil.rmtree(folder, ignore_errors=True)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        folder = beside
        folder.mkdir(parents=True, exist_ok=True)
    try:
        yield folder.resolve()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _checkpoints(out: Path, identity: str, work: Path) -> "Checkpoints":
    from nnactive.nnunet.training.checkpoints import Checkpoints

    folder = checkpoint_folder(out)
    scratch = None if folder.resolve() in work.parents else work
    return Checkpoints(folder, identity, scratch)


def _trainer(
    plans: dict[str, Any], train: Path, fold: int, device: str, seed: int | None
) -> "PartialLabelTrainer":
    import torch

    from nnactive.nnunet import generators
    from nnactive.nnunet.trainer import PartialLabelTrainer

    if is_gpu(device):
        limit_compilers(job_threads())
    generators.renew() if seed is None else generators.seed_all(seed)
    trainer = PartialLabelTrainer(
        plans={**plans, "continue_training": False},
        configuration=CONFIGURATION,
        fold=fold,
        dataset_json=training_dataset_json(train),
        device=torch.device(device),
    )
    trainer.seed = seed
    return trainer


def _run(trainer: "PartialLabelTrainer", stop: Stop, checkpoints: "Checkpoints") -> Member:
    """Train to the end from the newest checkpoint, if there is one."""
    state = checkpoints.newest(trainer.print_to_log_file)
    if state is not None:
        trainer.restore(state)
        trainer.print_to_log_file(f"continues after {trainer.iterations_done} iterations")
    pace = Pace(trainer.current_epoch)
    keeper = _Keeper(trainer, stop, checkpoints, pace, trainer.iterations_done)
    trainer.after_iteration = keeper.after_iteration
    trainer.run_training()
    axes = trainer.inference_allowed_mirroring_axes
    return Member(trainer.weights(), None if axes is None else tuple(axes))


@dataclass
class _Keeper:
    """Saves checkpoints between iterations, and stops the training there if it was asked to."""

    trainer: "PartialLabelTrainer"
    stop: Stop
    checkpoints: "Checkpoints"
    pace: Pace
    saved: int
    """Iterations that the newest checkpoint holds."""

    def after_iteration(self) -> None:
        """Save what is due.

        Raises:
            Stopped: the training was asked to stop, and is saved.
        """
        self.stop.nothing_to_save = self.trainer.iterations_done == self.saved
        epoch = self.trainer.current_epoch
        over = epoch == self.trainer.num_epochs
        if self.stop.asked and not over:
            self._save()
            raise self.stop.end()
        if self.pace.worth() if over else self.pace.due(epoch):
            self._save()

    def _save(self) -> None:
        done, began = self.trainer.iterations_done, self.pace.now()
        try:
            if done > self.saved:
                self.checkpoints.save(done, self.trainer.state())
            self.saved = done
            self.stop.nothing_to_save = True
        except OSError as error:
            if error.errno not in FULL:
                raise
            # What is trained isn't lost for that: there may be room the next time.
            self.trainer.print_to_log_file("no checkpoint was saved: the disk is full")
        self.pace.saved(self.trainer.current_epoch, began)
