"""Files with a schema version. Every state file of the benchmark is among ``STATE_FILES``."""

import json
from pathlib import Path
from typing import Any, ClassVar

import pytest

from benchmark.annotation.agreement.read import Changes, Compared
from benchmark.annotation.finished import Finished
from benchmark.annotation.imports.looked import Looked
from benchmark.annotation.imports.odd.tones import Tones
from benchmark.annotation.predictions import PredictedBy
from benchmark.annotation.project.model import Project
from benchmark.annotation.rounds.model import Round
from benchmark.annotation.settled import Settled
from benchmark.board.entry import EntryRecord
from benchmark.bundles.baselines import Baselines
from benchmark.bundles.levels import Attestation
from benchmark.bundles.record import BundleRecord
from benchmark.chain.images import Checksums
from benchmark.cluster.history import Ended, History
from benchmark.cluster.outer.jobs import OuterPlan
from benchmark.cluster.request import ShardRequest
from benchmark.cluster.trial import Findings
from benchmark.forecast.calibration.measured import Calibration
from benchmark.pictures.kept import KeptCases
from benchmark.results import ExperimentResult, Failure
from benchmark.store.manifest import StoreManifest
from benchmark.submission.files.frozen import Bundle
from benchmark.submission.spec import MethodSpec
from benchmark.tracks import Track
from benchmark.workflow.plan import Plan
from leaderboard.expected.figures import Expected
from leaderboard.labelling.estimate import Estimate
from nnactive.data.download.consent import Consent
from nnactive.data.download.sums import Sums
from nnactive.data.download.unpacked import Unpacked
from nnactive.data.prepare.resume import Note
from nnactive.data.prepared import PreparedInfo
from nnactive.data.unlabelled.source import Sources
from nnactive.errors import UserError
from nnactive.io.beside.companions import Companions
from nnactive.io.costs import Cost
from nnactive.io.files import read_model, write_model
from nnactive.io.holders import Holder
from nnactive.io.models import NewerFileError, StateFile, file_text
from nnactive.io.queries import Query
from nnactive.io.seals import Seal
from nnactive.nnunet.training.checkpoints import Saved
from nnactive.oracle.drawn import Drawn
from nnactive.settings import Setting
from nnactive.steps.annotate import Labelled
from nnactive.steps.evaluate import Evaluation

STATE_FILES = (
    *(Drawn, Looked, Project, Round, Settled, Sources, Tones),
    EntryRecord,
    *(Attestation, BundleRecord),
    *(
        Bundle,
        Calibration,
        Checksums,
        KeptCases,
        Consent,
        Cost,
        Evaluation,
        ExperimentResult,
        Failure,
        Holder,
        Labelled,
        MethodSpec,
    ),
    *(MethodSpec, Note, Plan, PreparedInfo, Query, Saved, Seal, Setting, Sums),
    *(Baselines, Companions, StoreManifest, Track, Unpacked),
    *(Ended, Estimate, Expected, Findings, History, OuterPlan, ShardRequest),
    *(Changes, Compared, Finished, PredictedBy),
)
SETTING = Setting(
    name="s",
    dataset="d",
    regime="r",
    patch_size=(4, 4, 4),
    starting_budget=1,
    query_size=1,
)


class Box(StateFile):
    """A file that had its width as text in version 1."""

    SCHEMA: ClassVar[int] = 2

    width: int
    share: float = 0.1

    @classmethod
    def upgraded(cls, content: dict[str, Any], version: int) -> dict[str, Any]:
        assert version == 1
        return {**content, "width": int(content["width"])}


def test_the_version_is_first_in_the_file_and_not_in_the_model(tmp_path: Path) -> None:
    file = tmp_path / "box.json"
    write_model(file, Box(width=3))
    assert file.read_text() == '{\n "schema_version": 2,\n "width": 3,\n "share": 0.1\n}\n'
    assert file_text(Box(width=3), indent=None) == ('{"schema_version":2,"width":3,"share":0.1}\n')
    assert read_model(file, Box) == Box(width=3)
    assert "schema_version" not in Box(width=3).model_dump()


@pytest.mark.parametrize("content", ['{"width": "3"}', '{"schema_version": 1, "width": "3"}'])
def test_an_older_file_is_upgraded(tmp_path: Path, content: str) -> None:
    (tmp_path / "box.json").write_text(content)
    assert read_model(tmp_path / "box.json", Box) == Box(width=3)


@pytest.mark.parametrize("version", ["2", 0, -1, 1.5, True, None])
def test_what_is_no_version_names_the_field(tmp_path: Path, version: object) -> None:
    file = tmp_path / "box.json"
    file.write_text(json.dumps({"schema_version": version, "width": 3}))
    with pytest.raises(UserError, match=r"box\.json: field 'schema_version': .* whole number"):
        read_model(file, Box)


@pytest.mark.parametrize("kind", STATE_FILES, ids=lambda kind: kind.__name__)
def test_a_newer_state_file_is_refused_with_the_way_out(tmp_path: Path, kind: Any) -> None:
    file = tmp_path / "state.json"
    file.write_text(json.dumps({"schema_version": kind.SCHEMA + 1, "brand_new": 1}))
    with pytest.raises(NewerFileError) as caught:
        read_model(file, kind)
    assert str(caught.value) == (
        f"{file}: schema version {kind.SCHEMA + 1}, this release reads up to {kind.SCHEMA}; "
        "update the benchmark"
    )


def test_a_setting_of_before_it_had_a_version_is_the_same(tmp_path: Path) -> None:
    file = tmp_path / "setting.json"
    file.write_text(SETTING.model_dump_json())
    assert read_model(file, Setting) == SETTING
    # It is part of keys and is embedded in results: these don't know of files.
    assert "schema_version" not in SETTING.model_dump_json()


def test_no_state_file_is_missing_here() -> None:
    def below(kind: type[StateFile]) -> set[type[StateFile]]:
        return {kind, *(each for one in kind.__subclasses__() for each in below(one))}

    found = {
        kind for kind in below(StateFile) if not kind.__module__.startswith(("test", __name__))
    }
    assert found - {StateFile} <= set(STATE_FILES)
