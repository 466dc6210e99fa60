"""Raw datasets: which cases there are, reading and checking their files, converting them.

What a dataset's ``convert.py`` needs can be imported from here.
"""

from nnactive.data.raw.convert import Converted, subtract
from nnactive.data.raw.images import read_image
from nnactive.data.raw.layout import Found

__all__ = ["Converted", "Found", "read_image", "subtract"]
