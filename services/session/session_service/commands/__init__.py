"""Step 2 of the write path: each use case of the session service, one function and one transaction each, by subject."""

from session_service.commands.answering import accept as accept
from session_service.commands.answering import answer as answer
from session_service.commands.asking import ask as ask
from session_service.commands.availability import read_availability as read_availability
from session_service.commands.availability import set_availability as set_availability
from session_service.commands.calendars import common_slots as common_slots
from session_service.commands.calendars import forget_calendar as forget_calendar
from session_service.commands.calendars import set_calendar as set_calendar
from session_service.commands.clocks import WallClocks as WallClocks
from session_service.commands.closing import close_departed as close_departed
from session_service.commands.closing import expire_some as expire_some
from session_service.commands.conversation import send as send
from session_service.commands.follow_up import part as part
from session_service.commands.follow_up import wish as wish
from session_service.commands.meeting import schedule as schedule
from session_service.commands.outcome import conclude_missed as conclude_missed
from session_service.commands.outcome import hold as hold
from session_service.commands.outcome import miss as miss
from session_service.commands.reminders import Remind as Remind
from session_service.commands.reminders import remind_some as remind_some
from session_service.commands.steps import Repeatable as Repeatable
from session_service.commands.steps import take_step as take_step
from session_service.commands.surveys import answer_survey as answer_survey
from session_service.commands.surveys import follow_up as follow_up
