"""Tells one step of the story after the other: who did what, what was answered, which event followed, what became
visible and when."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import orjson
from rich.console import Console
from rich.table import Table

from flash_local.personas import bearer
from flash_local.story.watch import Events

VISIBLE_WITHIN_S = 30
PAUSE_S = 0.02


class StoryFailed(Exception):
    """A step was refused, or its effect did not become visible."""


@dataclass(frozen=True)
class Step:
    """A step that was told; `seconds_to_visible` is null where nothing follows downstream."""

    name: str
    who: str
    passed: bool
    seconds_to_visible: float | None


@dataclass
class Teller:
    """Acts for people by their tokens, and keeps what was told."""

    client: httpx2.AsyncClient
    events: Events
    console: Console
    tokens: dict[str, str]
    steps: list[Step] = field(default_factory=list)

    async def call(self, who: str, method: str, path: str, body: Any = None, **headers: str) -> httpx2.Response:
        """One HTTP call of somebody."""
        signed = bearer(self.tokens[who]) | headers
        return await self.client.request(method, f"/api/v1{path}", json=body, headers=signed)

    async def act(self, who: str, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """The answer to a call that must succeed. Raises StoryFailed."""
        answer = await self.call(who, method, path, body, **headers)
        if answer.status_code >= 300:
            raise StoryFailed(f"{method} {path} of {who}: {answer.status_code} {answer.text[:300]}")
        return answer.json() if answer.content else None

    async def tell(
        self,
        name: str,
        who: str,
        act: Callable[[], Awaitable[Any]],
        *,
        event: tuple[str, Callable[[Any], str]] | None = None,
        visible: Callable[[Any], Awaitable[bool]] | None = None,
    ) -> Any:
        """Do a step; wait for the event that it causes and for its effect downstream; print and keep it.

        `event` is a type and how to find its subject in the answer. Raises StoryFailed.
        """
        known = self.events.counts()
        try:
            answer = await act()
            answered = time.monotonic()
            followed = await self._followed(event, answer, known) if event else None
            seconds = await self._until(visible, answer, answered) if visible else None
        except (StoryFailed, TimeoutError) as error:
            self.steps.append(Step(name, who, passed=False, seconds_to_visible=None))
            self.console.print(f"  [red]✗[/] {len(self.steps):2}. {who}: {name}")
            raise StoryFailed(f"{name}: {error or 'the event did not come'}") from error
        self.steps.append(Step(name, who, passed=True, seconds_to_visible=seconds))
        self._print(name, who, followed, seconds)
        return answer

    def _print(self, name: str, who: str, followed: object, seconds: float | None) -> None:
        self.console.print(f"  [green]✓[/] {len(self.steps):2}. [bold]{who}[/]: {name}")
        if followed:
            self.console.print(f"         {followed}", style="dim")
        if seconds is not None:
            self.console.print(f"         visible after {seconds:.2f} s", style="dim")

    async def _followed(
        self, event: tuple[str, Callable[[Any], str]], answer: Any, known: dict[tuple[str, str], int]
    ) -> str:
        key = (event[0], event[1](answer))
        return str(await self.events.next(*key, known.get(key, 0), VISIBLE_WITHIN_S))

    async def _until(self, visible: Callable[[Any], Awaitable[bool]], answer: Any, since: float) -> float:
        while not await visible(answer):
            if time.monotonic() - since > VISIBLE_WITHIN_S:
                raise StoryFailed(f"its effect did not show within {VISIBLE_WITHIN_S} s")
            await asyncio.sleep(PAUSE_S)
        return time.monotonic() - since

    def write(self, file: Path) -> None:
        """Keep the steps as JSON."""
        file.write_bytes(orjson.dumps({"steps": self.steps}, option=orjson.OPT_INDENT_2))

    def table(self) -> Table:
        """What became visible, and when."""
        table = Table("step", "who", "visible after")
        for step in self.steps:
            if step.seconds_to_visible is not None:
                table.add_row(step.name, step.who, f"{step.seconds_to_visible:.2f} s")
        return table
