from leaderboard.model import League


def ids(league: League) -> dict[str, str]:
    return {entrant.key: entrant.id for entrant in league.entrants}


def test_a_league_names_what_its_results_share(make, league_of):
    league = league_of(make("a"), make("b"))
    assert league.title == "demo: 200 epochs, protocol 1.0, nnU-Net 2.8.1"
    assert (league.group, league.track, league.protocol) == ("measured", "demo", "1.0")
    assert (league.nnunet, league.epochs, league.comparable) == ("2.8.1", 200, False)
    assert league_of(make(comparable=True)).comparable


def test_a_league_has_the_columns_with_a_figure_and_those_that_rank(make, league_of, broken):
    once = league_of(make("a"), make("b"))
    names = {column.name for column in once.columns}
    assert {"aubc", "final_dice", "query_seconds", "training_hours"} <= names
    # No full-data Dice, boundary voxels, surfaces or calibration.
    assert names.isdisjoint({"score", "effort", "minutes", "nsd2_aubc", "hd95_final", "ece_mean"})
    assert {"score", "nsd2_aubc"} <= set(once.views[0].rows[0].values)
    failed = league_of(make("a", dice=(), failure=broken))
    assert failed.views[0].ranked_by in {column.name for column in failed.columns}


def test_keys_do_not_change_with_who_else_has_entered(make, league_of):
    before, after = league_of(make("a")), league_of(make("a"), make("b"))
    assert before.key == after.key
    assert before.settings[0].key == after.settings[0].key
    assert set(ids(before).items()) < set(ids(after).items())


def test_the_same_method_has_a_card_in_each_league(make, board_of):
    first, second = board_of(make("a"), make("a", track="other")).leagues
    assert first.entrants[0].id == second.entrants[0].id
    assert first.entrants[0].key != second.entrants[0].key


def test_relations_are_over_the_complete_entrants(make, league_of):
    league = league_of(*(make(m, s) for m in "abc" for s in (1, 2)), make("d", 1))
    assert {ids(league)[key] for key in league.relations.entrants} == set("abc")
    assert league.relations.cohort.startswith("3 methods, ")
    assert league.relations.penalties


def test_incomparable_variants_get_blocks_of_their_own_that_name_the_difference(
    make, league_of, change
):
    old = change(make("a"), "dataset", checksum="cd")
    league = league_of(make("a"), make("b"), old)
    assert [setting.differs for setting in league.settings] == [("prepared data",)] * 2
    assert {view.settings for view in league.views} == {league.views[0].settings}
    (shown,) = league.views[0].settings
    assert {ids(league)[row.entrant] for row in league.views[0].rows} == {"a", "b"}
    (setting,) = (setting for setting in league.settings if setting.key != shown)
    assert len(setting.rows) == 1
    assert "differ in prepared data" in league.notes[1]


def test_who_was_run_in_no_compared_setting_still_has_a_row(make, league_of, change):
    lone = change(make("mine", origin="submission"), "setting", name="lone")
    league = league_of(make("a"), lone)
    rows = {ids(league)[row.entrant]: row for row in league.views[0].rows}
    assert (rows["mine"].status, rows["mine"].rank) == ("incomplete", None)
    assert rows["mine"].notes == ("no result in 1 of 1 settings: phantom_tiny",)
    assert league.notes[1] == "lone: not in the main table because no baseline was run."
    card = league.entrants[1]
    assert card.badges == ("submission", "incomplete")


def test_a_single_settings_view_has_the_rows_of_its_block(full, league_of):
    league = league_of(
        *(
            full(m, s, (0.5, 0.6, d + s / 50))
            for m, d in zip("abc", (0.6, 0.62, 0.7), strict=True)
            for s in (1, 2, 3)
        )
    )
    for shown, row in zip(league.views[0].rows, league.settings[0].rows, strict=True):
        assert vars(row).items() >= vars(shown).items()
    assert league.views[0].rows[0].rank_low is not None


def test_hostile_names_are_cut_to_a_line(make, league_of):
    league = league_of(make("\u202eevil\n" + "x" * 999, name="\u0000", track="\u202et\nr"))
    (entrant,) = league.entrants
    assert entrant.id.startswith("evil xxx")
    assert len(entrant.id) == 60
    assert entrant.name == entrant.id
    assert league.track == "t r"
