"""Interactive charts as Vega-Lite specifications without data, which the page's script adds.

The script adds the data as ``values`` (and ``full``, the full-data Dice), and the methods' names,
colours, dashes and markers as domain and range of ``color``, ``strokeDash`` and ``shape``.
"""

from typing import Any

from leaderboard.figures.styles import HEAT, shade, shade_ink

Json = dict[str, Any]
CONFIG: Json = {
    "background": None,
    "aria": False,
    "mark": {"aria": False},
    "font": "system-ui, sans-serif",
    "view": {"stroke": None},
    "rule": {"color": "currentColor"},
    "text": {"color": "currentColor"},
    "axis": {
        "labelColor": "currentColor",
        "titleColor": "currentColor",
        "titleFontWeight": "normal",
        "gridColor": "currentColor",
        "gridOpacity": 0.18,
        "domainColor": "currentColor",
        "tickColor": "currentColor",
        "labelFontSize": 12,
        "titleFontSize": 12,
    },
    "header": {"labelColor": "currentColor", "labelFontSize": 12},
    "legend": {
        "orient": "bottom",
        "columns": 2,
        "symbolLimit": 0,
        "labelColor": "currentColor",
        "labelFontSize": 12,
        "labelLimit": 170,
        "symbolSize": 90,
        "symbolStrokeWidth": 0,
    },
}
_PICK: Json = {
    "name": "pick",
    "select": {"type": "point", "fields": ["method"]},
    "bind": "legend",
}


def charts() -> dict[str, Json]:
    """Specifications by kind of figure; other figures are static only."""
    kinds = {
        "patches": _curves("patches", "Labelled patches"),
        "foreground": _curves("share", "Pool foreground labelled (%)"),
        "fits": _fits(),
        "classes": _classes(),
        "penalty": _penalty(),
        "cost": _cost(),
        "ranks": _ranks(),
    }
    return {
        kind: {"config": CONFIG, "data": {"name": "values"}} | spec for kind, spec in kinds.items()
    }


def _method(*channels: str) -> Json:
    field: Json = {"field": "method", "type": "nominal", "title": None}
    return {channel: dict(field) for channel in channels}


def _number(field: str, title: str | None = None, **scale: Any) -> Json:
    return {
        "field": field,
        "type": "quantitative",
        "title": title,
        "scale": {"zero": False, "nice": False, "padding": 8} | scale,
    }


def _picked(shown: float, hidden: float = 0.06) -> Json:
    return {"opacity": {"condition": {"param": "pick", "value": shown}, "value": hidden}}


def _told(**titles: str) -> Json:
    rows = [{"field": "method", "title": "Method"}]
    return {"tooltip": [*rows, *({"field": f, "title": t} for f, t in titles.items())]}


def _full() -> list[Json]:
    shared: Json = {"data": {"name": "full"}}
    y = _number("full", "Mean Dice (%)")
    label: Json = {"type": "text", "align": "right", "dy": -6, "x": {"expr": "width"}}
    return [
        shared | {"mark": {"type": "rule", "strokeDash": [1, 3]}, "encoding": {"y": y}},
        shared | {"mark": label, "encoding": {"y": y, "text": {"field": "label"}}},
    ]


def _curves(x: str, title: str) -> Json:
    place = _number(x, title)
    titles = {
        "patches": "Patches",
        "share": "Pool foreground labelled (%)",
        "dice": "Mean Dice (%)",
    }
    titles |= {"low": "95 % band from", "high": "to"}
    dice = _number("dice", "Mean Dice (%)")
    return {
        "width": "container",
        "height": 280,
        "layer": [
            {
                "mark": {"type": "area", "clip": True},
                "encoding": {
                    "x": place,
                    "y": _number("low", "Mean Dice (%)"),
                    "y2": {"field": "high"},
                }
                | {"color": _method("color")["color"] | {"legend": {"symbolOpacity": 1}}}
                | _picked(0.12, 0),
            },
            {
                "mark": {"type": "line"},
                "encoding": {"x": place, "y": dice} | _method("color", "strokeDash") | _picked(1),
            },
            {
                "params": [_PICK],
                "mark": {"type": "point", "filled": True, "size": 55},
                "encoding": {"x": place, "y": dice}
                | _method("color", "shape")
                | _picked(1)
                | _told(**titles),
            },
            *_full(),
        ],
    }


def _fits() -> Json:
    x, y = (
        _number("share", "Pool foreground labelled (%)"),
        _number("dice", "Mean Dice (%)"),
    )
    return {
        "width": "container",
        "height": 280,
        "layer": [
            {
                "transform": [{"filter": "datum.line"}],
                "mark": {"type": "line"},
                "encoding": {"x": x, "y": y} | _method("color", "strokeDash") | _picked(1),
            },
            {
                "params": [_PICK],
                "transform": [{"filter": "!datum.line"}],
                "mark": {"type": "point", "filled": True, "size": 30},
                "encoding": {"x": x, "y": y}
                | _method("color", "shape")
                | _picked(0.7)
                | _told(share="Pool foreground labelled (%)", dice="Mean Dice (%)", gamma="FG-Eff"),
            },
            *_full(),
        ],
    }


