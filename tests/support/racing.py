"""Many learners who race for few mentors, while some withdraw, some are declined, and every answer is repeated."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any
from uuid import UUID, uuid4

from chassis.auth import Caller
from chassis.database import Database
from chassis.problems import Problem
from session_service import commands, model
from session_service.commands import Repeatable
from session_service.requests import AskBody, DeclineBody
from session_service.sealing import Keyring

AT_ONCE = 10
TAKEN = """
SELECT mentor_id, count(capacity_month) AS taken FROM unnest($1::uuid[]) AS each (mentor_id)
LEFT JOIN session USING (mentor_id) GROUP BY mentor_id
"""
OPEN = "SELECT session_id, mentor_id FROM session WHERE state = 'requested' ORDER BY session_id"


@dataclass
class Race:
    """One race in one program; nothing of it is reproducible but who wants what."""

    database: Database
    keyring: Keyring
    program_id: UUID
    learners: Sequence[UUID]
    mentors: Sequence[UUID]
    random: Random

    async def run(self) -> None:
        """Everybody at once."""
        self._gate = asyncio.Semaphore(AT_ONCE)
        await asyncio.gather(*(self._learner(each, self.random.sample(self.mentors, 3)) for each in self.learners))

    async def check(self, capacity: int) -> int:
        """No mentor took too many, and whoever has a slot left can still give it; how many were taken at the end.

        A slot given back when nobody asked any more is asked for once again: were it lost, that would be refused.
        """
        taken = await self._taken()
        assert all(count <= capacity for count in taken.values()), taken
        async with self.database.connection() as connection:
            still_open = await connection.fetch(OPEN)
        for row in still_open:
            await self._tried(self._accept(row["mentor_id"], row["session_id"]))
        for mentor, count in (await self._taken()).items():
            await self._give_away(mentor, capacity - count)
        taken = await self._taken()
        assert all(count <= capacity for count in taken.values()), taken
        return sum(taken.values())

    async def _taken(self) -> dict[UUID, int]:
        async with self.database.connection() as connection:
            rows = await connection.fetch(TAKEN, self.mentors)
        return {row["mentor_id"]: row["taken"] for row in rows}

    async def _give_away(self, mentor: UUID, slots: int) -> None:
        """Have learners ask one after the other until so many were accepted, or nobody is left."""
        for learner in self.learners if slots else ():
            asked = await self._asks(learner, mentor)
            slots -= bool(asked and await self._tried(self._accept(mentor, asked.session_id)))
            if not slots:
                return

    async def _asks(self, learner: UUID, mentor: UUID) -> Any:
        body = AskBody(program_id=self.program_id, mentor_id=mentor, want_to_learn="x", message="x", format="call")
        return await self._tried(partial(commands.ask, self.database, self.keyring, caller(learner), body, None, "UTC"))

    async def _learner(self, learner: UUID, mentors: Sequence[UUID]) -> None:
        for mentor in mentors:
            asked = await self._asks(learner, mentor)
            if asked:
                await self._answers(learner, mentor, asked.session_id)
                return

    async def _answers(self, learner: UUID, mentor: UUID, session_id: UUID) -> None:
        accept = self._accept(mentor, session_id)
        chance = self.random.random()
        others = [accept]
        if chance < 0.2:
            decide = partial(model.withdrawn, by=learner)
            others = [self._step(learner, session_id, partial(commands.answer, session_id=session_id, decide=decide))]
        elif chance < 0.3:
            decline = partial(commands.decline, by=mentor, session_id=session_id, body=DeclineBody())
            others = [self._step(mentor, session_id, decline)]
        elif chance < 0.5:
            return
        await asyncio.gather(*(self._tried(each) for each in (accept, *others)))

    def _accept(self, mentor: UUID, session_id: UUID) -> Callable[[], Awaitable[Any]]:
        decide = partial(model.accepted, by=mentor)
        return self._step(mentor, session_id, partial(commands.accept, session_id=session_id, decide=decide))

    def _step(self, by: UUID, session_id: UUID, run: Any) -> Callable[[], Awaitable[Any]]:
        step = Repeatable(step="race", session_id=session_id)
        return partial(commands.take_step, self.database, caller(by), None, step, run)

    async def _tried(self, act: Callable[[], Awaitable[Any]]) -> Any:
        async with self._gate:
            try:
                return await act()
            except Problem:
                return None


def caller(person_id: UUID) -> Caller:
    """Somebody who signed in."""
    return Caller(str(person_id), frozenset({"employee"}), person_id)


def ids(count: int) -> list[UUID]:
    """New people."""
    return [uuid4() for _ in range(count)]
