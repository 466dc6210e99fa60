import pytest

from leaderboard.assemble.grouping import make_leagues, version


def test_a_league_is_what_may_be_compared(make, change):
    base = make()
    training = base.setting.training.model_copy(update={"epochs": 500})
    others = [
        base.model_copy(update={"track": "other"}),
        base.model_copy(update={"protocol_version": "2.0"}),
        change(base, "environment", packages={"nnunetv2": "3.0"}),
        change(base, "setting", training=training),
    ]
    assert len(make_leagues([base, *others])) == 5
    # The third number of a protocol version changes no figure.
    assert len(make_leagues([base, make(seed=2, protocol_version="1.0.7")])) == 1


def test_comparable_leagues_come_first_then_tracks_then_newer_versions(make):
    results = [
        make(track="z", comparable=True),
        make(track="a"),
        make(track="b", comparable=True, protocol_version="1.9"),
        make(track="b", comparable=True, protocol_version="1.10"),
    ]
    order = [(league.key.track, league.key.protocol) for league in make_leagues(results)]
    assert order == [("b", "1.10"), ("b", "1.9"), ("z", "1.0"), ("a", "1.0")]
    assert make_leagues(results[::-1]) == make_leagues(results)


def test_settings_stand_by_dataset_patch_and_budget(make, change):
    def setting(name, **fields):
        return change(make(), "setting", name=name, **fields)

    (league,) = make_leagues(
        [
            setting("b", dataset="kits"),
            setting("half_low", patch_size=(2, 2, 2)),
            setting("high", query_size=90),
            setting("low"),
        ]
    )
    assert [each.key.setting for each in league.settings] == ["b", "low", "high", "half_low"]


def test_seeds_are_those_of_the_baselines(make):
    (league,) = make_leagues([make("a", 1), make("b", 2), make("mine", 7, origin="submission")])
    assert league.settings[0].seeds == (1, 2)
    (league,) = make_leagues([make("mine", 7, origin="submission")])
    assert league.settings[0].seeds == (7,)


@pytest.mark.parametrize("usual", ["aa", "zz"])
def test_of_two_variants_the_one_with_most_baselines_is_compared(make, change, usual):
    new = [change(make(method), "dataset", checksum=usual) for method in "ab"]
    old = [make("mine", seed, origin="submission") for seed in (1, 2, 3)] + [make("a")]
    (league,) = make_leagues([*new, *old])
    assert len(league.settings) == 2
    (compared,) = league.compared
    assert compared.key.checksum == usual
    assert {setting.differs for setting in league.settings} == {("prepared data",)}


def test_a_setting_without_a_baseline_is_not_compared_unless_there_is_none_at_all(make, change):
    alone = change(make("mine", origin="submission"), "setting", name="alone")
    (league,) = make_leagues([make("a"), alone])
    assert [setting.key.setting for setting in league.compared] == ["phantom_tiny"]
    (league,) = make_leagues([alone])
    assert [setting.key.setting for setting in league.compared] == ["alone"]


def test_versions_are_compared_as_numbers():
    assert version("1.10") > version("1.9") > version("1") > version("unknown") == ()
    assert version("9" * 5000)  # no number is too long


def test_who_calls_a_result_cheap_does_not_make_its_league_so(make):
    results = [
        make("a", comparable=True),
        make("mine-0123abcd", origin="submission", comparable=False),
    ]
    good, cheap = make_leagues(results)
    assert (good.key.comparable, cheap.key.comparable) == (True, False)
    assert list(good.methods) == ["a"]
    assert len({league.key.names for league in (good, cheap)}) == 2
