"""The rooms know only what the design lets them know."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = (
    "api",
    "benchmarks",
    "cli",
    "detectors",
    "pipeline",
    "plate_reader",
    "samples",
    "ticketing",
    "training",
)
MAY_IMPORT = {
    "detectors": set(),
    "plate_reader": set(),
    "ticketing": set(),
    "pipeline": {"detectors", "plate_reader", "ticketing"},
    "api": {"pipeline", "ticketing"},
    "cli": set(ROOMS) - {"benchmarks"},
    "samples": set(),
    "training": {"detectors", "plate_reader", "samples"},
}


def rooms_imported(source: str) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module.split(".")[0])
    return found & set(ROOMS)


@pytest.mark.parametrize("room", sorted(MAY_IMPORT))
def test_a_room_imports_only_what_the_design_allows(room: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {', '.join(sorted(extra))}"
        for path in sorted((ROOT / room).rglob("*.py"))
        if (extra := rooms_imported(path.read_text(encoding="utf-8")) - MAY_IMPORT[room] - {room})
    ]
    assert not wrong, f"{room} may import {sorted(MAY_IMPORT[room]) or 'no other room'}: " + "; ".join(wrong)


def test_the_check_itself_sees_both_forms_of_import() -> None:
    assert rooms_imported(
        "import ticketing.cases\nfrom api import desk\nfrom . import cli\nimport numpy"
    ) == {
        "ticketing",
        "api",
    }
