"""Names of what `finish` writes."""

from benchmark.annotation.project.model import Project
from nnactive.streams import stream

FIRST, NUMBERS = 500, 100
"""Numbers from 500 on are nnU-Net's for people's own datasets; the benchmark's are 900 and more."""
MODEL, PREDICTIONS, RAW = "model", "predictions", "raw"
REPORT, GUIDE = "report.html", "README.txt"


def dataset_name(project: Project) -> str:
    """nnU-Net's name of a project's dataset: the same each time, different for different projects.

    Args:
        project: whose name is part of it.
    """
    number = FIRST + int(stream("dataset number", project.name).integers(NUMBERS))
    letters = "".join(each if each.isalnum() else " " for each in project.name)
    words = "".join(word[:1].upper() + word[1:] for word in letters.split())
    return f"Dataset{number}_{words or 'Project'}"
