"""Step 1 of the SCIM path: what Entra and Okta send otherwise than RFC 7643 and 7644 have it, made regular. Pure.

What the library puts up with itself is not repeated here: see the policy in protocol.py. A body that is not understood
passes as it is, and the library says what is wrong with it.
"""

import re
from collections.abc import Callable
from typing import Any

import orjson
from scim2_models import EnterpriseUser

ENTERPRISE = str(EnterpriseUser.__schema__)
MANAGER_PATH = f"{ENTERPRISE}:manager".casefold()
BOOLEANS = {"active", "primary"}
BOOLEAN_PATH = re.compile(r"(^|[.:])(active|primary)$", re.IGNORECASE)
OF_ENTERPRISE = re.compile(
    r"(employeeNumber|costCenter|organization|division|department|manager)(\.\w+)?", re.IGNORECASE
)
"""Paths of the extension that clients write without its name; a user has no attributes of these names itself."""
BULK_ID = "bulkId:"
TRUTH = {"true": True, "false": False}


def regular(method: str, path: str, body: bytes) -> bytes:
    """The body of a request as the standard has it."""
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError:
        return body
    return orjson.dumps(_message(method, path, content)) if isinstance(content, dict) else body


def _message(method: str, path: str, content: dict[str, Any]) -> dict[str, Any]:
    if path.strip("/").casefold() == "bulk":
        return _with_operations(content, _bulk_operation)
    if method == "PATCH":
        return _with_operations(content, _patches)
    return _resource(content)


def _bulk_operation(operation: dict[str, Any]) -> list[dict[str, Any]]:
    method = str(operation.get("method", "")).upper()
    data = operation.get("data")
    return [{**operation, "data": _message(method, "", data)} if isinstance(data, dict) else operation]


def _patches(operation: dict[str, Any]) -> list[dict[str, Any]]:
    """One operation of a PATCH, and apart from it what it names in its value by paths that only `path` may hold."""
    named = {name.casefold(): value for name, value in operation.items()}
    if isinstance(named.get("op"), str):
        named["op"] = named["op"].lower()
    value = named.get("value")
    if named.get("path") is not None or named.get("op") not in ("add", "replace") or not isinstance(value, dict):
        return [_patch(named)]
    apart = {path: inner for path, inner in value.items() if "[" in path or OF_ENTERPRISE.fullmatch(path)}
    rest = {name: inner for name, inner in value.items() if name not in apart}
    own = [_patch({**named, "path": path, "value": inner}) for path, inner in apart.items()]
    return own if own and not rest else [_patch({**named, "value": rest}), *own]


def _patch(named: dict[str, Any]) -> dict[str, Any]:
    """A manager who is a mere id, or is removed by an empty value; `"False"`; a path without the extension's name."""
    path, value = named.get("path"), named.get("value")
    if isinstance(path, str) and OF_ENTERPRISE.fullmatch(path):
        named["path"] = path = f"{ENTERPRISE}:{path}"
    if isinstance(path, str) and path.casefold() in (MANAGER_PATH, f"{MANAGER_PATH}.value"):
        return _manager_patch(named)
    if isinstance(value, dict):
        return {**named, "value": _resource(value)}
    if not isinstance(path, str):
        return named
    if BOOLEAN_PATH.search(path):
        return {**named, "value": _truth(value)} if "value" in named else named
    return {**named, "value": _attribute("", value)} if isinstance(value, list) else named


def _manager_patch(operation: dict[str, Any]) -> dict[str, Any]:
    manager = _manager(operation.get("value"))
    path = f"{ENTERPRISE}:manager"
    if operation.get("op") == "remove" or manager is None:
        return {"op": "remove", "path": path}
    return {**operation, "path": path, "value": manager}


def _resource(content: dict[str, Any]) -> dict[str, Any]:
    return {name: _attribute(name, value) for name, value in content.items()}


def _attribute(name: str, value: Any) -> Any:
    if name.casefold() in BOOLEANS or BOOLEAN_PATH.search(name):
        return _truth(value)
    if name.casefold() in ("manager", MANAGER_PATH):
        return _manager(value)
    if isinstance(value, dict):
        return _resource(value)
    if isinstance(value, list):
        return [_resource(each) if isinstance(each, dict) else each for each in value]
    return value


def _manager(value: Any) -> Any:
    """An id, a list of one, or an empty text: as the complex value it is, with its reference, or none."""
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, str):
        value = {"value": value}
    if not isinstance(value, dict) or "value" not in value:
        return value
    id_ = str(value["value"] or "").strip()
    known = "$ref" in value or id_.startswith(BULK_ID)
    return (value if known else {"$ref": f"Users/{id_}", **value}) if id_ else None


def _truth(value: Any) -> Any:
    return TRUTH.get(value.casefold(), value) if isinstance(value, str) else value


def _with_operations(content: dict[str, Any], change: Callable[[dict[str, Any]], list[Any]]) -> dict[str, Any]:
    return {
        name: [made for each in value for made in (change(each) if isinstance(each, dict) else [each])]
        if name.casefold() == "operations" and isinstance(value, list)
        else value
        for name, value in content.items()
    }
