"""Whether costs, times, machines and isolation can be what they say."""

from datetime import UTC, datetime, timedelta
from typing import Final

from benchmark.bundles import places
from benchmark.bundles.signed.attestations import FOLDER, read_attestations, standing
from benchmark.bundles.signed.ssh import check
from benchmark.bundles.verify.evidence import Evidence, called
from benchmark.bundles.verify.findings import NotCheckedError, Problems
from benchmark.consistency.circumstances import of_costs, of_isolation, of_times, own_loops
from benchmark.consistency.method import SHA256
from nnactive.io.formatting import duration

AHEAD: Final = timedelta(days=1)
"""What another machine's clock may be ahead."""


def costs(evidence: Evidence) -> Problems:
    """Durations and memory are finite and possible; each loop has the jobs that made it."""
    for where, result, loop in evidence.loops():
        folds = {f"train_fold_{fold}" for fold in range(result.setting.training.folds)}
        jobs = {"annotate", "evaluate", "query" if loop.loop else "start", *folds}
        missing, odd = sorted(jobs - loop.costs.keys()), sorted(loop.costs.keys() - jobs)
        if missing or odd:
            told = f"no cost of {missing[0]}" if missing else f"a cost of '{odd[0]}'"
            yield f"{where}: {told}"
    yield from evidence.of_results(of_costs)
    seconds = sum(c.seconds for _, _, loop in evidence.loops() for c in loop.costs.values())
    return f"all jobs have one: {duration(seconds)} in all"


def times(evidence: Evidence) -> Problems:
    """Started before finished, finished before bundled, nothing in the future."""
    made = _time(evidence.record.made)
    now = datetime.now(UTC)
    if made > now + AHEAD:
        yield f"the bundle was made at {evidence.record.made}, in the future"
    yield from evidence.of_results(of_times)
    unknown = 0
    for key, result in evidence.known_results().items():
        if result.finished is None or result.started is None:
            unknown += 1
        if result.finished and _time(result.finished) > made + AHEAD:
            yield f"{called(key)}: finished at {result.finished}, after the bundle was made"
    if unknown:
        raise NotCheckedError(f"{unknown} results lack the time when they started or finished")
    return f"in order; bundled at {evidence.record.made}"


def isolation(evidence: Evidence) -> Problems:
    """How the method's code was kept from labels is recorded, and can be so."""
    yield from evidence.of_results(of_isolation)
    results = evidence.known_results().values()
    unknown = sum(loop.isolation is None for result in results for loop in result.loops)
    if unknown:
        raise NotCheckedError(f"{unknown} loops don't say how the code was isolated")
    seen = {
        loop.isolation or ""
        for result in results
        if result.method.origin == "submission"
        for loop in own_loops(result.loops, result.method)
    }
    told = ", ".join(sorted(seen)) or "the benchmark's own code"
    weak = "; with 'none' it could read the pool's labels" if "none" in seen else ""
    return f"{told}{weak}"


def provenance(evidence: Evidence) -> Problems:
    """Every result names the code, packages and command that made it."""
    lacking = {
        field
        for result in evidence.known_results().values()
        for field, value in (
            ("code", result.environment.code),
            ("nnunetv2", result.environment.packages.get("nnunetv2")),
            ("command", result.command),
        )
        if not value
    }
    codes = {result.environment.code for result in evidence.results.values()} - {None}
    for found in (*codes, evidence.record.code):
        if found is not None and not SHA256.fullmatch(found):
            yield f"'{found}' is no hash of code"
    if lacking:
        raise NotCheckedError(f"not recorded: {', '.join(sorted(lacking))}")
    versions = {r.environment.packages["nnunetv2"] for r in evidence.results.values()}
    if len(versions) > 1:
        yield f"several versions of nnU-Net: {', '.join(sorted(versions))}"
    return f"nnU-Net {', '.join(sorted(versions))}, versions of the benchmark's code: {len(codes)}"


def signature(evidence: Evidence) -> Problems:
    """If ``bundle.json`` is signed, the signature fits; whose it is, if the key is known."""
    found = check(evidence.folder / places.RECORD, evidence.signers)
    if found.state == "wrong":
        yield found.detail
    elif found.state != "signed":
        raise NotCheckedError(found.detail)
    return found.detail


def attestations(evidence: Evidence) -> Problems:
    """Attestations beside the bundle are of it; what they say of it is shown."""
    read = read_attestations(evidence.folder, evidence.record.digest, evidence.signers)
    for each in read:
        if each.problem:
            yield f"{FOLDER}/{each.name}: {each.problem}"
    if not read:
        raise NotCheckedError("none: no replay has been attested")
    reached = standing(read)
    others = [each.disagrees for each in read if each.disagrees]
    if not reached.by:
        return f"{reached.level}; {others[0]}" if others else reached.level
    signed = ", signed" if reached.signed else ", not signed by a known key"
    but = f"; but {others[0]}" if others else ""
    return f"{reached.level} by {', '.join(reached.by)}{signed}{but}"


def _time(moment: str) -> datetime:
    return datetime.fromisoformat(moment)
