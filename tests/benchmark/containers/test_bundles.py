"""The bundle of a run in a container, on a stand-in for Docker."""

from pathlib import Path

from by_hand import METHOD, run_by_hand

from benchmark.bundles.read import open_bundle
from benchmark.cli.main import main


def test_the_bundle_is_written_outside(client, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("data").mkdir()
    Path("mine.py").write_text(METHOD, encoding="utf-8")
    Path("submission.yaml").write_text("authors: [Jane Doe]\nlicence: MIT\n")
    run_by_hand(Path("runs"), "mine.py:Mine", Path("mine.py"))
    Path("toy.yaml").write_text(
        "{name: toy, title: Toy, description: A toy., comparable: false, methods: [random], "
        "seeds: [1, 2], settings: [{name: s, dataset: phantom, regime: r, patch_size: [4, 4, 4], "
        "starting_budget: 1, query_size: 1, loops: 3}]}"
    )
    words = ["submit", "mine.py:Mine", "--track", "toy.yaml", "--bundle", "out/mine"]
    assert main([*words, "--runtime", "docker"]) == 0
    (made,) = client.created
    assert not any("bundle" in word for word in made["command"])
    assert open_bundle(Path("out/mine")).wrong_files() == []
