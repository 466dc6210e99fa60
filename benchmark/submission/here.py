"""Whether what a submission pins is installed in this Python."""

from collections.abc import Sequence

from benchmark.submission.pins import installed, pin, unmet
from nnactive.errors import UserError


def check_here(origin: str, requirements: Sequence[str], way_out: str = "") -> None:
    """Refuse a method before it is imported without what it needs.

    Args:
        origin: the METHOD, or the file that is run.
        requirements: each ``name==version``.
        way_out: what to do about it; by default the command that makes an image with them.

    Raises:
        UserError: if one isn't installed here in that version.
    """
    if not requirements:
        return
    there = installed()
    lacking = unmet(tuple(map(pin, requirements)), there)
    if not lacking:
        return
    *more, last = [_told(str(each), there.get(each.name)) for each in lacking]
    which = f"{', '.join(more)} and {last}" if more else last
    verb = "aren't" if more else "isn't"
    way_out = way_out or f"run it in an image: make submit METHOD={origin} IMAGE=1"
    raise UserError(f"{origin}: needs {which}, which {verb} installed here; {way_out}")


def _told(wanted: str, version: str | None) -> str:
    return f"{wanted} (here is {version})" if version else wanted
