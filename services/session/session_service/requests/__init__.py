"""Step 1 of the write path: the bodies that the session service takes, by subject."""

from session_service.requests.answering import DeclineBody as DeclineBody
from session_service.requests.asking import AskBody as AskBody
from session_service.requests.asking import FormalGoal as FormalGoal
from session_service.requests.availability import AvailabilityBody as AvailabilityBody
from session_service.requests.conversation import EditBody as EditBody
from session_service.requests.conversation import MessageBody as MessageBody
from session_service.requests.conversation import ReadBody as ReadBody
from session_service.requests.follow_up import SurveyBody as SurveyBody
from session_service.requests.follow_up import WishBody as WishBody
from session_service.requests.meeting import HeldBody as HeldBody
from session_service.requests.meeting import ScheduleBody as ScheduleBody
from session_service.requests.reports import DecisionBody as DecisionBody
from session_service.requests.reports import ReportBody as ReportBody
