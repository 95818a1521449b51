"""The end of the metrics' way: the dashboard beside this file, written by `python deploy/grafana/build.py`."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from grafana_foundation_sdk.builders import common, dashboard, prometheus, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import GraphThresholdsStyleMode
from grafana_foundation_sdk.models.dashboard import DataSourceRef, Threshold, ThresholdsMode, VariableRefresh

FILE = Path(__file__).parent / "flash-mentoring.json"
SOURCE = DataSourceRef(type_val="prometheus", uid="${source}")
WIDTH, HEIGHT = 8, 8


@dataclass(frozen=True)
class Graph:
    """Lines over time: PromQL by legend, in `unit` (a Grafana unit id); `limit` is where an alert begins to count."""

    title: str
    meaning: str
    unit: str
    queries: Mapping[str, str]
    limit: float | None = None


def rate(metric: str, *by: str) -> str:
    """Events per second of a counter, summed but for these labels."""
    return f"sum by ({', '.join(by)}) (rate({metric}[5m]))"


def quantile(share: float, histogram: str, *by: str) -> str:
    """The value that this share of the observations stays below, for each of these labels."""
    return f"histogram_quantile({share}, {rate(f'{histogram}_bucket', *by, 'le')})"


def share(part: str, whole: str, *by: str) -> str:
    """What part of a counter's events another makes up: 0 also where the part never happened and has no series."""
    return f"({rate(part, *by)} or 0 * {rate(whole, *by)}) / {rate(whole, *by)}"


def of_programs(gauge: str, *by: str) -> str:
    """A gauge of the chosen programs with their names, once however many processes show it."""
    names = 'max by (program, name) (flash_program_info{name=~"$program"})'
    return f"max by ({', '.join(('program', *by))}) ({gauge}) * on (program) group_left (name) {names}"


FAILED = 'flash_http_requests_total{status=~"5.."}'
GATEWAY = 'envoy_http_downstream_rq_xx{envoy_http_conn_manager_prefix="gateway"}'
GATEWAY_FAILED = 'envoy_http_downstream_rq_xx{envoy_http_conn_manager_prefix="gateway", envoy_response_code_class="5"}'

CHAIN = (
    Graph(
        "Oldest unpublished event",
        "How long a committed change has been waiting for Kafka. 0 when all is published.",
        "s",
        {"{{service}}": "max by (service) (flash_outbox_oldest_seconds)"},
        limit=30,
    ),
    Graph(
        "Consumers behind",
        "How old what a consumer handles is, while more is waiting. 0 when it is caught up.",
        "s",
        {"{{service}} {{consumer}}": "max by (service, consumer) (flash_consumer_lag_seconds)"},
        limit=60,
    ),
    Graph(
        "Index behind",
        "Age of the oldest change of a person that search does not show yet.",
        "s",
        {"index": "max(flash_index_behind_seconds)"},
        limit=60,
    ),
    Graph(
        "From the fact to its effect, 99 %",
        "From the moment something happened until a consumer's effect is committed.",
        "s",
        {"{{service}} {{consumer}}": quantile(0.99, "flash_event_age_seconds", "service", "consumer")},
    ),
    Graph(
        "Events",
        "Published by each service, and handled by each consumer.",
        "ops",
        {
            "from {{service}}": rate("flash_outbox_published_total", "service"),
            "to {{service}} {{consumer}}": rate("flash_consumer_events_total", "service", "consumer"),
        },
    ),
    Graph(
        "Set aside, stopped, repeated",
        "Dead letters that wait; 1 for a consumer that stopped; batches put back and failed polls per second.",
        "short",
        {
            "dead letters of {{service}} {{consumer}}": "sum by (service, consumer) "
            "(max by (service, consumer, topic) (flash_dead_letters_waiting))",
            "{{service}} {{consumer}} stopped": "max by (service, consumer) (flash_consumer_stopped) == 1",
            "put back by {{service}} {{consumer}}": rate("flash_consumer_retries_total", "service", "consumer")
            + " > 0",
        },
    ),
)

