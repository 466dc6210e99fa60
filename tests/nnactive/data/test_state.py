from nnactive.data.cards import load_card
from nnactive.data.prepare.prepare import prepare
from nnactive.data.state import State, state


def test_a_dataset_goes_from_nothing_to_prepared(tiny, tmp_path):
    file = {"name": "a.tar", "urls": ["https://example.org/a.tar"]}
    card = tiny.card(download={"files": [file]})
    data = tmp_path / "data"
    assert state(card, data) == State.ABSENT
    (data / "raw" / "tiny" / "archives").mkdir(parents=True)
    (data / "raw" / "tiny" / "archives" / ".a.tar.part").touch()
    assert state(card, data) == State.PARTLY_DOWNLOADED
    (data / "tiny" / "scratch").mkdir(parents=True)
    assert state(card, data) == State.PARTLY_PREPARED
    prepare(card, tiny.raw, data / "tiny", 1, lambda *_: None)
    assert state(card, data) == State.PREPARED


def test_a_generated_dataset_needs_nothing_on_disk(tmp_path):
    assert state(load_card("phantom"), tmp_path) == State.GENERATED


def test_only_two_states_mean_that_nothing_is_there():
    assert {one for one in State if not one.on_disk} == {State.ABSENT, State.GENERATED}
    assert f"{State.PARTLY_PREPARED}" == "partly prepared"
