"""The locale, which ITK sets to "C" as it reads VTK or DICOM: Python then reads text as ASCII."""

import locale
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def same_locale() -> Iterator[None]:
    """Put the process's locale back if a library changes it."""
    before = locale.setlocale(locale.LC_ALL)
    try:
        yield
    finally:
        if locale.setlocale(locale.LC_ALL) != before:
            locale.setlocale(locale.LC_ALL, before)