SERVICES = (
    Graph(
        "Not answering, not working",
        "Processes that Prometheus cannot reach, components that do not get on, outboxes that nobody publishes.",
        "short",
        {
            "{{job}} unreachable": "sum by (job) (up == bool 0)",
            "{{service}} components": "sum by (service) (flash_component_up == bool 0)",
            "{{service}} without a leader": "max by (service) (flash_relay_leader) == bool 0",
        },
    ),
    Graph(
        "Requests",
        "Answered by each service, and in all by the gateway.",
        "reqps",
        {"{{service}}": rate("flash_http_requests_total", "service"), "gateway": rate(GATEWAY)},
    ),
    Graph(
        "Share of failures",
        "Answers of 500 and above. The gateway also counts services that do not answer.",
        "percentunit",
        {
            "{{service}}": share(FAILED, "flash_http_requests_total", "service"),
            "gateway": share(GATEWAY_FAILED, GATEWAY),
        },
        limit=0.05,
    ),
    Graph(
        "Time to answer, 95 %",
        "By service, without the gateway's part.",
        "s",
        {"{{service}}": quantile(0.95, "flash_http_request_seconds", "service")},
    ),
    Graph(
        "Time to handle a batch, 95 %",
        "By consumer, the commit included.",
        "s",
        {"{{service}} {{consumer}}": quantile(0.95, "flash_consumer_batch_seconds", "service", "consumer")},
    ),
    Graph(
        "Turned away at the gateway",
        "Requests without a valid token, and callers beyond their limit.",
        "reqps",
        {
            "no valid token": rate("envoy_http_jwt_authn_denied"),
            "beyond the limit of {{envoy_local_http_ratelimit_prefix}}": rate(
                "envoy_http_local_rate_limit_enforced", "envoy_local_http_ratelimit_prefix"
            ),
        },
    ),
    Graph(
        "Searches",
        "By what they found. Many without a hit: a skill that people want and nobody offers, or words not understood.",
        "ops",
        {"{{outcome}}": rate("flash_searches_total", "outcome")},
    ),
    Graph(
        "Time of a search in OpenSearch",
        "Half of all searches, and 95 % of them, stay below.",
        "s",
        {"50 %": quantile(0.5, "flash_search_seconds"), "95 %": quantile(0.95, "flash_search_seconds")},
    ),
    Graph(
        "Documents to the index",
        "By what OpenSearch said: stale ones it had already, parked ones it refused for good.",
        "ops",
        {"{{outcome}}": rate("flash_index_documents_total", "outcome")},
    ),
    Graph(
        "Pushes of HR",
        "Events by outcome, and passes over people that changed units and programs, and merged skills, still need.",
        "short",
        {
            "{{outcome}} per second": rate("flash_hr_events_total", "outcome"),
            "passes to make": "max(flash_refreshes_waiting)",
            "merges to follow": "max(flash_skill_merges_waiting)",
        },
    ),
    Graph(
        "Lost and found",
        "How many differences between source and projection the last `reconcile` found, repaired or not.",
        "short",
        {"{{what}} of {{service}}": "max by (service, what) (flash_reconcile_differences)"},
    ),
    Graph(
        "Requests of learners",
        "Those that wait for an answer, and those of the last day that nobody answered or that found a mentor full.",
        "short",
        {
            "waiting": "max(flash_open_requests)",
            "not answered in time": "sum(increase(flash_requests_expired_total[1d]))",
            "the mentor's month was full": "sum(increase(flash_capacity_refusals_total[1d]))",
        },
    ),
)

PROGRAMS = (
    Graph(
        "Messages exchanged",
        "Between the two people of a session, since the program's start.",
        "short",
        {"{{name}}": of_programs("flash_program_messages_exchanged")},
    ),
    Graph(
        "Relationships made",
        "Pairs that both want to meet again, or met a second time, since the program's start.",
        "short",
        {"{{name}}": of_programs("flash_program_relationships_made")},
    ),
    Graph(
        "Satisfaction",
        "Share of ratings of 4 or 5 of 5. No line while fewer than 5 people rated.",
        "percentunit",
        {"{{name}}": of_programs("flash_program_satisfaction_ratio")},
    ),
    Graph(
        "Surveys answered",
        "Share answered within 14 days. No line while fewer than 5 people were asked.",
        "percentunit",
        {"{{name}}": of_programs("flash_program_survey_response_ratio")},
    ),
    Graph(
        "Objectives",
        "What the program's owners want to reach, by state.",
        "short",
        {"{{name}} {{state}}": of_programs("flash_program_objectives", "state")},
    ),
)

ROWS = {"Freshness of the chain": CHAIN, "Health of the services": SERVICES, "Success of the programs": PROGRAMS}


def build() -> str:
    """The dashboard as JSON, the same for the same definitions."""
    board = dashboard.Dashboard("Flash Mentoring").uid("flash-mentoring").refresh("10s").time("now-30m", "now")
    board = board.with_variable(dashboard.DatasourceVariable("source").label("Prometheus").type("prometheus"))
    board = board.with_variable(_choice_of_programs())
    for title, graphs in ROWS.items():
        board = board.with_row(dashboard.Row(title))
        for graph in graphs:
            board = board.with_panel(_panel(graph))
    return JSONEncoder(sort_keys=True, indent=2).encode(board.build()) + "\n"


def _choice_of_programs() -> dashboard.QueryVariable:
    names = dashboard.QueryVariable("program").label("Program").datasource(SOURCE)
    names = names.query("label_values(flash_program_info, name)").refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
    return names.multi(True).include_all(True).all_value(".*")


def _panel(graph: Graph) -> timeseries.Panel:
    panel = timeseries.Panel().title(graph.title).description(graph.meaning).datasource(SOURCE)
    panel = panel.unit(graph.unit).min(0).span(WIDTH).height(HEIGHT)
    for number, (legend, expression) in enumerate(graph.queries.items()):
        query = prometheus.Dataquery().ref_id("ABC"[number]).expr(expression).legend_format(legend)
        panel = panel.with_target(query)
    return panel if graph.limit is None else _with_limit(panel, graph.limit)


def _with_limit(panel: timeseries.Panel, limit: float) -> timeseries.Panel:
    steps = [Threshold(color="green"), Threshold(value=limit, color="red")]
    thresholds = dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps)
    dashed = common.GraphThresholdsStyleConfig().mode(GraphThresholdsStyleMode.DASHED)
    return panel.thresholds(thresholds).thresholds_style(dashed)


if __name__ == "__main__":
    FILE.write_text(build(), encoding="utf-8")
