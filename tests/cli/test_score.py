from samples.score import edits, score

RED = {"rule": "red_light", "plate": "B 1234 ABC", "start_s": 10.0, "end_s": 12.0}
FAST = {"rule": "speeding", "plate": "D 77 XY", "start_s": 20.0, "end_s": 22.0, "speed_kmh": 71.3}


def flag(truth, **changes):
    row = {"plate_accepted": True, "speed_kmh": truth.get("speed_kmh"), **truth}
    return row | changes


def test_what_was_flagged_as_it_happened_is_exact():
    outcome = score([RED, FAST], [flag(RED), flag(FAST, speed_kmh=70.3)])
    assert outcome.exact
    assert outcome.speed_error_kmh == 71.3 - 70.3
    assert outcome.by_rule() == {"red_light": (1, 1, 0), "speeding": (1, 1, 0)}


def test_an_unread_plate_is_right_and_never_a_wrong_plate():
    assert score([RED], [flag(RED, plate=None, plate_accepted=False)]).exact


def test_an_accepted_plate_with_one_wrong_letter_is_a_wrong_plate_and_one_left_to_an_officer_is_not():
    assert len(score([RED], [flag(RED, plate="B1234ABD")]).wrong_plate) == 1
    assert score([RED], [flag(RED, plate="B1234ABD", plate_accepted=False)]).exact


def test_another_vehicles_plate_another_time_and_another_rule_are_false_and_the_truth_is_missed():
    for wrong in (
        flag(RED, plate="K9876ZZ"),
        flag(RED, start_s=13.5, end_s=15.0),
        flag(RED, rule="stop_line"),
    ):
        outcome = score([RED], [wrong])
        assert (len(outcome.false), len(outcome.missed)) == (1, 1)


def test_a_second_of_slack_is_given():
    assert score([RED], [flag(RED, start_s=12.9, end_s=14.0)]).exact


def test_the_same_violation_flagged_twice_is_once_right_and_once_false():
    outcome = score([RED], [flag(RED), flag(RED)])
    assert (len(outcome.right), len(outcome.false)) == (1, 1)


def test_of_two_at_once_the_nearest_plate_is_taken():
    other = RED | {"plate": "B1234ABD"}
    outcome = score([other, RED], [flag(RED, plate="B1234ABC"), flag(other)])
    assert outcome.exact


def test_edits_are_counted():
    assert edits("B1234ABC", "B1Z34AB") == 2
