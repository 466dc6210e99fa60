"""What labelling takes of an annotator, beside voxels."""

from nnactive.effort.work import Effort, Work, total

__all__ = ["Effort", "Work", "total"]
