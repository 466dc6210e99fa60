"""The datasets that are on this disk."""

from pathlib import Path

from benchmark.machine.findings import Finding


def datasets_finding(data: Path) -> Finding:
    """Prepared datasets by name, and those that are on their way; no volume is read."""
    from nnactive.data.cards import list_cards, load_card
    from nnactive.data.state import State, state
    from nnactive.errors import UserError

    found: dict[State, list[str]] = {}
    try:
        for name in list_cards():
            found.setdefault(state(load_card(name), data), []).append(name)
    except (OSError, UserError) as error:
        return Finding("datasets", "FAILED", str(error))
    told = [f"{', '.join(names)} {how}" for how, names in found.items() if how.on_disk]
    if not told:
        detail = f"none in {data}; phantom generates itself, nnactive-bench data list shows all"
        return Finding("datasets", "note", detail)
    return Finding("datasets", "ok", "; ".join(told))
