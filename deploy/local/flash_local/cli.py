"""The `flash` command: the platform, its engines and its checks on this machine."""

import asyncio
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from flash_local import doctor as checks
from flash_local import lifecycle
from flash_local.artifacts import fetch
from flash_local.bring_up import start_platform
from flash_local.engines import alone
from flash_local.engines.every import artifacts
from flash_local.errors import SetupError
from flash_local.home import default_home
from flash_local.installation import Installation
from flash_local.leftovers import Leftovers
from flash_local.lock import write_lock
from flash_local.state import State, read_state
from flash_local.story import tell_story

LOG_LINES = "50"

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
console = Console(highlight=False, soft_wrap=True)


def main() -> None:
    """Run the command line; what a person can mend is one message and status 1, not a traceback."""
    try:
        app()
    except SetupError as error:
        Console(stderr=True, highlight=False, soft_wrap=True).print(str(error), style="red", markup=False)
        sys.exit(1)


@app.callback()
def flash() -> None:
    """Flash Mentoring on this machine."""


@app.command()
def setup() -> None:
    """Check the machine and fetch the engines."""
    checks.require(default_home())
    fetch(artifacts(), console)


@app.command()
def up() -> None:
    """Start everything in the background; return when it is ready."""
    home = default_home()
    if lifecycle.is_running(home):
        if not home.state_file.exists():
            raise SetupError("Another start or stop is under way: `make status` shows what runs.")
        console.print("The platform runs already.")
        return
    setup()
    started = time.monotonic()
    lifecycle.start_in_background(home, console)
    console.print(f"Ready after {time.monotonic() - started:.0f} s. `make status` shows it, `make down` stops it.")


@app.command()
def run() -> None:
    """Start everything in the foreground; stay until Ctrl-C. `up` runs this in the background."""
    lifecycle.supervise(default_home(), console, _start)


@app.command()
def demo(once: Annotated[bool, typer.Option(help="Leave after the story.")] = False) -> None:
    """Start everything, play the story, say where to look, stay until Ctrl-C, then stop everything."""
    home = default_home()
    if lifecycle.is_running(home) and (state := read_state(home.state_file)):
        asyncio.run(tell_story(home, state, console))
        return
    setup()
    lifecycle.supervise(home, console, _demo_once if once else _demo)


@app.command()
def down() -> None:
    """Stop everything."""
    lifecycle.stop(default_home(), console)


@app.command(name="clean-data")
def clean_data() -> None:
    """Forget all data of this checkout."""
    lifecycle.clean_data(default_home())


@app.command()
def doctor() -> None:
    """Check everything that can be missing, in use or too little."""
    if not checks.examine(default_home(), console):
        raise typer.Exit(1)


@app.command()
def status() -> None:
    """What runs, where, and how much memory it takes."""
    home, table = default_home(), Table("process", "id", "memory MB", "CPU s")
    for name, process in Leftovers(home.processes_file).alive().items():
        family = [process, *process.children(recursive=True)]
        memory_bytes = sum(member.memory_info().rss for member in family)
        cpu_s = sum(sum(member.cpu_times()[:2]) for member in family)
        table.add_row(name, str(process.pid), f"{memory_bytes / 1e6:.0f}", f"{cpu_s:.1f}")
    console.print(table)
    if lifecycle.is_running(home) and (state := read_state(home.state_file)):
        console.print(summary(state))


@app.command()
def logs(
    name: Annotated[str, typer.Argument(help="A process, as `flash status` names it; default: all.")] = "*",
    follow: Annotated[bool, typer.Option(help="Go on printing what is added.")] = False,
) -> None:
    """Print the last lines of the log files."""
    files = sorted(str(file) for file in default_home().logs.glob(f"{name}.log"))
    if not files:
        raise SetupError(f"There is no log of {name} in {default_home().logs}.")
    with suppress(KeyboardInterrupt):
        subprocess.run(["tail", "-n", LOG_LINES, *(["-F"] if follow else []), *files], check=False)


@app.command()
def lock() -> None:
    """Resolve the engine artifacts again and write their lock file."""
    console.print(f"{write_lock()} engine artifacts locked")


@app.command()
def engines(
    folder: Annotated[Path, typer.Argument(help="Where their data, logs and engines.json lie.")],
    wanted_by: Annotated[int, typer.Option(help="End when this process has ended.")],
) -> None:
    """Run only PostgreSQL, Kafka and OpenSearch, for tests."""
    asyncio.run(alone.serve(folder, wanted_by, console))


def summary(state: State) -> Table:
    """Where to look."""
    table = Table("what", "where")
    addresses = {
        "gateway": state.gateway,
        "identity provider": state.identity_provider,
        "Prometheus": state.prometheus,
        "mail that was sent": state.mail,
        **{name: service.url for name, service in state.services.items()},
        "PostgreSQL": state.postgres,
        "Kafka": state.kafka,
        "OpenSearch": state.opensearch,
    }
    for what, where in addresses.items():
        table.add_row(what, where or "does not run")
    return table


def logins(state: State) -> Table:
    """Who can sign in, and as whom."""
    table = Table("demo login", "person id")
    for name, persona in state.personas.items():
        table.add_row(name, persona.person_id or "a program")
    return table


def curl(state: State) -> str:
    """A line that works when pasted: the learner's programs."""
    token = state.personas["learner"].token
    return f"Try it:\ncurl -s -H 'Authorization: Bearer {token}' {state.gateway}/api/v1/programs"


async def _start(here: Installation, stopping: asyncio.Event) -> None:  # noqa: ARG001 - it stays until told
    state = await start_platform(here)
    console.print(summary(state))


async def _demo(here: Installation, stopping: asyncio.Event) -> None:  # noqa: ARG001 - it stays until told
    try:
        await _play(here)
    except SetupError as error:
        console.print(str(error), style="red", markup=False)
    console.print("Ctrl-C stops everything.")


async def _demo_once(here: Installation, stopping: asyncio.Event) -> None:
    await _play(here)
    stopping.set()


async def _play(here: Installation) -> None:
    state = await start_platform(here)
    try:
        await tell_story(here.home, state, console)
    finally:
        console.print(summary(state))
        console.print(logins(state))
        console.print(curl(state), markup=False)


if __name__ == "__main__":
    main()
