"""Folds of the labelled cases such that every member trains on every class, where that can be."""

from collections.abc import Collection, Iterator, Mapping, Sequence

import numpy as np

from nnactive.errors import UserError

_NEEDED = 2
"""Validation folds in which every class must occur."""
_DEALS = 20
_STEPS = 100_000


def assign_folds(
    classes_by_case: Mapping[str, Collection[int]],
    folds: int,
    rng: np.random.Generator,
    class_names: Sequence[str] = (),
    *,
    complete: bool = True,
    few: bool = False,
) -> list[list[str]]:
    """Validation cases of each fold, sorted (protocol section 3, "Folds").

    Every class, background included, occurs in at least two folds, and fold sizes differ by at most
    one. Rarest class first (fewest cases not yet in a fold; ties: label order): two of its cases,
    drawn at random, go into two of the smallest folds; then the rest is dealt out. If a deal leaves
    a class in a single fold, it is repeated; if that keeps failing, folds are searched for.

    Args:
        classes_by_case: classes labelled in each case's patches.
        folds: number of folds, at least 2.
        rng: source of the draws; the answer depends only on it and on the mapping's content.
        class_names: names of all classes that must occur, in label order; by default those that
            are labelled.
        complete: whether every class must be labelled in two cases, as after the protocol's
            starting budget. If not, only those that are count: a class labelled in one case is
            missing from the training of one member, one that isn't labelled from all.
        few: whether there may be fewer cases than folds, as where a person labels. Then, and where
            no folds are found, no member leaves a case out: all folds are empty, and members
            differ by what their trainings draw.

    Raises:
        UserError: if there are fewer cases than folds, a class is labelled in fewer than two
            cases, or no such folds are found.
    """
    cases = sorted(classes_by_case)
    if len(cases) < folds and few:
        return [[] for _ in range(folds)]
    if len(cases) < folds:
        raise UserError(
            f"{len(cases)} labelled cases can't fill {folds} folds; "
            "enlarge the starting budget or train fewer folds"
        )
    members = _members(classes_by_case, len(class_names))
    if not complete:
        members = {label: having for label, having in members.items() if len(having) >= _NEEDED}
    for label, having in members.items():
        if len(having) < _NEEDED:
            raise UserError(
                f"{_named(label, class_names)} is labelled in {len(having)} cases, folds need "
                f"{_NEEDED}; enlarge the starting budget"
            )
    found = _found(cases, members, folds, rng)
    if found is None and not few:
        label = min(members, key=lambda value: (len(members[value]), value))
        raise UserError(
            f"no {folds} folds of {len(cases)} cases hold every class twice (rarest: "
            f"{_named(label, class_names)}, in {len(members[label])} cases); "
            "enlarge the starting budget"
        )
    return _grouped(found or {}, folds)


def _found(
    cases: list[str], members: dict[int, list[str]], folds: int, rng: np.random.Generator
) -> dict[str, int] | None:
    """Fold of each case, dealt out or else searched for; None if there seem to be none."""
    for _ in range(_DEALS):
        dealt = _deal(cases, members, folds, rng)
        if _fits(dealt, members, folds):
            return dealt
    return _Search(cases, members, folds, rng).run()


def _named(label: int, class_names: Sequence[str]) -> str:
    return f"class '{class_names[label]}'" if label < len(class_names) else f"class {label}"


def _members(
    classes_by_case: Mapping[str, Collection[int]], n_classes: int
) -> dict[int, list[str]]:
    """Cases of each class, classes and cases in order."""
    labels = {int(label) for classes in classes_by_case.values() for label in classes}
    return {
        label: sorted(case for case, classes in classes_by_case.items() if label in classes)
        for label in sorted(labels | set(range(n_classes)))
    }


def _grouped(fold_of: Mapping[str, int], folds: int) -> list[list[str]]:
    return [sorted(case for case, its in fold_of.items() if its == fold) for fold in range(folds)]


def _sizes(fold_of: Mapping[str, int], folds: int) -> list[int]:
    sizes = [0] * folds
    for fold in fold_of.values():
        sizes[fold] += 1
    return sizes


