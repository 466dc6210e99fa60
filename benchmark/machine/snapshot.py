"""The machine as it is now: everything that the checks need, asked for once and without torch."""

import os
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path

from benchmark.image import record
from benchmark.machine.accelerator import no_gpu
from benchmark.machine.gpus import Driver, Gpu, ask_driver, visible
from benchmark.machine.memory import shared_memory_size
from benchmark.machine.places import Place, image_mounts
from nnactive.devices import VISIBLE, toolkit_version
from nnactive.io.content import checkout


@dataclass(frozen=True)
class Machine:
    """What the findings are based on."""

    driver: Driver
    toolkit: str | None
    """Version of the CUDA that torch was built with; None: built without."""
    visible: tuple[Gpu, ...]
    """GPUs that a run may use, if torch can; the driver may not list them."""
    shared_memory: int | None
    """Bytes; None: there is none."""
    image: record.ImageRecord | None
    mounts: AbstractSet[Path] | None
    """None outside an image."""

    @property
    def usable(self) -> tuple[Gpu, ...]:
        """GPUs that a run uses and the driver lists."""
        return self.visible if self.toolkit and self.driver.gpus else ()

    @property
    def no_gpu(self) -> str:
        """Why no GPU is usable; empty where one is."""
        if self.usable:
            return ""
        unchecked = () if self.driver.gpus else self.visible
        inside = self.image is not None
        return no_gpu(self.driver.gpus, unchecked, toolkit=self.toolkit, inside=inside)

    def place(self, what: str, folder: Path, option: str) -> Place:
        """A folder on this machine."""
        return Place(what, folder, option, self.mounts)


def this_machine() -> Machine:
    """Take a snapshot of this machine; torch isn't imported."""
    driver = ask_driver()
    return Machine(
        driver=driver,
        toolkit=toolkit_version(),
        visible=visible(driver.gpus, os.environ.get(VISIBLE)),
        shared_memory=shared_memory_size(),
        image=record.image_record(record.HOME),
        mounts=image_mounts(),
    )


def scratch_folder() -> Path:
    """Where temporary files go."""
    return Path(os.environ.get("TMPDIR") or "/tmp")  # noqa: S108  (as Python and others choose)


def lock_folder() -> Path | None:
    """Folder of the lock file: the image's or the checkout's; an install from a wheel has none."""
    home = record.HOME
    return home if record.image_record(home) else checkout()
