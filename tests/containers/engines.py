"""The two runtimes, called as docs/containers.md says, by an unprivileged user, offline."""

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

UID = 12345
"""Nobody of this id need exist."""
NOBODY = 65534
"""Apptainer wants a user that the system knows."""


class Done(NamedTuple):
    status: int
    out: str
    err: str


class Runtime(Protocol):
    name: str
    uid: int

    def run(
        self,
        *arguments: str,
        mounts: Mapping[str, Path] | None = None,
        flags: Sequence[str] = (),
        program: str | None = None,
    ) -> Done:
        """Run the image, or another program in it; a mount that ends in ``:ro`` is read-only."""

    def labels(self) -> dict[str, str]:
        """The image's."""


SECONDS_TO_HANG = 3600
"""Limits are for hangs, and not for speed: other work may leave little of the machine."""


def call(command: Sequence[str], **more: object) -> Done:
    done = subprocess.run(  # type: ignore[call-overload]
        command, capture_output=True, text=True, check=False, timeout=SECONDS_TO_HANG, **more
    )
    return Done(done.returncode, done.stdout, done.stderr)


class Docker:
    name = "docker"
    uid = UID

    def __init__(self, engine: str, image: str) -> None:
        """Podman would hand over to the socket that DOCKER_HOST names, which can't attach."""
        self.engine, self.image = engine, image
        self.env = {key: value for key, value in os.environ.items() if key != "DOCKER_HOST"}

    def run(self, *arguments, mounts=None, flags=(), program=None):
        volumes = [
            part
            for target, source in (mounts or {}).items()
            for part in ("--volume", f"{source}:{target}")
        ]
        entry = ["--entrypoint", program] if program else []
        return call(
            [
                *(self.engine, "run", "--rm", "--network", "none", "--read-only"),
                *("--user", f"{self.uid}:{self.uid}", *volumes, *flags, *entry),
                *(self.image, *arguments),
            ],
            env=self.env,
        )

    def labels(self):
        form = "{{json .Config.Labels}}"
        command = [self.engine, "image", "inspect", "--format", form, self.image]
        return json.loads(call(command, env=self.env).out)


class Apptainer:
    name = "apptainer"

    def __init__(self, sif: Path, home: Path) -> None:
        self.sif, self.home = sif, home
        self.root = os.geteuid() == 0
        self.uid = NOBODY if self.root else os.geteuid()

    def run(self, *arguments, mounts=None, flags=(), program=None):
        binds = [
            part
            for target, source in (mounts or {}).items()
            for part in ("--bind", f"{source}:{target}")
        ]
        other = f"--reuid={self.uid} --regid={self.uid} --clear-groups --inh-caps=-all"
        become = ["setpriv", *other.split()] if self.root else []
        return call(
            [
                *become,
                *("apptainer", "--quiet", "exec" if program else "run"),
                *("--containall", "--no-home", "--cleanenv", "--pwd", "/"),
                *("--net", "--network", "none"),
                *(*binds, *flags, str(self.sif), *((program,) if program else ()), *arguments),
            ],
            env={**os.environ, "HOME": str(self.home), "APPTAINER_USERNS": "1"},
            cwd="/",
        )

    def labels(self):
        done = call(["apptainer", "inspect", "--json", "--labels", str(self.sif)])
        return json.loads(done.out)["data"]["attributes"]["labels"]
