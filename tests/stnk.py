"""An STNK record as the registry import reads it."""

RECORD = {
    "nrkb": "B 1234 ABC", "owner_name": "Siti Lestari", "owner_address": "Jl. Melati 1, Jakarta", "phone": "0812",
    "email": "", "make": "Honda", "type": "Beat", "vehicle_class": "sepeda motor", "model_class": "skuter",
    "year": "2020", "cylinder_cc": "110", "colour": "hitam", "plate_colour": "white",
    "chassis_number": "MH1JM1118KK01A345",
    "engine_number": "JM11E1099B76", "bpkb_number": "N1", "fuel": "bensin", "location_code": "09",
    "valid_until": "2028-01-31", "registration_year": "2020",
}  # fmt: skip
