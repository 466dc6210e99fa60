"""All checks of a bundle, in their order; none runs code of its author's."""

from pathlib import Path
from typing import Final

from benchmark.bundles import places
from benchmark.bundles.bounded import read_bounded
from benchmark.bundles.limits import largest
from benchmark.bundles.record import BundleRecord
from benchmark.bundles.verify import choices, circumstances, files, identity, scope, scores
from benchmark.bundles.verify.compare import baselines, data, draws
from benchmark.bundles.verify.evidence import Evidence
from benchmark.bundles.verify.findings import Check, Finding, judged
from nnactive.errors import UserError
from nnactive.io.models import NewerFileError

RECORD: Final = "bundle.json"
CHECKS: Final[dict[str, Check[Evidence]]] = {
    "files": files.listed,
    "hashes": files.hashes,
    "places": files.only_known,
    "schema": files.readable,
    "method": identity.method,
    "origin": identity.builtin,
    "code": identity.code,
    "manifest": identity.manifest,
    "names": identity.names,
    "protocol": scope.protocol,
    "track": scope.track,
    "experiments": scope.experiments,
    "loops": scope.loops,
    "budgets": choices.budgets,
    "patches": choices.geometry,
    "queries": choices.queries,
    "labelled voxels": choices.voxels,
    "annotation": choices.annotation,
    "dataset": data.records,
    "counts": scores.counts,
    "reference voxels": scores.reference,
    "Dice": scores.dice,
    "surfaces": scores.surfaces,
    "calibration": scores.calibration,
    "full-data Dice": scores.full_data,
    "shared start": draws.shared_start,
    "start again": draws.starts,
    "random streams": draws.streams,
    "prepared dataset": data.prepared,
    "test labels": data.test_set,
    "labels of the pool": data.annotation,
    "baselines' data": baselines.same_data,
    "baselines' starts": baselines.same_start,
    "costs": circumstances.costs,
    "times": circumstances.times,
    "isolation": circumstances.isolation,
    "provenance": circumstances.provenance,
    "signature": circumstances.signature,
    "attestations": circumstances.attestations,
}
"""What is checked, by the name that the table shows."""


def verify(
    folder: Path,
    data_folder: Path | None = None,
    baselines_folder: Path | None = None,
    signers: Path | None = None,
) -> list[Finding]:
    """Check a bundle; nothing of its code is imported, and time and memory are bounded.

    Args:
        folder: the bundle, unpacked.
        data_folder: the prepared datasets, if they are at hand.
        baselines_folder: results of the benchmark's own methods: runs or bundles.
        signers: list of allowed signers, as OpenSSH's ALLOWED SIGNERS.

    Raises:
        UserError: if the folder of the baselines has no results.
    """
    known = baselines.read_baselines(baselines_folder) if baselines_folder else ()
    try:
        record = read_bounded(folder / places.RECORD, BundleRecord, largest(RECORD))
    except (NewerFileError, UserError) as error:
        first = Finding(RECORD, "FAILED", str(error))
        reason = f"{places.RECORD} can't be read"
        return [first, *(Finding(name, "not checked", reason) for name in CHECKS)]
    evidence = Evidence(folder, record, data_folder, known, signers)
    first = Finding(RECORD, "ok", f"'{record.method.id}' on the track '{record.track}'")
    return [first, *(judged(name, check, evidence) for name, check in CHECKS.items())]
