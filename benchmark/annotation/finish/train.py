"""The last ensemble: trained by the workflow on all that is labelled now.

If the project's own track has no ensemble of the last round yet, it is trained there, where the
next round finds it. If it has one, and labels were corrected or added since, another is trained in
a track of its own: queries that were made with the first one still hang on it.
"""

import shutil
from collections import defaultdict
from dataclasses import replace
from typing import Final

from benchmark import layout
from benchmark.annotation.engine import Machine, Told, make, query_file, request_of
from benchmark.annotation.ensembles import Trained, find_ensemble
from benchmark.annotation.project.model import Project
from benchmark.annotation.project.places import WORK, Places, command
from benchmark.annotation.settled import Settled, settled
from benchmark.chain.laid import lay
from benchmark.workflow.plan import Part
from benchmark.workflow.run import run
from nnactive.data.prepared import PreparedDataset
from nnactive.errors import NnactiveError, UserError
from nnactive.geometry import Patch
from nnactive.io.queries import load_patches, load_query
from nnactive.oracle.choose import oracle_of
from nnactive.steps.annotate import labelled_set
from nnactive.steps.twins import corrected, set_name

ANEW: Final = "anew"
"""Folder below ``work/`` of ensembles that were trained again."""
KEY: Final = 16
"""Characters of a name of labels in a folder's name."""
STEP: Final = "train_fold"


def train_last(
    places: Places, project: Project, number: int, machine: Machine, told: Told
) -> Trained:
    """The ensemble on all labels of the rounds up to one; trained, unless it is.

    Args:
        places: of the project.
        project: of which.
        number: of the last round.
        machine: what training may use.
        told: whom to tell how far it is.

    Raises:
        UserError: no round has been chosen, or all that `make` raises.
    """
    known = settled(places, project)
    if known is None:
        raise UserError(f"{places.root}: no round yet; run: {command('next', places.root)}")
    name = labels_name(places, project, known, number)
    train = places.runs / project.name / layout.train_folder(known.experiment, number)
    if not train.is_dir() or labelled_set(train) == name:
        make(places, project, STEP, number, machine, told)
        return find_ensemble(places, project, number)
    told.note("labels were corrected or added since this ensemble was trained: training another")
    anew = Places(places.root / WORK / ANEW / name[:KEY])
    _train_anew(places, project, known, number, machine, told, anew)
    for other in set(anew.root.parent.glob("*")) - {anew.root}:
        shutil.rmtree(other, ignore_errors=True)
    return find_ensemble(anew, project, number)


def labels_name(places: Places, project: Project, known: Settled, number: int) -> str:
    """A name of all that is labelled in the rounds up to one, as training folders record it."""
    dataset = PreparedDataset(places.prepared(project))
    oracle = oracle_of(dataset, None, project.seed)
    queries = [query_file(places, known, loop) for loop in range(number + 1)]
    by_case: dict[str, list[Patch]] = defaultdict(list)
    labelled = oracle.labelled([*dataset.given, *load_patches(queries)])
    for patch in labelled:
        by_case[patch.case].append(patch)
    versions = {case: oracle.version(case, patches) for case, patches in by_case.items()}
    return corrected(set_name(labelled), versions)


def _train_anew(
    places: Places,
    project: Project,
    known: Settled,
    number: int,
    machine: Machine,
    told: Told,
    anew: Places,
) -> None:
    request = replace(request_of(places, project, machine), runs=anew.runs)
    for loop in range(number + 1):
        chosen = load_query(query_file(places, known, loop))
        lay(request.root, layout.query_file(known.experiment, loop), chosen)
    part = Part(experiments=(known.experiment,), step=STEP, loops=(number,))
    with told.workflow() as watcher:
        problems = run(request, watcher, part, told.note)
    for problem in problems:
        kind = UserError if problem.exit_code == UserError.exit_code else NnactiveError
        raise kind(f"{places.root}: round {number}: {problem.text}")
