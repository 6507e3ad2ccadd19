"""What commands share: arguments, options, and how they end."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from ops import terminal
from ops.places import Refusal, WrongUse

EXITS = """Exit codes: 0 fine, 1 findings or a refusal, 2 wrong use. With `--json` nothing else is on standard output,
where a refusal is `{"refusals": [line]}`; wrong use is a line on standard error."""
AS_JSON = "ops.options.json"


def complete(incomplete: str) -> list[str]:
    """For the shell: the environments that begin so."""
    from ops.render import environments

    return [name for name in environments() if name.startswith(incomplete)]


def remember(ctx: typer.Context, value: bool) -> bool:
    ctx.meta[AS_JSON] = value  # a context shares it with those around it
    return value


Target = Annotated[
    str,
    typer.Argument(
        metavar="PATH|ENV", help="An environment by name, or a folder with a kustomization.", autocompletion=complete
    ),
]
Targets = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="PATH|ENV...",
        help="Environments by name, or folders with a kustomization; all environments by default.",
        autocompletion=complete,
    ),
]
Environment = Annotated[str, typer.Argument(metavar="ENV", help="An environment by name.", autocompletion=complete)]
Json = Annotated[bool, typer.Option("--json", callback=remember, help="Print one JSON document instead.")]
Folder = Annotated[Path | None, typer.Option("-o", "--output", metavar="DIR", help="One file per object below DIR.")]


def register(app: typer.Typer, *commands: Callable[..., None]) -> None:
    """Adds commands by their names; the help of each says the exit codes."""
    for command in commands:
        app.command(command.__name__, epilog=EXITS)(command)


class Ending(TyperGroup):
    """Commands that end in a line or in JSON, and with the exit code, for what they refuse."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except Refusal as refusal:
            terminal.refuse(str(refusal).splitlines(), as_json=bool(ctx.meta.get(AS_JSON)))
            raise typer.Exit(1) from None
        except WrongUse as wrong:
            terminal.problems([str(wrong)])
            raise typer.Exit(2) from None
