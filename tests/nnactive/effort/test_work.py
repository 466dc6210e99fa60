from nnactive.effort import Effort, Work, total


def test_the_work_of_parts_adds_up_class_by_class():
    parts = [
        Work(components=(1, 0), contour=(5, 0), slices=2, empty_slices=1),
        Work(components=(2, 3), contour=(7, 11), slices=4, empty_slices=0),
    ]
    assert total(parts, 2, images=9) == Effort(
        components=(3, 3), contour=(12, 11), slices=6, empty_slices=1, images=9
    )


def test_nothing_labelled_is_no_work():
    assert total([], 3, images=0) == Effort(
        components=(0, 0, 0), contour=(0, 0, 0), slices=0, empty_slices=0, images=0
    )
