"""Jobs of an earlier call, where the scheduler can't list them: by their leases only."""

import os
from pathlib import Path

import pytest

from benchmark import layout
from benchmark.cluster.history import shard_lease
from benchmark.cluster.outer.look import Look
from benchmark.cluster.outer.queue import still_at_work, watched
from benchmark.cluster.profiles.profile import Profile
from nnactive.io import holders
from nnactive.io.files import write_model
from nnactive.io.leases import Holder

SLUG = "s.bald.seed_0"
PROFILE = Profile.model_validate({"executor": "cluster-generic", "cancel": "true"})


@pytest.fixture
def lease(tmp_path: Path) -> Path:
    """That of a job in a container, or on another node."""
    file = shard_lease(tmp_path, SLUG)
    write_model(file, Holder.here().model_copy(update={"boot": "another"}))
    return file


def test_a_job_that_died_out_of_sight_is_awaited_until_it_was_silent(
    tmp_path: Path, lease: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [1000.0]
    monkeypatch.setattr(holders.time, "monotonic", lambda: clock[0])
    gone = tmp_path / layout.shard_folder() / "gone" / SLUG
    left = {SLUG: object()}
    assert still_at_work(tmp_path, PROFILE, left, print) == {SLUG}  # type: ignore[arg-type]
    seen = Look(tmp_path, [SLUG])
    with watched(tmp_path, PROFILE, {SLUG}) as look:
        for seconds in range(100, 300, 40):
            clock[0] += 40
            os.utime(lease, (seconds, seconds))
            look()
            assert seen.counts().running == 1
        assert not gone.exists()
        clock[0] += holders.SILENT_SECONDS
        look()
        assert gone.exists()
        assert seen.counts().running == 0
