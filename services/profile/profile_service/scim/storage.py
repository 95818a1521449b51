"""Step 4 of the SCIM path: the library's storage over one transaction; a user's person follows every write of the user.

A storage serves one request. Reads need no transaction. The first write takes the lock of the organisation, so writes
of SCIM clients and of the HR push come one after another, and what a write has read is what it changes.
"""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID, uuid4

from chassis.database import Transaction
from scim2_models import (
    EnterpriseUser,
    Group,
    InvalidValueException,
    Meta,
    NotFoundException,
    Path,
    PreconditionFailedException,
    Resource,
    ResourceType,
    ResponseParameters,
    ScimProvider,
    SearchRequest,
    UniquenessException,
    User,
)
from scim2_server.storage import AsyncScimStorage, SearchPage

from profile_service.scim import mapping, store
from profile_service.scim.people import Followed, Manager
from profile_service.scim.search import Search
from profile_service.scim.users import ScimUser

MAX_MEMBERS = 2_000
"""Of a group: it is one row, and written whole."""
MANAGER_PATH = (str(EnterpriseUser.__schema__), "manager", "value")


class ScimStorage(AsyncScimStorage):
    """Users and groups in PostgreSQL, for one request."""

    supports_cursors = True

    def __init__(self, connection: Transaction, provider: ScimProvider, *, writing: bool) -> None:
        self._connection = connection
        self._provider = provider
        self._writing = writing
        self._followed: Followed | None = None

    @asynccontextmanager
    async def operation(self) -> AsyncIterator[None]:
        """One operation. A refused one leaves no trace: what follows from it is kept only when all of it is allowed."""
        if self._writing:
            await self._follow()
        yield

    async def expect(self, created: Iterable[ScimUser], changed: Iterable[str]) -> None:
        """Lock the people whom these users are, before the first of them changes."""
        followed = await self._follow()
        numbers = await store.numbers(self._connection, [id_ for text in changed if (id_ := _uuid(text))])
        await followed.expect(self._connection, {*map(_number_or_none, created), *numbers.values()} - {""})

    async def save(self) -> None:
        """Write what followed for people and units; the caller commits."""
        if self._followed:
            await self._followed.save(self._connection)

    async def get(
        self,
        resource_type: ResourceType,
        resource_id: str,
        *,
        response_parameters: ResponseParameters[Any] | None = None,  # noqa: ARG002 # the row is read whole anyway
    ) -> Resource[Any]:
        """One resource, whole. Raises NotFoundException."""
        return (await self._read(resource_type, resource_id))[0]

    async def search(
        self, resource_types: list[ResourceType], search_request: SearchRequest[Any], *, position: Any = None
    ) -> SearchPage:
        """A page of resources. Raises InvalidFilterException, InvalidCursorException."""
        models = {str(each.name): self._model(each) for each in resource_types}
        return await Search(models, search_request).page(self._connection, position)

    async def create(self, resource_type: ResourceType, resource: Resource[Any]) -> Resource[Any]:
        """A new resource, and its person. Raises UniquenessException, InvalidValueException."""
        new = resource.model_copy(deep=True)
        _list_once(new)
        new.id = str(uuid4())
        now = datetime.now(UTC)
        new.meta = Meta(resource_type=resource_type.name, created=now, last_modified=now, version=_tag(1))
        row = _row(new, 1, await self._number(cast("ScimUser", new)) if isinstance(new, User) else None)
        await self._check(new, row)
        await self._tell(new, row.employee_number)
        await store.insert(self._connection, row)
        return new

    async def update(
        self,
        resource_type: ResourceType,
        resource: Resource[Any],
        *,
        expected_version: str | None = None,
        says_active: bool = True,
    ) -> Resource[Any]:
        """A resource anew, and its person. Raises NotFoundException, PreconditionFailedException and as `create`."""
        stored, number = await self._read(resource_type, str(resource.id))
        version = _check_version(stored, expected_version) + 1
        new = type(resource).model_validate(resource.model_dump())
        _list_once(new)
        assert stored.meta is not None
        now = datetime.now(UTC)
        new.meta = stored.meta.model_copy(update={"last_modified": now, "version": _tag(version)})
        row = _row(new, version, number)
        await self._check(new, row)
        await self._tell(new, number, stored, says_active=says_active)
        await store.update(self._connection, row)
        return new

    async def repeat(self, resource_type: ResourceType, resource: Resource[Any], *, says_active: bool) -> None:
        """What is stored is said of the person once more. Raises NotFoundException, InvalidValueException."""
        _, number = await self._read(resource_type, str(resource.id))
        await self._tell(resource, number, resource, says_active=says_active)

    async def delete(
        self, resource_type: ResourceType, resource_id: str, *, expected_version: str | None = None
    ) -> None:
        """A resource is no more; its person has left. Raises NotFoundException, PreconditionFailedException."""
        stored, number = await self._read(resource_type, resource_id)
        _check_version(stored, expected_version)
        if number is not None:
            followed = await self._follow()
            await followed.expect(self._connection, {number})
            followed.leave(number)
            await store.forget(self._connection, number)
        else:
            await store.delete(self._connection, UUID(resource_id))

    async def _read(self, resource_type: ResourceType, resource_id: str) -> tuple[Resource[Any], str | None]:
        id_ = _uuid(resource_id)
        found = await store.get(self._connection, str(resource_type.name), id_) if id_ else None
        if found is None:
            raise NotFoundException(detail=f"There is no {resource_type.name} with this id")
        return self._model(resource_type).model_validate(found[0]), found[1]

    async def _number(self, new: ScimUser) -> str:
        """HR's number for somebody new. A user name may have been somebody's number, who was renamed and keeps it."""
        number = mapping.employee_number(new)
        if number == (new.user_name or "").strip() and await store.number_taken(self._connection, number):
            return str(new.id)
        return number

    async def _check(self, new: Resource[Any], row: store.Row) -> None:
        """What the rules about people do not know of."""
        if isinstance(new, Group) and len(new.members or []) > MAX_MEMBERS:
            raise InvalidValueException(detail=f"members: at most {MAX_MEMBERS}; split the group")
        if row.user_name is None or row.employee_number is None:
            return
        attribute = await store.taken(self._connection, row.id, row.user_name, row.employee_number)
        if attribute:
            raise UniquenessException(detail=f"{attribute}: another user has it already")
        manager = _uuid(mapping.facts(cast("ScimUser", new)).manager_id or "")
        if manager and await store.reports_to(self._connection, manager, MANAGER_PATH, row.id):
            raise InvalidValueException(detail="manager: nobody can report to themselves, over others neither")

    async def _tell(
        self,
        new: Resource[Any],
        number: str | None,
        before: Resource[Any] | None = None,
        *,
        says_active: bool = True,
    ) -> None:
        """The person follows the user; whether they are here only where that is said or has changed."""
        if number is None:
            return
        said = mapping.facts(cast("ScimUser", new))
        was = mapping.facts(cast("ScimUser", before)) if before else None
        manager = await self._manager(said, was)
        followed = await self._follow()
        await followed.expect(self._connection, {number}, next(iter(manager), None))
        followed.say(number, said, manager, status=says_active or (was is not None and was.active != said.active))

    async def _manager(self, said: mapping.Facts, was: mapping.Facts | None) -> Manager:
        """Who the manager is now. One who is no user is kept in the user, and nobody's manager."""
        id_ = _uuid(said.manager_id or "")
        number = (await store.numbers(self._connection, [id_])).get(id_) if id_ else None
        if number is not None:
            return (number,)
        return (None,) if was and was.manager_id and was.manager_id != said.manager_id else ()

    async def _follow(self) -> Followed:
        if self._followed is None:
            self._followed = await Followed.read(self._connection)
        return self._followed

    def _model(self, resource_type: ResourceType) -> type[Resource[Any]]:
        return cast("type[Resource[Any]]", self._provider.model_for(resource_type))


