"""What of the officer desk each role finds in its navigation; the routes themselves check the role again."""

from __future__ import annotations

from dataclasses import dataclass

REVIEWER, SUPERVISOR, AUDITOR, ADMIN = "reviewer", "supervisor", "auditor", "admin"
ROLE_WORDS = {
    REVIEWER: ("pemeriksa", "reviewer"),
    SUPERVISOR: ("penyelia", "supervisor"),
    AUDITOR: ("auditor", "auditor"),
    ADMIN: ("administrator", "admin"),
}
EVERYBODY = (REVIEWER, SUPERVISOR, AUDITOR, ADMIN)


@dataclass(frozen=True)
class Link:
    """A page in the navigation: its address, its name in both languages, and the roles that may open it."""

    href: str
    text_id: str
    text_en: str
    roles: tuple[str, ...]


LINKS = (
    Link("/desk", "Antrean", "Queue", (REVIEWER, SUPERVISOR)),
    Link("/desk/office", "Kantor", "Office", (REVIEWER, SUPERVISOR, AUDITOR)),
    Link("/desk/deliveries", "Pengiriman", "Deliveries", (SUPERVISOR, AUDITOR)),
    Link("/desk/kontak", "Kontak", "Contact", (REVIEWER, SUPERVISOR)),
    Link("/desk/wall", "Kamera", "Cameras", EVERYBODY),
    Link("/desk/figures", "Angka", "Figures", EVERYBODY),
    Link("/desk/quality", "Mutu", "Quality", (SUPERVISOR, AUDITOR)),
    Link("/desk/audit", "Jejak audit", "Audit trail", (SUPERVISOR, AUDITOR)),
    Link("/desk/admin/officers", "Petugas", "Officers", (ADMIN,)),
    Link("/desk/admin/rules", "Aturan", "Rules", (ADMIN,)),
    Link("/desk/admin/gateways", "Gateway", "Gateways", (ADMIN,)),
)
# Where a role begins that decides no cases.
FIRST_PAGE = {AUDITOR: "/desk/audit", ADMIN: "/desk/admin/officers"}


def links_for(role: str, path: str) -> list[tuple[Link, bool]]:
    """Give the links of a role, each with whether the page at ``path`` belongs to it."""
    mine = [link for link in LINKS if role in link.roles]
    # A case belongs to the queue; what has a page of its own in the navigation belongs to that.
    here = max((k.href for k in mine if path == k.href or path.startswith(f"{k.href}/")), key=len, default="")
    return [(link, link.href == here) for link in mine]
