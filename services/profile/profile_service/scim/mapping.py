"""Step 3 of the SCIM path: which person a SCIM user is, and what HR says by it. Pure.

What a user does not say stays as it is; for somebody new the defaults stand in. README and docs/scim.md have the table.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from flash_schemas.base import EmailAddress
from pydantic import TypeAdapter, ValidationError
from scim2_models import Address, EnterpriseUser, InvalidValueException

from profile_service.scim.users import Email, ScimUser

MAX_TEXT_CHARS = 200
MAX_DEPARTMENT_CHARS = 190
JOB_LEVELS = range(1, 21)
JOB_LEVEL_ROLE = "joblevel"
DEFAULT_JOB_LEVEL = 1
NOT_STATED = "Not stated"
_ADDRESS: TypeAdapter[str] = TypeAdapter(EmailAddress)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a user says of a person; None is not said. `department` is a unit's code or name."""

    name: str
    active: bool
    job_title: str | None = None
    job_level: int | None = None
    location: str | None = None
    department: str | None = None
    manager_id: str | None = None
    email: str | None = None


def employee_number(user: ScimUser) -> str:
    """HR's number for the person. Raises InvalidValueException for one that is too long."""
    enterprise = user[EnterpriseUser]
    said = (enterprise.employee_number if enterprise else None, user.external_id, user.user_name)
    return _short(next((text.strip() for text in said if text and text.strip()), ""), "employeeNumber") or _nameless()


def facts(user: ScimUser) -> Facts:
    """What is said of the person. Raises InvalidValueException, naming the attribute."""
    enterprise = user[EnterpriseUser] or EnterpriseUser()
    return Facts(
        name=_name(user),
        active=user.active is not False,
        job_title=_short(user.title, "title"),
        job_level=_job_level(user),
        location=_short(_locality(user.addresses or []), "addresses.locality"),
        department=_short(enterprise.department, "department", MAX_DEPARTMENT_CHARS),
        manager_id=enterprise.manager.value if enterprise.manager else None,
        email=_email(user.emails or []),
    )


def _name(user: ScimUser) -> str:
    parts = user.name
    whole = " ".join(filter(None, (parts.given_name, parts.family_name))) if parts else ""
    said = (user.display_name, parts.formatted if parts else None, whole, user.user_name)
    return _short(next((text for text in said if text and text.strip()), ""), "displayName") or _nameless()


def _nameless() -> str:
    raise InvalidValueException(detail="userName: it must not be blank")


def _locality(addresses: Sequence[Address]) -> str | None:
    """Of the address at work; of the first that has one, when none is said to be at work."""
    stated = [address for address in addresses if address.locality]
    work = [address for address in stated if address.type == Address.Type.work]
    return next((address.locality for address in (*work, *stated)), None)


def _email(emails: Sequence[Email]) -> str | None:
    """The primary one, or else one at work, or else the first, of those that mail can be sent to."""
    stated = [email for email in emails if _is_address(email.value)]
    primary = [email for email in stated if email.primary]
    work = [email for email in stated if email.type == Email.Type.work]
    return next((email.value for email in (*primary, *work, *stated)), None)


def _is_address(text: str | None) -> bool:
    try:
        _ADDRESS.validate_python(text)
    except ValidationError:
        return False
    return True


def _job_level(user: ScimUser) -> int | None:
    """The value of the role whose type is `jobLevel`; SCIM has no attribute of its own for it."""
    for role in user.roles or []:
        if (role.type or "").lower() == JOB_LEVEL_ROLE:
            if not (role.value or "").isdecimal() or int(role.value or 0) not in JOB_LEVELS:
                raise InvalidValueException(detail='roles[type eq "jobLevel"]: a number from 1 to 20 is needed')
            return int(role.value or 0)
    return None


def _short(text: str | None, attribute: str, limit: int = MAX_TEXT_CHARS) -> str | None:
    stripped = (text or "").strip()
    if len(stripped) > limit:
        raise InvalidValueException(detail=f"{attribute}: at most {limit} characters")
    return stripped or None
