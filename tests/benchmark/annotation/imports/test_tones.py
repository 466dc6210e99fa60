"""A class far from its usual intensity is noticed."""

from pathlib import Path

from benchmark.annotation.imports.odd.tones import Tone, read_tones, unlike, write_tones

CLASSES = ("background", "liver", "tumour")
USUAL = [{1: Tone(mean=100 + n, deviation=10)} for n in range(6)]


def test_a_mean_far_from_the_others_is_told() -> None:
    assert unlike({1: Tone(mean=300, deviation=10)}, USUAL, CLASSES) == [
        "liver has a mean intensity of 300; in 6 other patches it is about 102.5 (100 to 105)"
    ]
    assert unlike({1: Tone(mean=115, deviation=10)}, USUAL, CLASSES) == []


def test_few_patches_say_nothing() -> None:
    assert unlike({1: Tone(mean=300, deviation=10)}, USUAL[:4], CLASSES) == []
    assert unlike({2: Tone(mean=300, deviation=10)}, USUAL, CLASSES) == []


def test_a_broken_file_is_begun_anew(tmp_path: Path) -> None:
    file = tmp_path / "tones.json"
    assert read_tones(file) == {}
    write_tones(file, {"round_00/p01": USUAL[0]})
    assert read_tones(file) == {"round_00/p01": USUAL[0]}
    file.write_text("{")
    assert read_tones(file) == {}
