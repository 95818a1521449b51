"""Step 2 of the write path: use cases of program owners, one function and one transaction each."""

from uuid import UUID, uuid4

from chassis import outbox
from chassis.auth import Caller
from chassis.database import Database, Transaction
from chassis.idempotency import once
from chassis.problems import Forbidden, NotFound, Refused

from profile_service import store
from profile_service.answers import ProgramAnswer
from profile_service.model import Program
from profile_service.requests import ProgramEdit


async def create_program(database: Database, caller: Caller, edit: ProgramEdit, key: str | None) -> ProgramAnswer:
    """A new program owned by the caller. Raises Refused."""

    async def run() -> ProgramAnswer:
        await store.lock_organisation(transaction)
        edit.body.check()
        program = Program(uuid4(), 1, (caller.person,), edit.body)
        return await _keep_program(transaction, program, "created")

    async with database.transaction() as transaction:
        return await once(transaction, caller, key, edit, ProgramAnswer, run)


async def edit_program(
    database: Database, owner: UUID, program_id: UUID, edit: ProgramEdit, expected_version: int
) -> ProgramAnswer:
    """Change a program of the owner's. Raises NotFound, Forbidden, PreconditionFailed, Refused."""
    async with database.transaction() as transaction:
        await store.lock_organisation(transaction)
        program = await store.lock_program(transaction, program_id)
        if program is None:
            raise NotFound
        if owner not in program.owners:
            raise Forbidden("Only its owners change a program.")
        return await _keep_program(transaction, program.edited(edit.body, expected_version), "edited")


async def _keep_program(transaction: Transaction, program: Program, change: str) -> ProgramAnswer:
    known = (await store.organisation(transaction)).units
    for index, rule in enumerate(program.body.eligibility.units):
        if rule.unit_id not in known:
            raise Refused("There is no such unit; see /api/v1/units.", field=f"eligibility.units[{index}].unit_id")
    await store.save_program(transaction, program)
    await store.add_refresh(transaction, "participation_changed", program_id=program.program_id)
    await outbox.append(transaction, [program.event(change)])
    return ProgramAnswer.of(program, await store.progress(transaction, program.program_id))
