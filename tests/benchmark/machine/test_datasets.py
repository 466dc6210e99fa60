from benchmark.machine.datasets import datasets_finding


def test_datasets_are_told_by_name_and_state(tmp_path) -> None:
    assert datasets_finding(tmp_path / "none").state == "note"
    for name in ("phantom", "hippocampus"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "prepared.json").touch()
    (tmp_path / "acdc" / "scratch").mkdir(parents=True)
    finding = datasets_finding(tmp_path)
    assert finding.state == "ok"
    assert sorted(finding.detail.split("; ")) == [
        "acdc partly prepared",
        "hippocampus, phantom prepared",
    ]