def _list_once(resource: Resource[Any]) -> None:
    """A member is in a group once, as it was said first; to the library, one said with another name is another."""
    if isinstance(resource, Group) and resource.members:
        once: dict[str, Any] = {}
        for place, member in enumerate(resource.members):
            once.setdefault(member.value or str(place), member)
        resource.members = list(once.values())


def _row(resource: Resource[Any], version: int, number: str | None) -> store.Row:
    """The resource as it is stored: without its address, which is the server's, and without any password."""
    user_name = None
    if isinstance(resource, User):
        resource.password = None
        binding = Path[ScimUser]("userName").resolve()
        user_name = binding.comparable(resource.user_name) if binding else None
    assert resource.meta is not None
    assert resource.meta.last_modified is not None
    content = resource.model_dump()
    _check_storable(content, "")
    return store.Row(
        UUID(resource.id),
        str(resource.meta.resource_type),
        resource.external_id,
        user_name,
        number,
        content,
        version,
        resource.meta.last_modified,
    )


def _check_storable(value: Any, name: str) -> None:
    """Raises InvalidValueException, naming the attribute."""
    if isinstance(value, str) and "\0" in value:
        raise InvalidValueException(detail=f"{name}: it holds the character U+0000, which cannot be stored")
    for part, inner in value.items() if isinstance(value, dict) else ():
        _check_storable(inner, part)
    for inner in value if isinstance(value, list) else ():
        _check_storable(inner, name)


def _check_version(stored: Resource[Any], expected: str | None) -> int:
    assert stored.meta is not None
    if expected is not None and stored.meta.version != expected:
        raise PreconditionFailedException
    return int(str(stored.meta.version).strip('"'))


def _tag(version: int) -> str:
    return f'"{version}"'


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _number_or_none(user: ScimUser) -> str:
    """Of somebody who may yet be refused."""
    try:
        return mapping.employee_number(user)
    except InvalidValueException:
        return ""
