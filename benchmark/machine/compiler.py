"""The C compiler, with which long trainings on a GPU are made faster."""

from benchmark.machine.findings import Finding

WHAT = "C compiler"


def compiler_finding(compiler: str | None, *, gpu: bool) -> Finding:
    """What is to be said of the compiler that was found, if any."""
    if compiler is not None:
        return Finding(WHAT, "ok", compiler)
    if not gpu:
        return Finding(WHAT, "ok", "none, and none is needed on the CPU")
    detail = (
        "none: trainings on a GPU run uncompiled, which is slower, and the same but for rounding"
    )
    return Finding(WHAT, "note", f"{detail}; it takes gcc or clang, and Python's header files")
