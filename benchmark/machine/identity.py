"""Which image this is."""

from benchmark.machine.findings import Finding
from benchmark.results import ImageUsed


def image_finding(used: ImageUsed | None) -> Finding:
    """The image by variant and digest, as results name it."""
    if used is None:
        return Finding("image", "ok", "none: outside a container")
    added = f", with {len(used.requirements)} packages of a submission" if used.requirements else ""
    if used.digest is None:
        detail = (
            f"{used.variant}{added}, digest unknown: results will not say which image made them; "
            "set NNACTIVE_IMAGE_DIGEST"
        )
        return Finding("image", "note", detail)
    return Finding("image", "ok", f"{used.variant}{added}, {used.digest}")