def _fits(fold_of: Mapping[str, int], members: Mapping[int, list[str]], folds: int) -> bool:
    sizes = _sizes(fold_of, folds)
    return max(sizes) - min(sizes) <= 1 and all(
        len({fold_of[case] for case in having}) >= _NEEDED for having in members.values()
    )


def _deal(
    cases: Sequence[str], members: Mapping[int, list[str]], folds: int, rng: np.random.Generator
) -> dict[str, int]:
    """One run of the protocol's procedure, which may leave a class in a single fold."""
    fold_of: dict[str, int] = {}
    waiting = set(members)
    while waiting:
        free = {v: [case for case in members[v] if case not in fold_of] for v in waiting}
        label = min(waiting, key=lambda value: (len(free[value]), value))
        waiting.remove(label)
        # If rarer classes already put this one's cases into one fold, the next goes elsewhere.
        taken = {fold_of[case] for case in members[label] if case in fold_of}
        avoid = taken if len(taken) == 1 and len(free[label]) == 1 else set()
        for index in rng.permutation(len(free[label]))[:_NEEDED]:
            fold = _smallest(fold_of, folds, avoid, rng)
            fold_of[free[label][index]] = fold
            avoid = {fold}
    rest = [case for case in cases if case not in fold_of]
    for index in rng.permutation(len(rest)):
        fold_of[rest[index]] = _smallest(fold_of, folds, set(), rng)
    return fold_of


def _smallest(
    fold_of: Mapping[str, int], folds: int, avoid: set[int], rng: np.random.Generator
) -> int:
    """One of the smallest folds not in ``avoid``, drawn at random."""
    sizes = _sizes(fold_of, folds)
    allowed = [fold for fold in range(folds) if fold not in avoid]
    least = min(sizes[fold] for fold in allowed)
    return int(rng.choice([fold for fold in allowed if sizes[fold] == least]))


class _Search:
    """Depth-first search for balanced folds that split every class, rarest classes first."""

    def __init__(
        self,
        cases: Sequence[str],
        members: Mapping[int, list[str]],
        folds: int,
        rng: np.random.Generator,
    ) -> None:
        self.members = members
        self.folds = folds
        self.rng = rng
        self.floor, self.larger = divmod(len(cases), folds)
        shuffled = [cases[index] for index in rng.permutation(len(cases))]
        rarity = {
            case: min((len(having) for having in members.values() if case in having), default=0)
            for case in cases
        }
        self.order = sorted(shuffled, key=lambda case: rarity[case] or len(cases))
        self.classes = {
            case: [label for label, having in members.items() if case in having] for case in cases
        }
        self.fold_of: dict[str, int] = {}

    def run(self) -> dict[str, int] | None:
        """Fold of each case; None if none are found within the permitted number of steps."""
        choices = [self._choices()]
        for _ in range(_STEPS):
            case = self.order[len(choices) - 1]
            fold = next(choices[-1], None)
            if fold is None:
                choices.pop()
                if not choices:
                    return None
                del self.fold_of[self.order[len(choices) - 1]]
                continue
            self.fold_of[case] = fold
            if not self._alive(case):
                del self.fold_of[case]
            elif len(self.fold_of) == len(self.order):
                return self.fold_of
            else:
                choices.append(self._choices())
        return None

    def _choices(self) -> Iterator[int]:
        """Folds that the next case may go into, in random order."""
        sizes = _sizes(self.fold_of, self.folds)
        full = sum(size > self.floor for size in sizes)
        limit = self.floor + (full < self.larger)
        # Empty folds are interchangeable, so the first represents them all.
        empty = [fold for fold, size in enumerate(sizes) if size == 0][:1]
        open_folds = [fold for fold, size in enumerate(sizes) if 0 < size < limit] + empty
        return iter([open_folds[index] for index in self.rng.permutation(len(open_folds))])

    def _alive(self, case: str) -> bool:
        """Whether each of the case's classes can still occur in two folds."""
        return all(
            len({self.fold_of.get(other, -1) for other in self.members[label]}) >= _NEEDED
            for label in self.classes[case]
        )
