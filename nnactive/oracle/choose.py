"""Which oracle labels a dataset: its own label maps, or the person whose labels folder it names."""

from nnactive.data.prepared import PreparedDataset
from nnactive.oracle.base import Oracle
from nnactive.oracle.pool import PoolOracle
from nnactive.settings import Annotator


def oracle_of(dataset: PreparedDataset, annotator: Annotator | None, seed: int) -> Oracle:
    """Who labels the patches that are queried in a dataset.

    Args:
        dataset: the prepared dataset.
        annotator: whose errors the pool's labels get; a person makes their own.
        seed: the experiment's.
    """
    if dataset.info.labels_in is None:
        return PoolOracle(dataset, annotator, seed)
    from nnactive.oracle.person import PersonOracle

    return PersonOracle(dataset)
