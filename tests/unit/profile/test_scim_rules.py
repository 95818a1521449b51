"""What SCIM bodies become, and which person and unit a user is: the rules alone."""

from typing import Any
from uuid import uuid4

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from profile_service.model import Organisation, Person, Unit
from profile_service.scim import habits, mapping
from profile_service.scim.departments import Departments
from profile_service.scim.users import ScimUser
from scim2_models import InvalidValueException

from tests.support.scim import ENTERPRISE, PATCH_OP, user

names = st.sampled_from(
    ["active", "primary", "manager", "members", "value", "path", "op", "Operations", "x.active", "y", "z[y eq 1].value"]
)
leaves = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text(max_size=5)
    | st.sampled_from(["True", "FALSE", "", " "])
)
nested = st.dictionaries(names, leaves, max_size=2)
anything = leaves | nested | st.lists(leaves | nested, max_size=2)
paths = st.sampled_from(["Users", "Groups/1", "Bulk", "/Users/1"])
methods = st.sampled_from(["POST", "PUT", "PATCH"])


def regular(method: str, path: str, content: Any) -> Any:
    return orjson.loads(habits.regular(method, path, orjson.dumps(content)))


def parsed(**attributes: Any) -> ScimUser:
    return ScimUser.model_validate(user("S-1", **attributes))


def unit(code: str, name: str, parent: Unit | None = None, *, closed: bool = False) -> Unit:
    return Unit(uuid4(), code, name, parent.unit_id if parent else None, closed, 5)


def person_in(place: Unit, status: Any = "active") -> Person:
    return Person(uuid4(), "1", 1, 1, "N", "T", 1, "L", place.unit_id, status)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # of a busy machine
@given(methods, paths, st.dictionaries(names, anything, max_size=3))
def test_making_a_body_regular_twice_is_making_it_once(method: str, path: str, content: dict[str, Any]) -> None:
    once = regular(method, path, content)
    assert regular(method, path, once) == once


@given(st.binary(max_size=30))
def test_what_is_no_object_passes_as_it_is(body: bytes) -> None:
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError:
        content = None
    if not isinstance(content, dict):
        assert habits.regular("POST", "Users", body) == body


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_body_as_the_standard_has_it_is_left_alone(method: str) -> None:
    body = user("S-1", department="Research", roles=[{"type": "jobLevel", "value": "True"}], title="False")
    assert regular(method, "Users", body) == body
    patch = {"schemas": [PATCH_OP], "Operations": [{"op": "replace", "path": "title", "value": "True"}]}
    assert regular("PATCH", "Users/1", patch) == patch


def test_a_patch_without_a_path_becomes_one_for_each_path_that_its_value_cannot_hold() -> None:
    value = {'emails[type eq "work"].value': "w@b.c", "name.givenName": "Q", "Department": "Research", "manager": "7"}
    patch = {"schemas": [PATCH_OP], "Operations": [{"op": "Replace", "value": value}]}
    assert regular("PATCH", "Users/1", patch)["Operations"] == [
        {"op": "replace", "value": {"name.givenName": "Q"}},
        {"op": "replace", "path": 'emails[type eq "work"].value', "value": "w@b.c"},
        {"op": "replace", "path": f"{ENTERPRISE}:Department", "value": "Research"},
        {"op": "replace", "path": f"{ENTERPRISE}:manager", "value": {"$ref": "Users/7", "value": "7"}},
    ]
    removal = {"schemas": [PATCH_OP], "Operations": [{"op": "remove", "value": value}]}
    assert len(regular("PATCH", "Users/1", removal)["Operations"]) == 1


@pytest.mark.parametrize(
    ("given_", "number"),
    [({}, "S-1"), ({ENTERPRISE: {}}, "ext-S-1"), ({ENTERPRISE: {}, "externalId": None}, "user-S-1@aurora.example")],
)
def test_the_number_is_the_employee_number_or_else_the_external_id_or_the_name(
    given_: dict[str, Any], number: str
) -> None:
    assert mapping.employee_number(parsed(**given_)) == number


