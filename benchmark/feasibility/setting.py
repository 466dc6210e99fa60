"""Whether a pool can serve one setting: its classes, its folds, and room for the patches."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from nnactive.budget import Budget, Room, judge, largest_query
from nnactive.data.prepared import PreparedInfo
from nnactive.errors import UserError
from nnactive.geometry import size_text
from nnactive.methods.demand import Demand
from nnactive.settings import Setting
from nnactive.steps.starting_budget import cases_of_classes


@dataclass(frozen=True)
class Finding:
    """What is impossible, or may turn out so; one line."""

    text: str
    impossible: bool


def judge_setting(
    setting: Setting,
    info: PreparedInfo,
    seeds: Sequence[int],
    demands: Mapping[str, Sequence[Demand]],
    *,
    protocol: bool = True,
) -> Iterator[Finding]:
    """What stands against a setting.

    Args:
        setting: the setting.
        info: its prepared dataset.
        seeds: of the experiments; the starting budget depends on them.
        demands: by method, how it looks for the patches of each query.
        protocol: whether a method begins with the protocol's starting budget, which needs cases of
            every class.
    """
    yield from _of_classes(setting, info, seeds if protocol else ())
    yield from _of_room(setting, info, demands)


def _of_classes(setting: Setting, info: PreparedInfo, seeds: Sequence[int]) -> Iterator[Finding]:
    most = min(setting.starting_budget, len(info.pool))
    folds = setting.training.folds
    if most < folds:
        yield Finding(
            f"{setting.starting_budget} starting patches in {len(info.pool)} pool cases label at "
            f"most {most} cases, too few for {folds} folds; the most folds that fit: {most}",
            impossible=True,
        )
    # Datasets prepared by older releases don't say which case has which class.
    present = {case.id: case.classes for case in info.pool if case.classes is not None}
    known = (
        present
        if len(present) == len(info.pool)
        else {case.id: tuple(range(len(info.classes))) for case in info.pool}
    )
    names = (info.name, info.classes, known, setting.patch_size, setting.starting_budget)
    for seed in seeds:
        try:
            cases_of_classes(*names, seed)
        except UserError as error:
            yield Finding(f"{error} (seed {seed})", impossible=True)
            break
    tested = [case.classes for case in info.test]
    for label, name in enumerate(info.classes[1:], 1):
        if all(classes is not None and label not in classes for classes in tested):
            yield Finding(
                f"class '{name}' is in no test case of {info.name}: Mean Dice is over the other "
                "classes, except in a loop that predicts it, where it counts as 0",
                impossible=False,
            )


def _of_room(
    setting: Setting, info: PreparedInfo, demands: Mapping[str, Sequence[Demand]]
) -> Iterator[Finding]:
    budget = Budget.of(setting)
    shapes = tuple(case.shape for case in info.pool)
    room = Room(shapes, setting.patch_size, setting.stride)
    verdicts = {name: judge(budget, room, asked) for name, asked in demands.items()}
    bad = {name: verdict for name, verdict in verdicts.items() if verdict.impossible}
    patches = f"{budget} of {size_text(setting.patch_size)} voxels"
    if bad:
        reason = next(iter(bad.values())).impossible
        which = [name for name, verdict in bad.items() if verdict.impossible == reason]
        asked = [demands[name] for name in bad]
        text = f"no room for {patches} in {info.name}{_whose(which, demands)}: {reason}"
        yield Finding(f"{text}; {_largest(budget, room, asked)}", impossible=True)
        return
    unsure = [name for name, verdict in verdicts.items() if not verdict.certain]
    if unsure:
        asked = [demands[name] for name in unsure]
        yield Finding(
            f"it isn't certain that {patches} find room in {info.name}{_whose(unsure, demands)}, "
            f"which holds at most {room.most}, fewer where they lie badly; "
            f"{_certain(budget, room, asked)}",
            impossible=False,
        )


def _whose(names: Sequence[str], all_names: Mapping[str, object]) -> str:
    return "" if len(names) == len(all_names) else f" for {', '.join(names)}"


def _largest(budget: Budget, room: Room, demands: Sequence[Sequence[Demand]]) -> str:
    """The largest query that could fit, in words."""

    def possible(each: Budget) -> bool:
        return not any(judge(each, room, asked).impossible for asked in demands)

    size = largest_query(budget, possible)
    if size is None:
        return (
            f"even queries of one patch don't fit: lower starting_budget ({budget.starting}), "
            "loops or patch_size"
        )
    certain = _certain(budget, room, demands)
    return f"the largest query_size that can fit is {size}, {certain}"


def _certain(budget: Budget, room: Room, demands: Sequence[Sequence[Demand]]) -> str:
    """The largest query that surely fits, in words."""

    def certain(each: Budget) -> bool:
        return all(judge(each, room, asked).certain for asked in demands)

    size = largest_query(budget, certain)
    if size is None:
        return "no query_size is certain to fit with this starting_budget and patch_size"
    return f"query_size {size} is certain to fit"
