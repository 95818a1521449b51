"""Step 1 of the SCIM path: what this server says of itself, its limits, and how its library is set up.

The library (scim2-server) reads and checks requests and applies PATCH; storage and transactions are ours.
"""

import asyncio
from typing import Any

from scim2_models import (
    AuthenticationScheme,
    Bulk,
    BulkOperation,
    ChangePassword,
    EnterpriseUser,
    ETag,
    External,
    Filter,
    Group,
    Pagination,
    Patch,
    PatchOp,
    Reference,
    Resource,
    ResourceType,
    SCIMException,
    ScimPolicy,
    ScimProvider,
    SearchRequest,
    ServiceProviderConfig,
    Sort,
)
from scim2_server.conditions import Conditions
from scim2_server.handler import AsyncScimHandler
from scim2_server.requests import ScimRequest
from scim2_server.responses import ScimResponse
from scim2_server.routing import Operation
from scim2_server.service import ScimService

from profile_service.scim.storage import ScimStorage
from profile_service.scim.users import ScimUser, User

MAX_OPERATIONS = 200
"""In a Bulk call. All are one transaction, which others wait for; so many take well below a second."""
MAX_PAYLOAD_BYTES = 1_048_576
"""Of any body."""
MAX_RESULTS = 200
"""A page."""
DEFAULT_RESULTS = 100
"""A page, where the client does not say."""
CURSOR_TIMEOUT_S = 3600
LAST_INDEX = 2**53
"""At which a page may start: neither PostgreSQL nor JSON counts for ever."""


def provider() -> ScimProvider:
    """The resources served, what is supported, and which habits of clients are put up with."""
    tolerant = ScimPolicy(
        unknown=ScimPolicy.Unknown.ignore,
        remove_value_as_filter=ScimPolicy.RemoveValue.apply,
        unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create,
    )
    types = [ResourceType.from_resource(ScimUser), ResourceType.from_resource(Group)]
    return ScimProvider([User, EnterpriseUser, Group], types, _config(), tolerant)


def _config() -> ServiceProviderConfig:
    bearer = AuthenticationScheme(
        type=AuthenticationScheme.Type.oauthbearertoken,
        name="Bearer token",
        description="A token of the client's own, made and rotated by the platform's operator",
        spec_uri=Reference[External]("https://www.rfc-editor.org/info/rfc6750"),
        primary=True,
    )
    pagination = Pagination(
        cursor=True,
        index=True,
        default_pagination_method=Pagination.DefaultPaginationMethod.index,
        default_page_size=DEFAULT_RESULTS,
        max_page_size=MAX_RESULTS,
        cursor_timeout=CURSOR_TIMEOUT_S,
    )
    return ServiceProviderConfig(
        patch=Patch(supported=True),
        bulk=Bulk(supported=True, max_operations=MAX_OPERATIONS, max_payload_size=MAX_PAYLOAD_BYTES),
        filter=Filter(supported=True, max_results=MAX_RESULTS),
        change_password=ChangePassword(supported=False),
        sort=Sort(supported=True),
        etag=ETag(supported=True),
        pagination=pagination,
        authentication_schemes=[bearer],
    )


class Service(ScimService):
    """The protocol. Its secret seals cursors, so that all processes of the service read them.

    A Bulk operation may be refused, but what breaks breaks the whole call, which is one transaction.
    """

    def read_search(self, resource_types: list[ResourceType], payload: Any) -> tuple[SearchRequest[Any], Any]:
        """A search, and the position of its page; one beyond the last index is as empty as the one there."""
        search, position = super().read_search(resource_types, payload)
        if search.start_index:
            search.start_index = min(search.start_index, LAST_INDEX)
        return search, position

    def bulk_failure(self, outcome: dict[str, Any], exception: Exception) -> dict[str, Any]:
        """The outcome of a refused operation. Raises what is no refusal."""
        if not isinstance(exception, SCIMException):
            raise exception
        return super().bulk_failure(outcome, exception)


class Handler(AsyncScimHandler):
    """One request; a Bulk call is read in a thread, and its people are locked in one order before the first changes.

    A write that changes nothing that is stored is said of the person all the same: HR's push may have said otherwise.
    """

    storage: ScimStorage

    async def bulk(self, request: ScimRequest) -> ScimResponse:
        """Run a Bulk call (RFC 7644, section 3.7)."""
        with self.service.provider:
            self.service.route(request, Operation.bulk)
            content_type = request.header("Content-Type")
            plan = await asyncio.to_thread(self.service.read_bulk, request.body, content_type)
            await self.storage.expect(*_concerned(plan.operations))
            for step in plan:
                result, resource = await self.run_bulk_step(request, plan, step)
                plan.record(step, result, resource)
                await asyncio.sleep(0)  # others may be answered between two operations
            return await asyncio.to_thread(self.service.bulk_response, plan)

    async def replace_resource(
        self, resource_type: ResourceType, current: Resource[Any], replacement: Resource[Any], conditions: Conditions
    ) -> Resource[Any]:
        """Put a resource in the place of what is stored (RFC 7644, section 3.5.1)."""
        says_active, version = getattr(replacement, "active", None) is not None, _version(current)
        changed = self.service.apply_replacement(current, replacement, conditions)
        return await self._write(resource_type, current, changed, version, says_active=says_active)

    async def patch_resource(
        self, resource_type: ResourceType, resource_id: str, patch_op: "PatchOp[Any]", conditions: Conditions
    ) -> Resource[Any]:
        """Change a part of what is stored (RFC 7644, section 3.5.2)."""
        current = await self.storage.get(resource_type, resource_id)
        version = _version(current)
        changed = self.service.apply_patch(current, patch_op, conditions)
        return await self._write(resource_type, current, changed, version, says_active=_names_active(patch_op))

    async def _write(
        self,
        resource_type: ResourceType,
        current: Resource[Any],
        changed: Resource[Any] | None,
        version: str | None,
        *,
        says_active: bool,
    ) -> Resource[Any]:
        if changed is None:
            await self.storage.repeat(resource_type, current, says_active=says_active)
            return current
        return await self.storage.update(resource_type, changed, expected_version=version, says_active=says_active)


def _version(stored: Resource[Any]) -> str | None:
    return stored.meta.version if stored.meta else None


def _names_active(patch_op: "PatchOp[Any]") -> bool:
    """Whether it says that somebody is here or not, be it as it was."""
    named: list[str] = []
    for operation in patch_op.operations or []:
        if operation.path is not None:
            named.append(str(operation.path))
        elif isinstance(operation.value, dict):
            named.extend(operation.value)
    return any(name.rpartition(":")[2].casefold() == "active" for name in named)


def _concerned(operations: list[BulkOperation[Resource[Any]]]) -> tuple[list[ScimUser], list[str]]:
    """The users to be created, and the ids of those that change."""
    created = [item.data for item in operations if isinstance(item.data, User)]
    return created, [item.resource_id for item in operations if item.resource_id]
