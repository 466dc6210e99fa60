import base64
import csv
import html
import io
import re

import numpy as np
import pytest
from PIL import Image

from benchmark.annotation.rounds.model import Why
from benchmark.annotation.rounds.page import order_text, why_text
from benchmark.annotation.rounds.page.pictures import HEIGHT, WIDTH, shades_of


def test_the_table_says_where_each_box_is(work) -> None:
    known = work.write()
    with (work.places.round(0) / "index.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["patch"] for row in rows] == [each.id for each in known.patches]
    for row, each in zip(rows, known.patches, strict=True):
        assert tuple(int(row[f"start_{axis}"]) for axis in "zyx") == each.box.start
        assert tuple(int(row[f"size_{axis}"]) for axis in "zyx") == each.box.size
        image = work.image(each.patch.case)
        for end, voxel in (("first", each.box.start), ("last", np.subtract(each.box.stop, 1))):
            place = image.TransformIndexToPhysicalPoint([int(n) for n in voxel[::-1]])
            told = [float(row[f"{end}_{axis}_mm"]) for axis in "xyz"]
            np.testing.assert_allclose(told, place, atol=1e-3)
    assert rows[3]["likely_class"] == "liver"
    assert rows[0]["likely_share"] == str(known.patches[0].why.predicted['tumour "big"'])


def test_the_page_holds_every_patch_and_asks_for_nothing(work) -> None:
    known = work.write()
    page = (work.places.round(0) / "round_00.html").read_text()
    for each in known.patches:
        assert f'<h3 id="{each.id}">' in page
        assert f"{each.id}_label.nii.gz" in page
    assert page.count('<h2 id="c') == 3
    assert page.count("data:image/webp;base64,") == 4
    assert "tumour &#34;big&#34;" in page
    assert not re.search(r'(src|href)="(?!data:|#)', page)
    assert "<script" not in page


def test_pictures_show_the_box_and_the_draft(work) -> None:
    work.write()
    page = (work.places.round(0) / "round_00.html").read_text()
    encoded = re.findall(r"data:image/webp;base64,([^\"]+)", page)[3]
    picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(encoded))).convert("RGB"))
    assert picture.shape == (HEIGHT, WIDTH, 3)
    orange = (picture[..., 0] > 180) & (picture[..., 2] < 100)
    assert orange.sum() > 50


def test_a_hundred_and_fifty_pictures_make_a_page_of_some_megabytes(work) -> None:
    work.write()
    page = (work.places.round(0) / "round_00.html").stat().st_size
    assert page / 4 * 150 < 5e6


def test_why_is_told_as_far_as_it_is_known() -> None:
    assert why_text(Why(by="prior", rank=11), 20) == ("Chosen 11th of 20 where you said to look")
    named = why_text(Why(by="random_start+clasp_pe", rank=2), 20)
    assert named == "Chosen 2nd of 20 by clasp_pe"


def test_the_order_of_choice_is_explained_where_uncertainties_are_shown(work) -> None:
    by = "random_start+clasp_pe,beta_0=2.0"
    told = order_text([Why(by=by, rank=6, uncertainty=0.27), Why(by=by, rank=1, uncertainty=0.208)])
    assert told.startswith("ClaSP PE chooses some patches by uncertainty alone and then a share")
    assert order_text([Why(by="mine", rank=1, uncertainty=0.2)]).startswith(
        "mine has its own order"
    )
    assert order_text([Why(by=by, rank=1)]) == ""
    assert order_text([Why(by="prior", rank=1, uncertainty=0.2)]) == ""
    known = work.write()
    page = (work.places.round(0) / "round_00.html").read_text()
    assert (
        html.escape(order_text([each.why for each in known.patches])).replace("&#x27;", "&#39;")
        in page
    )


@pytest.mark.parametrize(
    ("low", "high", "shown"), [(-1024, 3000, (-160, 240)), (5000, 6000, (5005, 5995))]
)
def test_ct_is_shown_in_its_usual_window_if_it_has_hounsfield_units(low, high, shown) -> None:
    image = np.linspace(low, high, 1001).reshape(7, 11, 13)
    assert shades_of(image, "ct") == pytest.approx(shown, abs=1)
