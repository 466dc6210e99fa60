"""Whether a result has the loops and the patches that its setting asks for."""

from collections.abc import Iterator

from benchmark.results import ExperimentResult


def of_loops(result: ExperimentResult) -> Iterator[str]:
    """A complete experiment has all loops; one that failed says why."""
    done, wanted = len(result.loops), result.setting.loops
    if (result.status == "failed") != (result.failure is not None):
        yield "status and failure contradict each other"
    if [loop.loop for loop in result.loops] != list(range(done)):
        yield "the loops are not numbered 0, 1, 2, ..."
    if done > wanted or (result.status == "complete" and done < wanted):
        yield f"{result.status}, but has {done} of {wanted} loops"


def of_choice(result: ExperimentResult) -> Iterator[str]:
    """Patches of later loops were chosen where the setting says, and the others by the method."""
    taken = result.setting.queries
    for number, loop in enumerate(result.loops):
        wanted = taken.track if taken and number else None
        found = loop.chosen_in.track if loop.chosen_in else None
        if found != wanted:
            told = f"in track '{found}'" if found else "by the method"
            asked = f"in track '{wanted}'" if wanted else "by the method"
            yield f"loop {number}: its patches were chosen {told}, not {asked}"


def of_budget(result: ExperimentResult) -> Iterator[str]:
    """Each loop adds exactly as many patches as the setting requires (protocol section 5)."""
    start, more = result.setting.starting_budget, result.setting.query_size
    for number, loop in enumerate(result.loops):
        wanted, total = more if number else start, start + number * more
        if loop.patches.lengths != {wanted}:
            counts = ", ".join(map(str, sorted(loop.patches.lengths)))
            yield f"loop {number}: {counts} patches, but the setting requires {wanted}"
        if loop.labelled_patches != total:
            yield (
                f"loop {number}: {loop.labelled_patches} labelled patches, but the setting "
                f"requires {total}"
            )
