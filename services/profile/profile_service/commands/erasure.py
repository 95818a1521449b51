"""Step 2 of the write path: a person is forgotten here at once, and every service is asked to do the same."""

from datetime import UTC, datetime
from uuid import UUID

from chassis import outbox
from chassis.auth import Caller
from chassis.database import Database, Transaction
from chassis.outbox import Outgoing
from chassis.problems import NotFound
from flash_schemas.erasure import ErasureReason, ErasureRequestedV1

from profile_service import model, store
from profile_service.model import Erasure
from profile_service.scim.store import forget as forget_user

REQUEST_VERSION = 1


async def request_erasure(
    database: Database, person_id: UUID, reason: ErasureReason, caller: Caller, *, again: bool = False
) -> Erasure:
    """Forget somebody; who is forgotten already stays so, and with `again` services that are late are asked anew.

    Raises NotFound.
    """
    async with database.transaction() as transaction:
        if not await _request(transaction, person_id, reason, caller) and again:
            await _ask_again(transaction, person_id)
        erasure = await store.erasure(transaction, person_id)
    assert erasure, "whoever has no number was asked to be forgotten"
    return erasure


async def erase_leaver(database: Database, person_id: UUID) -> None:
    """Forget somebody who left, unless they are back since."""
    async with database.transaction() as transaction:
        person = await store.lock_person(transaction, person_id)
        if person and person.status == "left":
            await _request(transaction, person_id, "no_longer_needed", None)


async def erase_again(transaction: Transaction, request: ErasureRequestedV1) -> None:
    """Forget somebody of whom a restored backup knows again; the others have been asked before."""
    await _empty(transaction, request.person_id, request.profile_version)
    await store.add_erasure(transaction, request.person_id, request.reason, datetime.now(UTC))


async def _request(transaction: Transaction, person_id: UUID, reason: ErasureReason, caller: Caller | None) -> bool:
    """Empty somebody and ask everybody to do the same; False when that was done before. Raises NotFound."""
    if await store.lock_person(transaction, person_id) is None:
        raise NotFound
    version = await _empty(transaction, person_id)
    if version is None:
        return False
    await store.add_erasure(transaction, person_id, reason, datetime.now(UTC))
    await store.add_audit(transaction, model.erasure_audited(caller, person_id, reason))
    asked = ErasureRequestedV1(person_id=person_id, reason=reason, profile_version=version)
    await outbox.append(transaction, [Outgoing(asked, REQUEST_VERSION)])
    return True


async def _ask_again(transaction: Transaction, person_id: UUID) -> None:
    """For a request, an empty state or a receipt that was lost on the way."""
    person, request = await store.lock_person(transaction, person_id), await store.ask_again(transaction, person_id)
    if person and request:
        version, reason = request
        asked = ErasureRequestedV1(person_id=person_id, reason=reason, profile_version=person.version)
        await outbox.append(transaction, [person.event("erased"), Outgoing(asked, version)])


async def _empty(transaction: Transaction, person_id: UUID, least_version: int = 1) -> int | None:
    """Empty the row and say so; the version of the empty state, None when it was empty before or is not there."""
    person = await store.lock_person(transaction, person_id)
    if person is None or person.erased:
        return None
    empty = model.emptied(person, least_version)
    await store.save_people(transaction, [empty])
    await store.forget_number(transaction, person_id, person.employee_number)
    await store.forget_beside(transaction, person_id)
    await forget_user(transaction, person.employee_number)
    await outbox.append(transaction, [empty.event("erased")])
    return empty.version
