"""Conversion by a dataset's script, and the difference of two images."""

import numpy as np
import pytest
import SimpleITK

from nnactive.data.prepare.prepare import prepare
from nnactive.data.raw.convert import subtract
from nnactive.errors import UserError

FIND = """
from nnactive.data.raw import Converted, Found, read_image
def find(raw):
    return [Found(f"tiny_{n}", (raw / "imagesTr" / f"tiny_{n}_0000.nii.gz",),
                  raw / "labelsTr" / f"tiny_{n}.nii.gz") for n in range(1, 9)]
"""
IMAGE = "read_image(found.files[0])"
GOOD = f"""
def convert(found, card):
    return Converted(({IMAGE},), read_image(found.label))
"""


def by_script(tiny, tmp_path, script):
    file = tiny.datasets / "tiny" / "convert.py"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(script)
    card = tiny.card(source={"layout": "code"})
    return prepare(card, tiny.raw, tmp_path / "tiny", 1, lambda *_: None)


def test_a_script_finds_and_converts(tiny, whole, tmp_path):
    assert by_script(tiny, tmp_path, FIND + GOOD).checksum == whole.checksum


@pytest.mark.parametrize(
    ("script", "cause"),
    [
        ("import nothing_like_it\n", "'import' failed in line 1 (ModuleNotFoundError: "),
        ("def find(:\n", "'import' failed (SyntaxError: "),
        ("def find(raw):\n    return [int('x')]\n", "'find' failed in line 2 (ValueError: "),
        ("def find(raw):\n    return ['x']\n", "'find' must return a list of Found; fix it"),
        (FIND + "def convert(found, card):\n    1 / 0\n", "'convert' failed in line "),
        (FIND + "def convert(found, card):\n    return None\n", "'convert' must return"),
        (FIND + GOOD.replace(f"({IMAGE},)", f"({IMAGE}, {IMAGE})"), "with 1 images"),
    ],
)
def test_a_script_that_fails_is_named(tiny, tmp_path, script, cause):
    with pytest.raises(UserError) as refusal:
        by_script(tiny, tmp_path, script)
    message = str(refusal.value)
    assert message.startswith(f"{tiny.datasets / 'tiny' / 'convert.py'}: ")
    assert cause in message
    assert "; fix" in message
    assert "\n" not in message


def test_what_a_script_refuses_itself_is_told_as_it_is(tiny, tmp_path):
    refusing = "\nfrom nnactive.errors import UserError\n"
    refusing += "def convert(found, card):\n    raise UserError('x: wrong; replace it')\n"
    with pytest.raises(UserError, match=r"^x: wrong; replace it$"):
        by_script(tiny, tmp_path, FIND + refusing)


@pytest.fixture
def pair(tiny, tmp_path):
    """Two files; the first minus the second is 5 everywhere."""
    values = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    after, before = tmp_path / "after.nii.gz", tmp_path / "before.nii.gz"
    tiny.write(after, values + np.int16(5), (2, 1, 1))
    tiny.write(before, values, (2, 1, 1))
    return after, before


def test_a_difference_is_int16_and_lies_where_the_second_one_does(pair):
    image = subtract(*pair)
    array = SimpleITK.GetArrayFromImage(image)
    assert array.dtype == np.int16
    assert (array == 5).all()
    assert image.GetSpacing() == (1, 1, 2)


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({"spacing": (2, 1, 1.5)}, "spacing"),
        ({"spacing": (2, 1, 1), "origin": (0, 5, 0)}, "origin"),
    ],
)
def test_images_on_two_grids_are_not_subtracted(tiny, pair, change, cause):
    after, before = pair
    tiny.write(after, np.ones((2, 3, 4), np.int16), **change)
    with pytest.raises(UserError, match=f"after.nii.gz: doesn't match {before}: {cause}"):
        subtract(after, before)


def test_values_outside_int16_are_not_wrapped(tiny, pair):
    after, before = pair
    tiny.write(after, np.full((2, 3, 4), 40000.7, np.float32), (2, 1, 1))
    with pytest.raises(UserError, match=r"after\.nii\.gz: has values 40000\.7 to 40000\.7, out"):
        subtract(after, before)
    tiny.write(after, np.full((2, 3, 4), 30000, np.int16), (2, 1, 1))
    tiny.write(before, np.full((2, 3, 4), -30000, np.int16), (2, 1, 1))
    with pytest.raises(UserError, match=r"after\.nii\.gz: minus before\.nii\.gz has values 60000"):
        subtract(after, before)
