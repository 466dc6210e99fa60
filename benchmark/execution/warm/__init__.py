"""A run's server: imports once what steps need, and forks a supervisor for each job."""

from pathlib import Path
from typing import Final

CLIENT: Final = Path(__file__).with_name("client.py")
"""The script that asks it."""
