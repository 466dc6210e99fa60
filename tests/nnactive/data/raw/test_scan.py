import pytest
from tiny import expect_one_line

from nnactive.data.cards import DATASETS
from nnactive.data.raw.raw_checksums import list_files
from nnactive.data.raw.scan import scan
from nnactive.errors import UserError


def test_msd_layout_and_leftovers_of_an_archive(tiny):
    for number in range(1, 9):
        tiny.image(number).rename(tiny.raw / "imagesTr" / f"tiny_{number}.nii.gz")
    (tiny.raw / "imagesTr" / "._tiny_1.nii.gz").write_text("leftover")
    (tiny.raw / "labelsTr" / "notes.txt").write_text("leftover")
    cases = scan(tiny.raw, tiny.card(source={"layout": "msd"}))
    assert [case.id for case in cases] == [f"tiny_{n}" for n in range(1, 9)]
    assert cases[0].files == (tiny.raw / "imagesTr" / "tiny_1.nii.gz",)


def remove_label(tiny):
    tiny.label(2).unlink()
    return tiny.label(2), "missing"


def remove_image(tiny):
    tiny.image(2).unlink()
    return tiny.image(2), "missing"


def empty_image(tiny):
    tiny.image(2).write_bytes(b"")
    return tiny.image(2), "empty"


def remove_case(tiny):
    tiny.image(2).unlink()
    tiny.label(2).unlink()
    return tiny.raw, "7 cases, but Tiny has 8"


def add_channel(tiny):
    file = tiny.raw / "imagesTr" / "tiny_2_0001.nii.gz"
    file.write_bytes(tiny.image(2).read_bytes())
    return file, "channel 1, but Tiny has 1"


def remove_labels(tiny):
    (tiny.raw / "labelsTr").rename(tiny.raw / "labels")
    return tiny.raw / "labelsTr", "no such folder"


def link_into_nowhere(tiny):
    tiny.label(2).unlink()
    tiny.label(2).symlink_to("/nowhere/tiny_2.nii.gz")
    return tiny.label(2), "a link to /nowhere/tiny_2.nii.gz, which doesn't exist; copy"


def make_a_folder_of_it(tiny):
    tiny.label(2).unlink()
    tiny.label(2).mkdir()
    return tiny.label(2), "a folder, not a file"


def leave_out_the_channel(tiny):
    for number in range(1, 9):
        tiny.image(number).rename(tiny.raw / "imagesTr" / f"tiny_{number}.nii.gz")
    return tiny.image(1), f"but tiny_1.nii.gz is there, .* 'nnactive-bench data add {tiny.raw} --re"


def unpack_labels(tiny):
    for number in range(1, 9):
        tiny.label(number).rename(tiny.raw / "labelsTr" / f"tiny_{number}.nii")
    plain = tiny.raw / "labelsTr" / "tiny_1.nii"
    return tiny.label(1), f"but tiny_1.nii is there; .* one ending: .* 'gzip {plain}'"


def give_everything_another_ending(tiny):
    for number in range(1, 9):
        for path in (tiny.image(number), tiny.label(number)):
            path.rename(path.with_name(path.name.replace(".nii.gz", ".mha")))
    return tiny.raw / "imagesTr", "no file ends in .nii.gz, but tiny_1_0000.mha, .* are there; corr"


def give_one_case_another_ending(tiny):
    for path in (tiny.image(2), tiny.label(2)):
        path.rename(path.with_name(path.name.removesuffix(".gz")))
    return tiny.raw, r"7 cases, but .* \(tiny_2_0000.nii and all others .* left out: 1\)"


@pytest.mark.parametrize(
    "harm",
    [
        give_one_case_another_ending,
        link_into_nowhere,
        make_a_folder_of_it,
        leave_out_the_channel,
        unpack_labels,
        give_everything_another_ending,
    ],
)
def test_what_is_there_instead_is_named(tiny, harm):
    file, cause = harm(tiny)
    with pytest.raises(UserError, match=cause) as refusal:
        scan(tiny.raw, tiny.card())
    expect_one_line(refusal, file, "")


@pytest.mark.parametrize(
    "harm", [remove_label, remove_image, empty_image, remove_case, remove_labels, add_channel]
)
def test_a_wrong_folder_is_refused_before_anything_is_read(tiny, harm):
    file, cause = harm(tiny)
    with pytest.raises(UserError) as refusal:
        scan(tiny.raw, tiny.card())
    expect_one_line(refusal, file, cause)


def test_ids_may_look_like_channels(tiny):
    for number in range(1, 9):
        name = f"tiny_{number:04d}"
        tiny.image(number).rename(tiny.raw / "imagesTr" / f"{name}_0000.nii.gz")
        tiny.label(number).rename(tiny.raw / "labelsTr" / f"{name}.nii.gz")
    assert scan(tiny.raw, tiny.card())[0].id == "tiny_0001"


def test_a_wrong_number_of_cases_names_where_it_was_given(tiny):
    card = tiny.card(cases=9)
    with pytest.raises(UserError) as refusal:
        scan(tiny.raw, card)
    assert f"or fix field 'cases' in {card.folder / 'card.yaml'}" in str(refusal.value)
    described = card.model_copy(update={"folder": tiny.raw})
    with pytest.raises(UserError) as refusal:
        scan(tiny.raw, described)
    assert f"or fix field 'numTraining' in {tiny.raw / 'dataset.json'}" in str(refusal.value)
    with pytest.raises(UserError, match=r"give the folder with the complete data$"):
        scan(tiny.raw, card.model_copy(update={"folder": DATASETS / "tiny"}))


def test_a_changed_file_changes_its_case_alone(tiny):
    cases = scan(tiny.raw, tiny.card())
    before = list_files(cases)
    tiny.image(2).write_bytes(tiny.image(2).read_bytes()[:-1])
    after = list_files(cases)
    assert {case for case in before if before[case] != after[case]} == {"tiny_2"}
