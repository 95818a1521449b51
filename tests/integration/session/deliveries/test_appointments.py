"""Mail about an appointment brings it into calendars, and out of them."""

from email.message import EmailMessage
from typing import Any

import icalendar

from tests.integration.session.deliveries.conftest import Office


def invited(mail: EmailMessage) -> tuple[str, str, int, list[str]]:
    """The method, UID, SEQUENCE and attendees of what a mail brings for a calendar: as a form of it, and as a file."""
    assert mail.get_content_type() == "multipart/mixed"
    forms, file = mail.iter_parts()
    assert [part.get_content_type() for part in forms.iter_parts()] == ["text/plain", "text/html", "text/calendar"]
    form = list(forms.iter_parts())[-1]
    calendar = icalendar.Calendar.from_ical(form.get_content())
    assert (form["Content-Type"].params["method"], form.get_content_charset()) == (calendar["method"], "utf-8")
    assert (file.get_content_type(), file.get_filename()) == ("application/ics", "invite.ics")
    assert icalendar.Calendar.from_ical(file.get_content()) == calendar
    event: Any = calendar.walk("VEVENT")[0]
    return str(calendar["method"]), str(event["uid"]), event["sequence"], [str(each) for each in event["attendee"]]


async def test_a_mail_about_an_appointment_brings_it_into_calendars_and_out_of_them(office: Office) -> None:
    learner, mentor = await office.people()
    session_id = await office.world.asked(learner, mentor)
    path = f"/sessions/{session_id}"
    await office.world.post(mentor, f"{path}/accept")
    await office.deliver()
    told = len(office.mails.taken)
    for step, body in (
        ("schedule", {"starts_at": "2030-01-01T12:00:00Z"}),
        ("schedule", {"starts_at": "2030-01-02T12:00:00Z"}),
        ("cancel", {}),
    ):
        assert (await office.world.post(mentor, f"{path}/{step}", body)).status_code == 200
        await office.deliver()
    assert [mail.get_content_type() for mail in office.mails.taken[:told]] == ["multipart/alternative"] * told
    seen = [invited(mail) for mail in office.mails.taken[told:]]
    both = ["mailto:amara@aurora.example", "mailto:xiuying@aurora.example"]
    assert [method for method, *_ in seen] == ["REQUEST"] * 4 + ["CANCEL"] * 2
    assert all((uid, attendees) == (session_id, both) for _, uid, _, attendees in seen)
    first, moved, ended = (sequence for _, _, sequence, _ in seen[::2])
    assert first < moved < ended
    assert [sequence for _, _, sequence, _ in seen[1::2]] == [first, moved, ended], "the same for both"


async def test_a_time_that_is_another_by_now_is_not_told_any_more(office: Office) -> None:
    learner, mentor = await office.people()
    path = f"/sessions/{await office.world.asked(learner, mentor)}"
    await office.world.post(mentor, f"{path}/accept")
    for day in (1, 2):
        await office.world.post(mentor, f"{path}/schedule", {"starts_at": f"2030-01-0{day}T12:00:00Z"})
    await office.deliver()
    subjects = [mail["Subject"] for mail in office.mails.taken if "meet" in mail["Subject"]]
    assert len(subjects) == 2
    assert all("2 January 2030" in subject for subject in subjects)
