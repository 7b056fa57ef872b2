"""kubernetes: the overlay and the Secrets of one environment, for kubectl."""

import json
from pathlib import Path
from typing import Annotated

import typer

from contravento_ops.context import CommandContext
from contravento_ops.kit.errors import CommandError, Exit
from contravento_ops.kubernetes import overlay, settings, unsupported


def kubernetes(
    ctx: typer.Context,
    image: Annotated[
        str, typer.Option(metavar="NAME", help="What pods run, in a registry that nodes reach.")
    ] = "",
    to: Annotated[
        str, typer.Option(metavar="FOLDER", help="Where to write; var/kubernetes/… without it.")
    ] = "",
    secrets: Annotated[
        bool,
        typer.Option("--secrets", help="Print the Secrets for `kubectl apply -f -`, and stop."),
    ] = False,
) -> None:
    """Write how this environment looks on Kubernetes; touches no cluster."""
    context: CommandContext = ctx.obj
    environment = context.paths.environment
    refuse(*unsupported.of_the_environment(environment, context.values), status=Exit.ENVIRONMENT)
    context.validate()
    if secrets:
        typer.echo(json.dumps(settings.secrets(environment, context.values), indent=2))
        return
    refuse(*unsupported.of_the_image(image), status=Exit.USAGE)
    root = context.paths.root
    folder = (Path(to) if to else root / "var" / "kubernetes" / environment).absolute()
    shared = overlay.shared_from(root, folder)
    written = overlay.files(overlay.OverlayRequest(environment, context.values, image, shared))
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in written.items():
        (folder / name).write_text(content)
    context.console.note("ok", f"{folder} holds {', '.join(written)}.")


def refuse(*sentences: str, status: Exit) -> None:
    if sentences:
        raise CommandError(*sentences, status=status)