@pytest.mark.parametrize(
    ("given_", "name"),
    [
        ({"displayName": "Nadia F.", "name": {"formatted": "Dr. Nadia Ferreira"}}, "Nadia F."),
        ({"displayName": None, "name": {"formatted": "Dr. Nadia Ferreira", "givenName": "N"}}, "Dr. Nadia Ferreira"),
        ({"displayName": " ", "name": {"givenName": "Nadia", "familyName": "Ferreira"}}, "Nadia Ferreira"),
        ({"displayName": None}, "user-S-1@aurora.example"),
    ],
)
def test_the_name_is_what_is_shown_or_else_its_parts(given_: dict[str, Any], name: str) -> None:
    assert mapping.facts(parsed(**given_)).name == name


def test_the_place_is_that_of_work_or_else_the_first() -> None:
    home, work = {"type": "home", "locality": "Porto"}, {"type": "work", "locality": "Lisbon"}
    assert mapping.facts(parsed(addresses=[home, work])).location == "Lisbon"
    assert mapping.facts(parsed(addresses=[home, {"type": "work", "country": "PT"}])).location == "Porto"
    assert mapping.facts(parsed(addresses=[])).location is None


@pytest.mark.parametrize("address", ["jo@corp.local", "x@localhost", "jo@aurora.example"])
def test_an_address_of_a_company_net_is_one(address: str) -> None:
    assert mapping.facts(parsed(emails=[{"value": address}])).email == address


@pytest.mark.parametrize("nothing", ["", " ", "not an address", "a@b\r\nBcc: c@d", None])
def test_an_address_that_is_none_is_passed_over(nothing: str | None) -> None:
    primary = {"value": nothing, "primary": True}
    assert mapping.facts(parsed(emails=[primary])).email is None
    assert mapping.facts(parsed(emails=[primary, {"value": "jo@aurora.example"}])).email == "jo@aurora.example"


def test_a_link_that_is_none_costs_nobody_the_rest() -> None:
    read = parsed(profileUrl="no link", photos=[{"value": "no link", "display": "Jo"}], title="Boss")
    assert (read.profile_url, read.title) == (None, "Boss")
    assert [(photo.value, photo.display) for photo in read.photos or []] == [(None, "Jo")]
    assert parsed(profileUrl="https://aurora.example/jo").profile_url == "https://aurora.example/jo"


@pytest.mark.parametrize("value", ["0", "21", "-1", "five", "", "1.5", "²"])
def test_a_job_level_is_a_number_from_1_to_20(value: str) -> None:
    assert mapping.facts(parsed(roles=[{"type": "JobLevel", "value": "20"}])).job_level == 20
    with pytest.raises(InvalidValueException):
        mapping.facts(parsed(roles=[{"type": "jobLevel", "value": value}]))


def test_a_department_is_a_code_or_the_name_of_one_open_unit() -> None:
    root = unit("root", "Aurora")
    lab, shut = unit("lab", "Research", root), unit("old", "Sales", root, closed=True)
    departments = Departments(Organisation([root, lab, shut]))
    assert departments.place("lab", None) == ("lab", [])
    assert departments.place("rESEARCH", None) == ("lab", [])
    code, made = departments.place("Sales", None)
    assert (code, made[0]["name"], made[0]["parent"]) == ("scim:sales", "Sales", "root")


def test_without_one_root_a_new_unit_has_no_parent() -> None:
    for units in ([], [unit("a", "A"), unit("b", "B")]):
        _, made = Departments(Organisation(units)).place("Sales", None)
        assert made[0]["parent"] is None


def test_a_unit_that_scim_made_and_hr_closed_opens_again() -> None:
    root = unit("root", "Aurora")
    closed = unit("scim:sales", "Sales", root, closed=True)
    code, made = Departments(Organisation([root, closed])).place("Sales", None)
    assert [(event["type"], event["unit"]) for event in made] == [("unit_upserted", code)]


def test_who_has_no_department_stays_where_they_are() -> None:
    root = unit("root", "Aurora")
    lab, shut = unit("lab", "Research", root), unit("old", "Old", root, closed=True)
    departments = Departments(Organisation([root, lab, shut]))
    assert departments.place(None, person_in(lab)) == ("lab", [])
    assert departments.place(None, person_in(shut)) == ("old", [])
    assert departments.place(None, person_in(shut, "left"))[0] == "scim:unassigned"
    assert departments.place(None, None)[0] == "scim:unassigned"
