"""What HR may say about units and people, and what follows from it, event by event. Step 3 of the write path: pure."""

from profile_service.hr.cloud_events import parse_cloud_event as parse_cloud_event
from profile_service.hr.events import AnyHrEvent as AnyHrEvent
from profile_service.hr.events import HrEvent as HrEvent
from profile_service.hr.events import ListedPerson as ListedPerson
from profile_service.hr.events import ListedUnit as ListedUnit
from profile_service.hr.events import PersonEvent as PersonEvent
from profile_service.hr.events import SnapshotPart as SnapshotPart
from profile_service.hr.events import UnitEvent as UnitEvent
from profile_service.hr.events import parse as parse
from profile_service.hr.outcomes import Older as Older
from profile_service.hr.outcomes import Refusal as Refusal
from profile_service.hr.outcomes import Result as Result
from profile_service.hr.push import Push as Push
from profile_service.hr.push import in_order as in_order
from profile_service.hr.snapshot import AnyListed as AnyListed
from profile_service.hr.snapshot import Snapshot as Snapshot
from profile_service.hr.snapshot import depths as depths
from profile_service.hr.snapshot import received as received
