from itertools import combinations, pairwise

import numpy as np
import pytest

from leaderboard.figures.drawing.svg import SHAPES
from leaderboard.figures.styles import (
    COLOURS,
    DARK_HEAT,
    DISTINCT,
    HEAT,
    MARKERS,
    contrast,
    ink_on,
    luminance,
    shade_rules,
    style_of,
)

DARK_PAPER = "#0f1419"
# Machado, Oliveira and Fernandes 2009, doi:10.1109/TVCG.2009.113, severity 1, for linear RGB.
SIGHTS = {
    "all cones": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
         [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
         [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
         [0.004733, 0.691367, 0.303900]]
    ),
}  # fmt: skip


def linear(colour):
    values = np.array([int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)])
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def lab(rgb):
    to_xyz = [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750],
              [0.0193339, 0.1191920, 0.9503041]]  # fmt: skip
    x = np.array(to_xyz) @ np.clip(rgb, 0, 1) / [0.95047, 1, 1.08883]
    f = np.where(x > 0.008856, np.cbrt(x), 7.787 * x + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def test_luminance_and_contrast_are_those_of_wcag():
    assert luminance("#ffffff") == pytest.approx(1)
    assert contrast("#000000", "#ffffff") == contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)


def test_styles_differ_in_colour_or_marker_and_then_in_dashes():
    styles = [style_of(index) for index in range(5 * DISTINCT)]
    assert len({(style.colour, style.marker) for style in styles[:DISTINCT]}) == DISTINCT == 56
    assert len(set(styles)) == len(styles)
    assert set(MARKERS) == set(SHAPES)


@pytest.mark.parametrize("colour", COLOURS)
def test_a_colour_stands_out_on_light_and_dark_and_is_not_grey(colour):
    assert contrast(colour, "#ffffff") >= 3
    assert contrast(colour, DARK_PAPER) >= 3
    _, a, b = lab(linear(colour))
    assert np.hypot(a, b) > 30


@pytest.mark.parametrize("sight", SIGHTS)
def test_colours_differ_for_every_sight(sight):
    seen = [lab(SIGHTS[sight] @ linear(colour)) for colour in COLOURS]
    assert min(np.linalg.norm(a - b) for a, b in combinations(seen, 2)) > 20


@pytest.mark.parametrize("shades", [HEAT, DARK_HEAT], ids=["light", "dark"])
def test_shades_are_even_tell_half_from_all_and_carry_text(shades):
    assert len(shades) == 11
    steps = [contrast(a, b) for a, b in pairwise(shades)]
    assert all(1.1 < step < 1.5 for step in steps)
    brightness = [luminance(shade) for shade in shades]
    assert brightness in (sorted(brightness), sorted(brightness, reverse=True))
    assert contrast(shades[5], shades[10]) > 4
    assert all(contrast(shade, ink_on(shade)) >= 4.5 for shade in shades)


def test_the_style_sheet_has_dark_shades_on_dark_screens_only():
    rules = shade_rules()
    assert rules.startswith("@media screen and (prefers-color-scheme: dark)")
    assert all(f"--heat-{n}:{colour};" in rules for n, colour in enumerate(DARK_HEAT))
