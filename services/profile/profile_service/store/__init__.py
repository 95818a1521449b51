"""Step 4 of the write path: every statement of the profile service, one function each, by subject."""

from profile_service.store.hr import IDS_BY_NUMBER as IDS_BY_NUMBER
from profile_service.store.hr import MANAGERS as MANAGERS
from profile_service.store.hr import SEEN as SEEN
from profile_service.store.hr import expect_people as expect_people
from profile_service.store.hr import ids_by_number as ids_by_number
from profile_service.store.hr import managers_above as managers_above
from profile_service.store.hr import remember_events as remember_events
from profile_service.store.hr import seen_events as seen_events
from profile_service.store.organisation import ORGANISATION_LOCK as ORGANISATION_LOCK
from profile_service.store.organisation import SAVE_UNITS as SAVE_UNITS
from profile_service.store.organisation import lock_organisation as lock_organisation
from profile_service.store.organisation import organisation as organisation
from profile_service.store.organisation import save_units as save_units
<<<<<<< HEAD
from profile_service.store.organisation import seen_events as seen_events
from profile_service.store.passes import KEPT as KEPT
=======
>>>>>>> 3ab0670 (HR push: one family of events in a package of its own, parts ordered each by itself, managers, snapshots, signed senders)
from profile_service.store.passes import MOVE_JOB as MOVE_JOB
from profile_service.store.passes import NEXT_JOB as NEXT_JOB
from profile_service.store.passes import NEXT_OF_ALL as NEXT_OF_ALL
from profile_service.store.passes import NEXT_PEOPLE as NEXT_PEOPLE
from profile_service.store.passes import NEXT_PEOPLE_BELOW as NEXT_PEOPLE_BELOW
from profile_service.store.passes import PROGRESS as PROGRESS
<<<<<<< HEAD
from profile_service.store.passes import THESE as THESE
=======
from profile_service.store.passes import WAITING_JOBS as WAITING_JOBS
>>>>>>> 3ab0670 (HR push: one family of events in a package of its own, parts ordered each by itself, managers, snapshots, signed senders)
from profile_service.store.passes import Progress as Progress
from profile_service.store.passes import RefreshJob as RefreshJob
from profile_service.store.passes import WaitingPass as WaitingPass
from profile_service.store.passes import add_refresh as add_refresh
from profile_service.store.passes import lock_next as lock_next
from profile_service.store.passes import move_refresh as move_refresh
from profile_service.store.passes import next_refresh as next_refresh
<<<<<<< HEAD
from profile_service.store.passes import outrank as outrank
=======
from profile_service.store.passes import people_by_unit as people_by_unit
>>>>>>> 3ab0670 (HR push: one family of events in a package of its own, parts ordered each by itself, managers, snapshots, signed senders)
from profile_service.store.passes import people_to_refresh as people_to_refresh
from profile_service.store.passes import progress as progress
from profile_service.store.passes import unfinished_refreshes as unfinished_refreshes
from profile_service.store.passes import waiting_passes as waiting_passes
from profile_service.store.people import SAVE_PEOPLE as SAVE_PEOPLE
from profile_service.store.people import employee as employee
from profile_service.store.people import lock_person as lock_person
from profile_service.store.people import people_by_number as people_by_number
from profile_service.store.people import person as person
from profile_service.store.people import save_people as save_people
from profile_service.store.programs import LIST_PROGRAMS as LIST_PROGRAMS
from profile_service.store.programs import SAVE_PROGRAM as SAVE_PROGRAM
from profile_service.store.programs import lock_program as lock_program
from profile_service.store.programs import programs as programs
from profile_service.store.programs import programs_of as programs_of
from profile_service.store.programs import save_program as save_program
from profile_service.store.skills import LIST_SKILLS as LIST_SKILLS
from profile_service.store.skills import NAME_OWNERS as NAME_OWNERS
from profile_service.store.skills import SAVE_SKILL as SAVE_SKILL
from profile_service.store.skills import SKILLS_BY_ID as SKILLS_BY_ID
from profile_service.store.skills import VOCABULARY_LOCK as VOCABULARY_LOCK
from profile_service.store.skills import lock_vocabulary as lock_vocabulary
from profile_service.store.skills import owners_of_names as owners_of_names
from profile_service.store.skills import save_skill as save_skill
from profile_service.store.skills import skill as skill
from profile_service.store.skills import skills as skills
from profile_service.store.skills import skills_by_id as skills_by_id
from profile_service.store.snapshots import LISTED_PEOPLE as LISTED_PEOPLE
from profile_service.store.snapshots import MISSING as MISSING
from profile_service.store.snapshots import NEXT_SNAPSHOT as NEXT_SNAPSHOT
from profile_service.store.snapshots import SAVE_ENTRIES as SAVE_ENTRIES
from profile_service.store.snapshots import SAVE_SNAPSHOT as SAVE_SNAPSHOT
from profile_service.store.snapshots import listed_people as listed_people
from profile_service.store.snapshots import listed_units as listed_units
from profile_service.store.snapshots import missing_people as missing_people
from profile_service.store.snapshots import next_snapshot as next_snapshot
from profile_service.store.snapshots import people_present as people_present
from profile_service.store.snapshots import save_part as save_part
from profile_service.store.snapshots import save_snapshot as save_snapshot
from profile_service.store.snapshots import snapshot_of as snapshot_of
from profile_service.store.snapshots import snapshots as snapshots
from profile_service.store.snapshots import snapshots_waiting as snapshots_waiting
from profile_service.store.webhooks import WebhookClient as WebhookClient
from profile_service.store.webhooks import add_secret as add_secret
from profile_service.store.webhooks import add_webhook_client as add_webhook_client
from profile_service.store.webhooks import answer_delivery as answer_delivery
from profile_service.store.webhooks import claim_delivery as claim_delivery
from profile_service.store.webhooks import expire_secrets as expire_secrets
from profile_service.store.webhooks import forget_deliveries as forget_deliveries
from profile_service.store.webhooks import lock_webhook_client as lock_webhook_client
from profile_service.store.webhooks import revoke_webhook_client as revoke_webhook_client
from profile_service.store.webhooks import valid_secrets as valid_secrets
from profile_service.store.webhooks import webhook_clients as webhook_clients
