"""The last ensemble: trained by the workflow on all that is labelled now."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Final

from benchmark import layout
from benchmark.annotation.engine import Machine, Told, lay_rounds, make, request_of, run_step
from benchmark.annotation.ensembles import Trained, find_ensemble
from benchmark.annotation.project.model import Project
from benchmark.annotation.project.places import WORK, Places

ANEW: Final = "anew"
"""Folder below ``work/`` of ensembles that were trained again, as labels were corrected."""
