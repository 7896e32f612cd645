"""``etle explain``: one violation's evidence sheet."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.errors import UsageError, say, told
from cli.run import DATA


def explain(
    violation: Annotated[
        str, typer.Argument(metavar="VIOLATION", help="A violation's id or a case's number.")
    ],
    data: Annotated[Path, typer.Option(help="The data folder.")] = DATA,
    out: Annotated[Path, typer.Option(help="The folder for the sheet.")] = Path(),
) -> None:
    """Write an evidence sheet that a judge can follow, as PNG and HTML."""
    from pipeline.evidence import EvidenceStore
    from pipeline.explain.page import write_page
    from pipeline.explain.png import draw_sheet
    from pipeline.explain.sheet import build_sheet

    with told():
        if not (data / "evidence").is_dir():
            raise UsageError(f"{data}: holds no evidence; name the data folder with --data")
        store = EvidenceStore(data)
        violation_id = _violation_of(violation, data, store)
        sheet = build_sheet(store, violation_id)
        out.mkdir(parents=True, exist_ok=True)
        picture, page = out / f"{violation_id}.png", out / f"{violation_id}.html"
        picture.write_bytes(draw_sheet(sheet))
        page.write_text(write_page(sheet), encoding="utf-8")
        if not sheet.intact:
            say("etle: the evidence was altered: see etle evidence verify; the sheet says so")
        print(picture)
        print(page)


def _violation_of(name: str, data: Path, store: object) -> str:
    """Give the violation that a person named: by its id, the beginning of it, or its case's number."""
    from pipeline.evidence import EvidenceStore

    assert isinstance(store, EvidenceStore)
    known = store.violation_ids()
    if name in known:
        return name
    if name.isdecimal() and len(name) < 8:
        from cli.office import open_office

        with open_office(data) as office:
            of_case = office.violation_of(int(name))
        if of_case is None:
            raise UsageError(f"there is no case {name} in {data}")
        return of_case
    found = [k for k in known if k.startswith(name)]
    if len(name) < 6 or len(found) != 1:
        raise UsageError(f"{data}: there is no evidence for violation {name}; it holds {len(known)} packages")
    return found[0]
