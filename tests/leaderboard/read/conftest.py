import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from benchmark.bundles import places
from benchmark.bundles.levels import Attestation, Repeated
from benchmark.bundles.record import BundledFile, BundleRecord
from benchmark.results import Environment, ExperimentResult, save_result
from nnactive.io.files import read_model, sha256, write_json, write_model
from nnactive.io.seals import seal

ENVIRONMENT = Environment(
    python="3.11.2", packages={}, commit="unknown", cpu="Some CPU", cores=2, accelerator=None
)
MADE = "2026-11-22T09:30:00Z"


@pytest.fixture
def sealed() -> Callable[[Path], Path]:
    """Seal every result below a folder, as the steps of a run do."""

    def all_below(root: Path) -> Path:
        for file in root.rglob("result.json"):
            seal(file, file, {})
        return root

    return all_below


@pytest.fixture
def bundle(tmp_path: Path) -> Callable[..., Path]:
    """Put results on a public board as an entry's version; STAND-INS, as nothing else is there."""

    def put(
        *results: ExperimentResult,
        name: str = "mine",
        version: int = 1,
        about: Mapping[str, object] | None = None,
    ) -> Path:
        folder = tmp_path / "board" / name / str(version)
        files = {}
        for result in results:
            place = places.result_file(result.setting.name, result.seed)
            save_result(folder / place, result)
            file = folder / place
            files[place.as_posix()] = BundledFile(size=file.stat().st_size, sha256=sha256(file))
        manifest = folder / places.MANIFEST
        manifest.write_text(json.dumps(about or {}))  # JSON is YAML, too
        files[places.MANIFEST.name] = BundledFile(
            size=manifest.stat().st_size, sha256=sha256(manifest)
        )
        write_model(
            folder / places.RECORD,
            BundleRecord(
                protocol_version=results[0].protocol_version,
                track=results[0].track,
                comparable=results[0].comparable,
                method=results[0].method,
                made=MADE,
                command="nnactive-bench bundle",
                code="0" * 64,
                commit="unknown",
                files=files,
            ),
        )
        versions = [
            {"digest": read_model(each / places.RECORD, BundleRecord).digest, "added": MADE}
            for each in sorted(folder.parent.iterdir())
            if each.is_dir()
        ]
        write_json(folder.parent / "entry.json", {"name": name, "versions": versions})
        return folder

    return put


@pytest.fixture
def attest() -> Callable[..., Path]:
    """Put an attestation beside a bundle."""

    def put(folder: Path, level: str = "replayed", *, by: str = "Ann", agrees: bool = True) -> Path:
        repeated = Repeated(setting="phantom_tiny", seed=1, loops=(1,), agrees=agrees)
        file = folder / "attestations" / f"{by}.json".lower()
        made = Attestation(
            bundle=read_model(folder / places.RECORD, BundleRecord).digest,
            level=level,
            by=by,
            done="2026-11-23T09:30:00Z",
            repeated=(repeated,),
            environment=ENVIRONMENT,
        )
        write_model(file, made)
        return file

    return put
