"""What DOMAIN.md says, written down apart from the code and from law.yaml: each number once, with its section.

Where it says [u], uncertain, the number is the shipped default, and `test_law` shows that it is configuration.
"""

from datetime import date, timedelta

# "Law table". UU 22/2009; fines are maxima in whole rupiah, the detention held until it was abolished.
FINE_287, FINE_289_291_292, FINE_283, FINE_280_288, FINE_293_2 = 500_000, 250_000, 750_000, 500_000, 100_000
_287_1 = ("287 (1) jo. 106 (4) a, b", "2 bulan", FINE_287)
_287_5 = ("287 (5) jo. 106 (4) g, 115 a", "2 bulan", FINE_287)
LAW_TABLE = {
    "red_light": ("287 (2) jo. 106 (4) c", "2 bulan", FINE_287),
    "stop_line": _287_1,
    "lane_marking": _287_1,
    "wrong_way": _287_1,
    "odd_even": _287_1,
    "bus_lane": _287_1,
    "shoulder_use": _287_1,
    "motorcycle_ban": _287_1,
    "speeding": _287_5,
    "average_speed": _287_5,
    "no_helmet": ("291 (1), (2) jo. 106 (8)", "1 bulan", FINE_289_291_292),
    "overcrowded_motorcycle": ("292 jo. 106 (9)", "1 bulan", FINE_289_291_292),
    "no_seat_belt": ("289 jo. 106 (6)", "1 bulan", FINE_289_291_292),
    "phone_use": ("283 jo. 106 (1)", "3 bulan", FINE_283),
    "false_plate": ("280 jo. 68 (1)", "2 bulan", FINE_280_288),
    "expired_plate": ("288 (1) jo. 106 (5) a", "2 bulan", FINE_280_288),
    "no_day_lamp": ("293 (2) jo. 107 (2)", "15 hari", FINE_293_2),
}
RED_LIGHT, SPEEDING = (f"Pasal {LAW_TABLE[rule][0]} UU 22/2009" for rule in ("red_light", "speeding"))
RED_LIGHT_DETENTION = LAW_TABLE["red_light"][1]
# "Law table": detention was abolished from this day on.
DETENTION_ENDED = date(2026, 1, 2)

# "Deadlines [u]", counted from the violation: H+3 letter sent, H+8 confirm, H+15 pay.
LETTER, ANSWER, PAY = timedelta(3), timedelta(8), timedelta(15)
# "Deadlines [u]", as seen elsewhere.
ANSWER_ELSEWHERE, PAY_ELSEWHERE = timedelta(5), timedelta(14)
# The day of the violation in `case_ways.FLAG`, in Jakarta.
H = date(2026, 8, 18)

# "SIM points" (Perpol 5/2021); None: [u].
POINTS = {
    **dict.fromkeys(("no_seat_belt", "no_helmet", "overcrowded_motorcycle", "no_day_lamp"), 1),
    "false_plate": 3,
    "phone_use": 5,
}
POINTS_WITHHELD, POINTS_REVOKED = 12, 18

# "Court": an unclaimed surplus goes to the state after one year.
REFUND_CLAIM_DAYS = 365
# "Personal data and evidence" [u]: what never became a case is kept so long by default.
RETENTION_DAYS = 30
# "The process": BRIVA, the virtual account.
ACCOUNT_DIGITS = 15
