"""Step 2 of the write path: use cases of program owners, one function and one transaction each."""

from collections.abc import Callable
from datetime import date
from uuid import UUID, uuid4

from chassis import outbox
from chassis.auth import Caller
from chassis.database import Database, Transaction
from chassis.http import Strict
from chassis.idempotency import once
from chassis.problems import Conflict, Forbidden, NotFound, Refused
from flash_schemas.profile import EligibilityRule

from profile_service import model, store
from profile_service.answers import ProgramAnswer
from profile_service.model import AuditEntry, Organisation, Program
from profile_service.model.programs import ONE_DAY
from profile_service.requests import NextPeriod, ProgramEdit


async def create_program(database: Database, caller: Caller, edit: ProgramEdit, key: str | None) -> ProgramAnswer:
    """A new program owned by the caller. Raises Forbidden, Refused."""

    async def run() -> ProgramAnswer:
        await store.lock_organisation(transaction)
        await _check_here(transaction, caller)
        edit.body.check()
        program = Program(uuid4(), 1, (caller.person,), edit.body)
        return await keep_program(transaction, caller, None, program, "created")

    async with database.transaction() as transaction:
        return await once(transaction, caller, key, edit, ProgramAnswer, run)


async def change_program(
    database: Database, caller: Caller, program_id: UUID, action: str, change: Callable[[Program], Program]
) -> ProgramAnswer:
    """Change a program of the caller's by a rule. Raises NotFound, Forbidden, and what the rule raises."""
    async with database.transaction() as transaction:
        program = await _own_locked(transaction, caller, program_id)
        return await keep_program(transaction, caller, program, change(program), action)


async def add_owner(
    database: Database, caller: Caller, program_id: UUID, person_id: UUID, expected_version: int
) -> ProgramAnswer:
    """Let somebody own a program, too. An operator may in any: one whose owners have all left has nobody else.

    Raises NotFound, Forbidden, PreconditionFailed, Conflict, Refused.
    """
    async with database.transaction() as transaction:
        if "operator" in caller.roles:
            program = await _locked(transaction, program_id)
        else:
            program = await _own_locked(transaction, caller, program_id)
        person = await store.person(transaction, person_id)
        if person is None or person.status == "left":
            raise Refused("Nobody with this id is here.", field="person_id")
        changed = program.with_owner(person_id, expected_version)
        return await keep_program(transaction, caller, program, changed, "owner_added")


class Repeatable(Strict):
    """A step of a program as an Idempotency-Key remembers it."""

    step: str
    program_id: UUID
    expected_version: int = 0
    period: NextPeriod = NextPeriod()


async def archive(
    database: Database, caller: Caller, program_id: UUID, expected_version: int, key: str | None
) -> ProgramAnswer:
    """End a program now. Raises NotFound, Forbidden, PreconditionFailed, Conflict."""

    async def run() -> ProgramAnswer:
        program = await _own_locked(transaction, caller, program_id)
        model.check_version(program.version, expected_version)
        return await keep_program(transaction, caller, program, program.archived(), "archived")

    step = Repeatable(step="archive", program_id=program_id, expected_version=expected_version)
    async with database.transaction() as transaction:
        return await once(transaction, caller, key, step, ProgramAnswer, run)


async def clone(
    database: Database, caller: Caller, program_id: UUID, period: NextPeriod, key: str | None
) -> ProgramAnswer:
    """A new program like one of the caller's, by default from today. Raises NotFound, Forbidden, Refused."""

    async def run() -> ProgramAnswer:
        program = await _own_locked(transaction, caller, program_id)
        following = period.after(program, await store.today(transaction))
        copy = program.cloned(uuid4(), caller.person, following)
        return await keep_program(transaction, caller, None, copy, "cloned")

    step = Repeatable(step="clone", program_id=program_id, period=period)
    async with database.transaction() as transaction:
        return await once(transaction, caller, key, step, ProgramAnswer, run)


async def roll_over(
    database: Database, caller: Caller, program_id: UUID, expected_version: int, period: NextPeriod, key: str | None
) -> ProgramAnswer:
    """The program that takes over from one of the caller's. Raises NotFound, Forbidden, PreconditionFailed, Conflict,
    Refused.
    """

    async def run() -> ProgramAnswer:
        program = await _own_locked(transaction, caller, program_id)
        model.check_version(program.version, expected_version)
        if await store.is_continued(transaction, program_id):
            raise Conflict("This program was rolled over already.")
        following = program.continued(uuid4(), period.after(program, _day_after(program, period)))
        if program.status == "active":
            ending = program.ending_before(following.body.starts_on)
            await keep_program(transaction, caller, program, ending, "rolled_over")
        return await keep_program(transaction, caller, None, following, "continued")

    step = Repeatable(step="roll-over", program_id=program_id, expected_version=expected_version, period=period)
    async with database.transaction() as transaction:
        return await once(transaction, caller, key, step, ProgramAnswer, run)


async def keep_program(
    transaction: Transaction, caller: Caller | None, before: Program | None, program: Program, action: str
) -> ProgramAnswer:
    """Save a program, say so, and have everyone placed anew. `caller` None is this service. Raises Refused."""
    check_units(await store.organisation(transaction), program.body.eligibility)
    change = "created" if before is None else "archived" if program.status != before.status else "edited"
    await store.save_program(transaction, program, change, caller.person_id if caller else None)
    states = (before.state() if before else None, program.state())
    entry = AuditEntry.by(caller, f"program.{action}", ("program", program.program_id), *states)
    await store.add_audit(transaction, entry)
    await store.add_refresh(transaction, "participation_changed", program_id=program.program_id)
    await outbox.append(transaction, [program.event(change)])
    return ProgramAnswer.of(program, await store.progress(transaction, program.program_id))


def check_units(organisation: Organisation, rule: EligibilityRule) -> None:
    """Raise Refused, naming the field, for a rule about a unit that does not exist."""
    for index, unit in enumerate(rule.units):
        if unit.unit_id not in organisation.units:
            raise Refused("There is no such unit; see /api/v1/units.", field=f"eligibility.units[{index}].unit_id")


async def _own_locked(transaction: Transaction, caller: Caller, program_id: UUID) -> Program:
    program = await _locked(transaction, program_id)
    if not program.owned_by(caller.person, await store.person(transaction, caller.person)):
        raise Forbidden("Only its owners change a program.")
    return program


async def _locked(transaction: Transaction, program_id: UUID) -> Program:
    await store.lock_organisation(transaction)
    program = await store.lock_program(transaction, program_id)
    if program is None:
        raise NotFound
    return program


async def _check_here(transaction: Transaction, caller: Caller) -> None:
    if not model.may_own(await store.person(transaction, caller.person)):
        raise Forbidden("Who has left starts no program.")


def _day_after(program: Program, period: NextPeriod) -> date:
    """When the next period starts if nothing else is said."""
    if period.starts_on:
        return period.starts_on
    if program.body.ends_on is None:
        raise Refused("This program has no end: say when the next one starts.", field="starts_on")
    return model.shifted(program.body.ends_on, ONE_DAY, "starts_on")