def _classes() -> Json:
    name: Json = {"field": "class", "type": "nominal", "title": None, "sort": None}
    # Not by the methods' names: sorted by them, Vega fails where one is called "constructor".
    lane: Json = {"field": "lane", "type": "ordinal", "sort": "ascending"}
    return {
        "facet": {"column": {"field": "panel", "type": "nominal", "title": None}},
        "resolve": {"scale": {"x": "independent"}},
        "spec": {
            "height": {"step": 7, "for": "offset"},
            "params": [_PICK],
            "mark": {"type": "point", "filled": True, "size": 55},
            "encoding": {"x": _number("value"), "y": name}
            | {"yOffset": lane}
            | _method("color", "shape")
            | _picked(1)
            | _told(**{"class": "Class", "panel": "Figure", "value": "Value"}),
        },
    }


def _penalty() -> Json:
    row: Json = {"field": "method", "type": "nominal", "sort": None, "title": "wins"}
    column: Json = {"field": "against", "type": "nominal", "sort": None, "title": "loses"}
    column |= {"axis": {"orient": "top", "labelAngle": -90, "labelLimit": 150}}
    told = _told(against="against", share="Loops won (%)")
    steps = range(len(HEAT))
    limits = [100 * (step - 0.5) / (len(HEAT) - 1) for step in steps[1:]]
    shades, inks = (
        {"field": "share", "type": "quantitative", "legend": None}
        | {"scale": {"type": "threshold", "domain": limits, "range": [of(step) for step in steps]}}
        for of in (shade, shade_ink)
    )
    return {
        "width": {"step": 30},
        "height": {"step": 28},
        "encoding": {"x": column, "y": row} | told,
        "layer": [
            {"mark": {"type": "rect"}, "encoding": {"color": shades}},
            {
                "mark": {"type": "text"},
                "encoding": {
                    "text": {"field": "share", "type": "quantitative", "format": ".0f"},
                    "color": inks,
                },
            },
        ],
        "resolve": {"scale": {"color": "independent"}},
    }


def _ranks() -> Json:
    x: Json = {"field": "setting", "type": "nominal", "sort": None, "title": None}
    x |= {"axis": {"labelAngle": -60, "labelLimit": 150, "grid": False}}
    y = _number("rank", "Rank", reverse=True)
    return {
        "width": "container",
        "height": 320,
        "layer": [
            {
                "mark": {"type": "line"},
                "encoding": {"x": x, "y": y} | _method("color", "strokeDash") | _picked(0.7),
            },
            {
                "params": [_PICK],
                "mark": {"type": "point", "filled": True, "size": 55},
                "encoding": {"x": x, "y": y}
                | _method("color", "shape")
                | _picked(1)
                | _told(setting="Setting", rank="Rank"),
            },
        ],
    }


def _cost() -> Json:
    x, y = _number("cost") | {"axis": {"tickCount": 6}}, _number("score")
    front: Json = {"transform": [{"filter": "datum.front"}]}
    step: Json = {"type": "line", "interpolate": "step-after", "strokeDash": [4, 3]}
    step |= {"color": "currentColor", "opacity": 0.7}
    name: Json = {"type": "text", "fontWeight": "bold"}
    sides = {
        "left": name | {"align": "left", "dx": 8, "dy": 12},
        "left above": name | {"align": "left", "dx": 8, "dy": -8},
        "right": name | {"align": "right", "dx": -8, "dy": -8},
        "right below": name | {"align": "right", "dx": -8, "dy": 12},
    }
    outline: Json = {"condition": {"test": "datum.oracle", "value": 0}, "value": 1}
    return {
        "width": "container",
        "height": 280,
        "layer": [
            front | {"mark": step, "encoding": {"x": x, "y": y, "order": {"field": "cost"}}},
            {
                "params": [_PICK],
                "mark": {"type": "point", "filled": True, "size": 70, "strokeWidth": 1.5},
                "encoding": {"x": x, "y": y, "fillOpacity": outline}
                | _method("fill", "stroke", "shape")
                | _picked(1)
                | _told(cost="Cost", score="Score"),
            },
            *(
                {
                    "transform": [{"filter": f"datum.front && datum.side == '{side}'"}],
                    "mark": mark,
                    "encoding": {"x": x, "y": y, "text": {"field": "method"}},
                }
                for side, mark in sides.items()
            ),
        ],
    }
