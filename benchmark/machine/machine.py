"""All that is asked of the machine, once."""

import os
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import NamedTuple

from benchmark.image import record
from benchmark.machine.driver import Driver, Gpu, ask_driver
from benchmark.machine.gpus import allowed, on_cpu
from benchmark.machine.memory import shared_memory_size
from benchmark.machine.mounts import mount_points
from benchmark.machine.places import Place
from nnactive.devices import VISIBLE, toolkit_version


class Machine(NamedTuple):
    """What the findings are made of."""

    driver: Driver
    toolkit: str | None
    """Version of the CUDA that torch was built with; None: built without."""
    usable: tuple[Gpu, ...]
    """The GPUs that a run may use."""
    shared_memory: int | None
    """Bytes; None: there is none."""
    image: record.ImageRecord | None
    mounts: AbstractSet[Path] | None
    """None outside an image."""

    @property
    def on_cpu(self) -> str:
        """Why it runs on the CPU; empty where there is a GPU to use."""
        if self.usable:
            return ""
        inside = self.image is not None
        return on_cpu(self.driver.gpus, toolkit=self.toolkit, inside=inside)

    def place(self, what: str, folder: Path, option: str) -> Place:
        """A folder on this machine."""
        return Place(what, folder, option, self.mounts)


def image_mounts() -> AbstractSet[Path] | None:
    """Where the image has mounts; None outside an image."""
    return mount_points() if (record.HOME / record.FILE).is_file() else None


def this_machine() -> Machine:
    """Ask the machine; torch isn't imported."""
    driver, toolkit = ask_driver(), toolkit_version()
    return Machine(
        driver=driver,
        toolkit=toolkit,
        usable=allowed(driver.gpus, os.environ.get(VISIBLE)) if toolkit else (),
        shared_memory=shared_memory_size(),
        image=record.image_record(record.HOME),
        mounts=image_mounts(),
    )


def scratch_folder() -> Path:
    """Where temporary files go."""
    return Path(os.environ.get("TMPDIR") or "/tmp")  # noqa: S108  (what Python and others take)


def lock_folder() -> Path:
    """Where the lock file lies: in the image, or in the repository."""
    home = record.HOME
    return home if record.image_record(home) else Path(__file__).parents[2]
