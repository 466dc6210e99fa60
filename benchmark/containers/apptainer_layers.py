"""Layers as files of Apptainer, in a folder beside the benchmark's own."""

import json
import os
import re
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from benchmark.containers.layers import Built, failure, shell_command
from benchmark.image.layer.install import added
from nnactive.errors import UserError
from nnactive.io.files import atomic_path, sha256

FOLDER: Final = "layers"
UNFIT: Final = re.compile(r"[\n\r]|\{\{")
"""What a definition file would read as more than a path."""

KEPT: Final = frozenset({"APPTAINER_CACHEDIR", "APPTAINER_CONFIGDIR", "APPTAINER_TMPDIR"})
"""Apptainer's variables that a build needs."""

Apptainer = Callable[[Sequence[str]], "subprocess.CompletedProcess[str]"]
"""Runs ``apptainer`` with these arguments and keeps what it writes."""


def run_apptainer(
    arguments: Sequence[str], program: str = "apptainer"
) -> "subprocess.CompletedProcess[str]":
    """Run ``apptainer``; a ``UserError`` where there is none."""
    # A cluster's variables are for its runs: mounts and user namespaces of theirs break a build.
    environment = {
        name: value
        for name, value in os.environ.items()
        if name in KEPT or not name.startswith(("APPTAINER", "SINGULARITY"))
    }
    try:
        return subprocess.run(
            [program, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            env=environment,
        )
    except FileNotFoundError:
        raise UserError("no apptainer here; install it, or take --runtime docker") from None


class ApptainerLayers:
    """A `Runtime` over Apptainer's command line."""

    def __init__(
        self,
        run: Apptainer = run_apptainer,
        options: Sequence[str] = (),
        digest: Callable[[Path], str] = sha256,
    ) -> None:
        """Take what runs Apptainer, options of its ``build``, and what tells a file's digest."""
        self.run = run
        self.options = tuple(options)
        self.hash = digest

    def digest(self, image: str) -> str:
        """What an image's file is known by; a ``UserError`` if there is none."""
        path = Path(image)
        if not path.is_file():
            raise UserError(f"{image}: no such image; make it: make sif")
        return self.hash(path)

    def find(self, image: str, name: str) -> Built | None:
        """The layer of that name if it was built before."""
        file = _layer_file(image, name)
        if not file.is_file():
            return None
        found = self._added(file)
        if found is None:
            raise UserError(f"{file}: isn't a layer; remove it and run the same command again")
        return Built(str(file), found)

    def build(self, image: str, name: str, requirements: Sequence[str]) -> Built:
        """Install on the image, into a file that has its name only when it is whole.

        Raises:
            UserError: what the command inside refuses.
            NnactiveError: if the build fails otherwise.
        """
        file = _layer_file(image, name)
        text = definition(Path(image).resolve(), requirements)
        with atomic_path(file) as draft, tempfile.TemporaryDirectory() as folder:
            recipe = Path(folder) / "layer.def"
            recipe.write_text(text, encoding="utf-8")
            done = self.run(["build", *self.options, str(draft), str(recipe)])
            if done.returncode or not draft.is_file():
                raise failure(image, [*done.stdout.splitlines(), *done.stderr.splitlines()])
            found = self._added(draft)
            if found is None:
                raise failure(image, ["its labels don't say what was added"])
        return Built(str(file), found)

    def _added(self, file: Path) -> tuple[str, ...] | None:
        """What the file's labels say; nothing of it runs for that."""
        done = self.run(["inspect", "--json", "--labels", str(file)])
        try:
            return added(json.loads(done.stdout)["data"]["attributes"]["labels"])
        except (ValueError, LookupError, TypeError):
            return None


def definition(base: Path, requirements: Sequence[str]) -> str:
    """The definition file; labels, environment and what it runs are the base's.

    Raises:
        UserError: if a definition file can't name such a path.
    """
    if UNFIT.search(str(base)):
        raise UserError(f"{str(base)!r}: Apptainer can't name such a path; move the image")
    # One command, as a failed part of several doesn't end a build.
    return f"Bootstrap: localimage\nFrom: {base}\n\n%post\n    exec {shell_command(requirements)}\n"


def _layer_file(image: str, name: str) -> Path:
    return Path(image).resolve().parent / FOLDER / f"{name}.sif"
