"""Step 1 of the SCIM path: users as RFC 7643 has them, but that nobody is refused for what the product can do without.

The library takes only e-mail addresses of the public internet, which a company's own need not be. They are kept as they
come, and mapping.py says which of them mail can be sent to; an address of a page or a photo that is none is none.
"""

from typing import Annotated, Any, ClassVar, TypeAlias

import scim2_models
from pydantic import ValidatorFunctionWrapHandler, WrapValidator
from scim2_models import ComplexAttribute, EnterpriseUser, External, Reference
from scim2_models.resources.resource import AnyExtension


def _or_none(value: Any, check: ValidatorFunctionWrapHandler) -> Any:
    try:
        return check(value)
    except ValueError:
        return None


Link = Annotated[Reference[External] | None, WrapValidator(_or_none)]


class Email(scim2_models.Email):
    """One of a user's e-mail addresses."""

    value: str | None = None
    """The address, whatever it is."""


class Photo(scim2_models.Photo):
    """One of a user's photos."""

    value: Link = None
    """Where the photo is."""


class User(scim2_models.User[AnyExtension]):
    """A user; known by this name to clients, too."""

    profile_url: Link = None
    """Where a page about the user is."""

    emails: list[Email] | None = None  # type: ignore[assignment] # narrower than a list may be
    """E-mail addresses of the user."""

    photos: list[Photo] | None = None  # type: ignore[assignment] # narrower than a list may be
    """Photos of the user."""

    Emails: ClassVar[type[ComplexAttribute]] = Email
    Photos: ClassVar[type[ComplexAttribute]] = Photo


ScimUser: TypeAlias = User[EnterpriseUser]
