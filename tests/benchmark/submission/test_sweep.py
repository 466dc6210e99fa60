import pytest

from benchmark.submission.sweep import swept
from nnactive.errors import UserError


def test_each_value_is_a_method() -> None:
    found = swept(["power_bald,beta=1|5|20", "bald"])
    assert [each.string for each in found] == [
        *("power_bald,beta=1", "power_bald,beta=5", "power_bald,beta=20", "bald")
    ]
    assert [dict(each.parameters) for each in found] == [
        *({"beta": "1"}, {"beta": "5"}, {"beta": "20"}, {})
    ]


def test_several_parameters_make_every_combination() -> None:
    found = swept(["clasp_pe,alpha=0.5|0.7,beta_max=10|50"], ["beta_0=2"])
    assert [each.string for each in found] == [
        *("clasp_pe,alpha=0.5,beta_max=10", "clasp_pe,alpha=0.5,beta_max=50"),
        *("clasp_pe,alpha=0.7,beta_max=10", "clasp_pe,alpha=0.7,beta_max=50"),
    ]
    assert all(each.parameters["beta_0"] == "2" for each in found)


def test_a_path_and_an_option_keep_their_bar(tmp_path) -> None:
    folder = tmp_path / "a|b, c"
    folder.mkdir()
    file = folder / "m.py"
    file.write_text("")
    found = swept([f"{file}:M,k=1|2"], ["text=x|y"])
    assert [each.string for each in found] == [f"{file}:M,k=1", f"{file}:M,k=2"]
    assert {each.parameters["text"] for each in found} == {"x|y"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("power_bald,beta=1||5", "parameter 'beta' has an empty value"),
        ("power_bald,beta=" + "|".join(map(str, range(101))), "stands for 101 methods"),
        ("power_bald,beta", "is not a parameter"),
    ],
    ids=["empty", "many", "no value"],
)
def test_what_is_no_sweep_is_refused(text, said) -> None:
    with pytest.raises(UserError, match=said.replace("(", r"\(")):
        swept([text])
