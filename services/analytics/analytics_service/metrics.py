"""The metric catalogue of the analytics service: the success of programs. Small groups have no value at all."""

from prometheus_client import Gauge

PROGRAM_INFO = Gauge("flash_program_info", "1 for each program, with its name.", ["program", "name"])
MESSAGES_EXCHANGED = Gauge(
    "flash_program_messages_exchanged", "Messages between people since the program's start.", ["program"]
)
RELATIONSHIPS_MADE = Gauge(
    "flash_program_relationships_made", "Pairs that want to meet again, since the program's start.", ["program"]
)
SATISFACTION_RATIO = Gauge(
    "flash_program_satisfaction_ratio",
    "Share of ratings of 4 or 5 since the program's start.",
    ["program"],
)
SURVEY_RESPONSE_RATIO = Gauge(
    "flash_program_survey_response_ratio", "Share of surveys answered in time, since the program's start.", ["program"]
)
OBJECTIVES = Gauge(
    "flash_program_objectives", "Objectives by state: met, not_met, not_enough_data.", ["program", "state"]
)
