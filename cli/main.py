"""The ``etle`` command."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from cli import (
    audit,
    bank,
    calibrate,
    camera,
    demo,
    evidence,
    exempt,
    explain,
    gateway,
    law,
    office_commands,
    officer,
    pictures,
    registry,
    run,
    scene,
    worker,
)


class _Group(TyperGroup):
    """Lets ``--jsonl`` stand without a file, for standard output: the option's library has no such thing."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return super().parse_args(ctx, with_standard_output(args))


def with_standard_output(arguments: Sequence[str]) -> list[str]:
    """Put ``-`` after every ``--jsonl`` that names no file."""
    out: list[str] = []
    for i, argument in enumerate(arguments):
        out.append(argument)
        following = arguments[i + 1] if i + 1 < len(arguments) else None
        if argument == "--jsonl" and (following is None or (following.startswith("-") and following != "-")):
            out.append("-")
    return out


app = typer.Typer(
    cls=_Group,
    name="etle",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Electronic Traffic Law Enforcement: from camera frames to a ticket its owner can check.",
)


@app.callback()
def _main(
    version: Annotated[bool, typer.Option("--version", is_eager=True, help="Say which version.")] = False,
) -> None:
    if version:
        from pipeline.manifest import software_version

        print(software_version())
        raise typer.Exit


app.command("demo")(demo.demo)
app.command("run")(run.run)
app.command("calibrate")(calibrate.calibrate)
app.command("explain")(explain.explain)
app.command("detect")(pictures.detect)
app.command("read-plates")(pictures.read_plates)
app.command("migrate")(office_commands.migrate)
app.command("serve")(office_commands.serve)
app.command("schedule")(office_commands.schedule)
app.command("worker")(worker.worker)
app.add_typer(registry.app, name="registry", help="The vehicle register (STNK).")
app.add_typer(officer.app, name="officer", help="Who may sign in at the officer desk.")
app.add_typer(law.app, name="law", help="The law table: which fine holds from which day.")
app.add_typer(bank.app, name="bank", help="The bank's statement beside the ledger.")
app.add_typer(exempt.app, name="exempt", help="Plates whose captures are annulled at once.")
app.add_typer(camera.app, name="camera", help="The cameras that this server runs.")
app.add_typer(
    gateway.app,
    name="gateway",
    help="Who may hand frames and violations over; a gateway's client.",
)
app.add_typer(evidence.app, name="evidence", help="Evidence packages.")
app.add_typer(audit.app, name="audit", help="The audit trail.")
app.add_typer(scene.app, name="scene", help="Rendered scenes with exact truth.")
