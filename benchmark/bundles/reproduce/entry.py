"""An entry as its bundle has it, opened to be reproduced."""

from pathlib import Path
from typing import Final

from benchmark.bundles import places
from benchmark.bundles.read import Bundle, open_bundle
from benchmark.bundles.reproduce.lay import REPLAYS
from benchmark.bundles.reproduce.reported import Reported, check
from benchmark.bundles.reproduce.train import Place
from benchmark.bundles.signed.attestations import FOLDER
from benchmark.bundles.verify.findings import failures
from benchmark.bundles.verify.verify import verify
from benchmark.layout import Experiment
from nnactive.errors import UserError

OTHERS: Final = frozenset({"signature", "attestations"})
"""Checks of what others have said of an entry: a dispute about it is what a replay settles."""


def open_entry(given: Path) -> tuple[Bundle, Reported]:
    """A bundle, and what it reports.

    Raises:
        UserError: if it isn't a bundle, or fails a check that needs no dataset.
    """
    bundle = open_bundle(given)
    wrong = [each for each in failures(verify(bundle.folder)) if each.check not in OTHERS]
    if wrong:
        raise UserError(
            f"{given}: {wrong[0].check}: {wrong[0].detail}; not reproduced, as it contradicts "
            "itself; nnactive-bench verify shows all checks"
        )
    reported = _reported(bundle)
    check(reported)
    return bundle, reported


def code_of(bundle: Bundle) -> Path | None:
    """The frozen copy of a bundle's code; None for a built-in method.

    Raises:
        UserError: if it isn't what ran, or some of its weights aren't in the bundle.
    """
    bundle.check_code()
    for name, url in bundle.outside.items():
        raise UserError(
            f"{bundle.given}: {name} isn't in it, only its hash and address ({url}); such a method "
            "can be replayed with --queries, and re-run only by `submit`"
        )
    return None if bundle.code is None else bundle.path(places.CODE)


def place_of(reported: Reported, data: Path, runs: Path, cores: int, *, keep: bool) -> Place:
    """Where an entry is reproduced: a folder below the runs that no other entry shares."""
    name = (reported.digest or "run")[:16]
    return Place(data=data, runs=runs / REPLAYS / name, cores=cores, keep=keep)


def attestations_of(given: Path) -> Path:
    """The folder of a bundle's attestations: in its folder, or beside its zip."""
    return (given if given.is_dir() else given.parent) / FOLDER


def _reported(bundle: Bundle) -> Reported:
    track, spec = bundle.track, bundle.spec
    results = {
        Experiment(setting.name, spec.record.id, seed): bundle.result(setting.name, seed)
        for setting in track.settings
        for seed in track.seeds
        if bundle.has_result(setting.name, seed)
    }
    queries = {
        each: tuple(
            bundle.query(each.setting, each.seed, loop.loop) for loop in results[each].loops
        )
        for each in results
    }
    return Reported(str(bundle.given), track, spec, results, queries, bundle.record.digest)
