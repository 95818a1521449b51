"""The `flash` command: the platform, its engines and its checks on this machine."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from flash_local.engines import alone
from flash_local.errors import SetupError

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
console = Console(highlight=False, soft_wrap=True)


def main() -> None:
    """Run the command line; what a person can mend is one message and status 1, not a traceback."""
    try:
        app()
    except SetupError as error:
        Console(stderr=True, highlight=False, soft_wrap=True).print(f"[red]{error}[/red]")
        sys.exit(1)


@app.callback()
def flash() -> None:
    """Flash Mentoring on this machine."""


@app.command()
def engines(
    folder: Annotated[Path, typer.Argument(help="Where their data, logs and engines.json lie.")],
    wanted_by: Annotated[int, typer.Option(help="End when this process has ended.")],
) -> None:
    """Run only PostgreSQL, Kafka and OpenSearch, for tests."""
    asyncio.run(alone.serve(folder, wanted_by, console))


if __name__ == "__main__":
    main()
