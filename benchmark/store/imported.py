"""Which of a request's methods need no run, as all their results were imported."""

from benchmark import layout
from benchmark.layout import Experiment
from benchmark.store.take import RESULTS
from benchmark.tracks import experiments
from benchmark.workflow.request import Request


def fully_imported(request: Request) -> list[str]:
    """Ids of the methods whose results on the track were all imported; a run here has made none."""
    folder = request.runs / RESULTS / request.track.name

    def is_imported(experiment: Experiment) -> bool:
        file = layout.result_file(experiment)
        return (folder / file).exists() and not (request.root / file).exists()

    return [
        spec.record.id
        for spec, _ in request.methods
        if (asked := [*experiments(request.track, [spec.record.id])])
        and all(map(is_imported, asked))
    ]
