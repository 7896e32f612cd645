"""A case of two cameras: which picture is of the first one is said to officer and owner."""

from owners import confirm, owner_opens

MORE = ("public_frame:0", "first_vehicle", "first_passage", "plate:1", "plate:2")


def test_the_first_cameras_pictures_are_named_by_it_to_officer_and_owner(server):
    measured = {"from_camera": "tol-km10", "to_camera": "tol-km15"}
    case = server.flag("v-section", MORE, rule="average_speed", measured=measured)
    server.sign_in()
    crops = server.client.get(f"/desk/cases/{case}").text.split('class="crops"')[1].split("</div>")[0]
    of = {part.split('"')[1].rsplit("/", 1)[1]: part for part in crops.split("<a ")[1:]}
    assert set(of) == {"plate", "plate:1", "plate:2"}
    assert [role for role, part in of.items() if "tol-km10" in part] == ["plate:1"]
    shown = owner_opens(server, confirm(server, case)).text
    assert "Di kamera pertama, tol-km10 <span" in shown and "At the first camera" in shown
    assert "Sebelumnya" not in shown
