"""The metric catalogue of the profile service."""

from prometheus_client import Counter, Gauge

HR_EVENTS = Counter("flash_hr_events_total", "Pushed HR events by outcome: applied, ignored, refused.", ["outcome"])
REFRESHES_WAITING = Gauge(
    "flash_refreshes_waiting", "Passes over people still to be made; stays above 0 when re-evaluation is stuck."
)
ERASURES_UNCONFIRMED = Gauge(
    "flash_erasures_unconfirmed", "Requests to forget somebody that not every service has confirmed yet."
)
ERASURE_OLDEST = Gauge(
    "flash_erasure_oldest_seconds", "Age of the oldest request to forget somebody that is not confirmed; 0 without one."
)
PEOPLE_REFRESHED = Counter("flash_people_refreshed_total", "People placed anew in the background.", ["changed"])
MERGES_WAITING = Gauge("flash_skill_merges_waiting", "Merged skills whose people are still to be gone through.")
CLAIMS_MOVED = Counter("flash_skill_claims_moved_total", "People whose claim of a merged skill became another's.")
REMINDERS = Counter("flash_profile_reminders_total", "People reminded to confirm their skills.")
SCIM_REQUESTS = Counter(
    "flash_scim_requests_total",
    "Requests of SCIM clients by outcome: done, refused, unauthorized, failed.",
    ["outcome"],
)
