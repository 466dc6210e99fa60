"""Whether the patches keep the protocol's rules, and the labelled voxels follow from them."""

from benchmark.bundles.verify.evidence import Evidence
from benchmark.bundles.verify.findings import NotCheckedError, Problems
from benchmark.consistency.effort import of_effort
from benchmark.consistency.labels import of_labels
from benchmark.consistency.loops import of_budget, of_choice
from benchmark.consistency.patches import misplaced, of_sums, patches_of
from nnactive.geometry import Patch
from nnactive.io.queries import PROTOCOL_START, START, Query


def budgets(evidence: Evidence) -> Problems:
    """Each loop adds as many patches as the setting says, chosen where the setting says."""
    yield from evidence.of_results(of_budget)
    yield from evidence.of_results(of_choice)
    return "each loop adds what its setting says"


def geometry(evidence: Evidence) -> Problems:
    """Patches lie in images of the pool, have the query patch's size and don't overlap."""
    yield from evidence.of_results(misplaced)
    results = evidence.known_results().values()
    unknown = sum(result.dataset.pool_shapes is None for result in results)
    if unknown:
        raise NotCheckedError(f"{unknown} results don't have the pool's shapes (pool_shapes)")
    count = sum(len(loop.patches.case) for result in results for loop in result.loops)
    return f"{count:,} patches lie in the pool, have the right size and don't overlap"


def queries(evidence: Evidence) -> Problems:
    """Every loop has its query file, with the patches of the result."""
    for (setting, seed), result in evidence.known_results().items():
        for number, loop in enumerate(result.loops):
            query = evidence.queries.get((setting, seed, number))
            where = f"{setting}, seed {seed}, loop {number}"
            if query is None:
                yield f"{where}: no query file"
                continue
            said = (query.dataset, query.setting, query.seed, query.loop)
            if said != (result.setting.dataset, setting, seed, number):
                yield f"{where}: the query file is of {query.dataset}, {_place(query)}"
            if [Patch(p.case, p.start, p.size) for p in query.patches] != patches_of(loop.patches):
                yield f"{where}: the query file has other patches than the result"
            if number and query.isolation != loop.isolation:
                told = f"{query.isolation} and {loop.isolation}"
                yield f"{where}: query file and result differ in their isolation: {told}"
            start = result.method.start or PROTOCOL_START
            wanted = START if start == PROTOCOL_START else start
            if number == 0 and query.method != wanted:
                yield f"{where}: the start is of '{query.method}'"
    return f"{len(evidence.queries)} query files have the results' patches"


def _place(query: Query) -> str:
    return f"{query.setting}, seed {query.seed}, loop {query.loop}"


def voxels(evidence: Evidence) -> Problems:
    """Labelled voxels are the sum of the patches' voxels, and foreground is among them."""
    yield from evidence.of_results(of_sums)
    return "labelled voxels are the sum of the patches' voxels"


def annotation(evidence: Evidence) -> Problems:
    """Labelled foreground, boundary and effort grow, and stay below what contains them."""
    yield from evidence.of_results(of_labels)
    yield from evidence.of_results(of_effort)
    return "labelled foreground and boundary never shrink, nor exceed what is labelled"
