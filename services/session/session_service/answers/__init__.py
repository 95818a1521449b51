"""What the session service answers to the two whom a session concerns, by subject."""

from session_service.answers.availability import AvailabilityAnswer as AvailabilityAnswer
from session_service.answers.blocks import BlockItem as BlockItem
from session_service.answers.blocks import BlockPage as BlockPage
from session_service.answers.conversation import LinkAnswer as LinkAnswer
from session_service.answers.conversation import MessageAnswer as MessageAnswer
from session_service.answers.conversation import MessagePage as MessagePage
from session_service.answers.follow_up import RelationshipItem as RelationshipItem
from session_service.answers.follow_up import RelationshipPage as RelationshipPage
from session_service.answers.reports import OpenedReport as OpenedReport
from session_service.answers.reports import ReportAnswer as ReportAnswer
from session_service.answers.reports import ReportPage as ReportPage
from session_service.answers.reports import ViewItem as ViewItem
from session_service.answers.reports import ViewPage as ViewPage
from session_service.answers.sessions import SessionAnswer as SessionAnswer
from session_service.answers.sessions import SessionPage as SessionPage
from session_service.answers.stream import StreamMessage as StreamMessage
from session_service.answers.stream import StreamRead as StreamRead
