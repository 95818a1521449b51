"""Builds the dashboard that is committed beside it: `python deploy/grafana/build.py` writes `flash-mentoring.json`."""

from pathlib import Path

from grafana_foundation_sdk.builders import dashboard, prometheus, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder

FILE = Path(__file__).parent / "flash-mentoring.json"
WIDTH, HEIGHT = 8, 8

ROWS: dict[str, list[tuple[str, str, str, str]]] = {
    "Freshness of the chain": [
        ("Oldest unpublished event", "s", "{{service}}", "flash_outbox_oldest_seconds"),
        (
            "Consumers behind",
            "s",
            "{{service}} {{consumer}}",
            "max by (service, consumer) (flash_consumer_lag_seconds)",
        ),
        ("Index behind", "s", "index", "flash_index_behind_seconds"),
        (
            "From the fact to its effect, p99",
            "s",
            "{{service}} {{consumer}}",
            "histogram_quantile(0.99, sum by (service, consumer, le) (rate(flash_event_age_seconds_bucket[5m])))",
        ),
        ("Events published", "ops", "{{service}}", "sum by (service) (rate(flash_outbox_published_total[1m]))"),
        ("Dead letters", "short", "{{service}} {{consumer}}", "sum by (service, consumer) (flash_dead_letters_total)"),
    ],
    "Health of the services": [
        ("Requests", "reqps", "{{service}}", "sum by (service) (rate(flash_http_requests_total[1m]))"),
        (
            "Share of failures",
            "percentunit",
            "{{service}}",
            'sum by (service) (rate(flash_http_requests_total{status=~"5.."}[5m]))'
            " / sum by (service) (rate(flash_http_requests_total[5m]))",
        ),
        (
            "Time to answer, p95",
            "s",
            "{{service}}",
            "histogram_quantile(0.95, sum by (service, le) (rate(flash_http_request_seconds_bucket[5m])))",
        ),
        ("Unhealthy components", "short", "{{service}} {{component}}", "flash_component_up == 0"),
        (
            "Search, p95",
            "s",
            "OpenSearch",
            "histogram_quantile(0.95, sum by (le) (rate(flash_search_seconds_bucket[5m])))",
        ),
        ("Requests that wait for an answer", "short", "open", "flash_open_requests"),
    ],
    "Success of the programs": [
        ("Messages exchanged", "short", "{{program}}", "max by (program) (flash_program_messages_exchanged)"),
        ("Relationships made", "short", "{{program}}", "max by (program) (flash_program_relationships_made)"),
        ("Satisfaction", "percentunit", "{{program}}", "max by (program) (flash_program_satisfaction_ratio)"),
        ("Surveys answered", "percentunit", "{{program}}", "max by (program) (flash_program_survey_response_ratio)"),
        ("Objectives", "short", "{{program}} {{state}}", "max by (program, state) (flash_program_objectives)"),
        ("Searches", "ops", "{{outcome}}", "sum by (outcome) (rate(flash_searches_total[5m]))"),
    ],
}


def build() -> str:
    """The dashboard as JSON."""
    board = dashboard.Dashboard("Flash Mentoring").uid("flash-mentoring").refresh("10s").time("now-30m", "now")
    for title, panels in ROWS.items():
        board = board.with_row(dashboard.Row(title))
        for panel in panels:
            board = board.with_panel(_panel(*panel))
    return JSONEncoder(sort_keys=True, indent=2).encode(board.build()) + "\n"


def _panel(title: str, unit: str, legend: str, expression: str) -> timeseries.Panel:
    query = prometheus.Dataquery().expr(expression).legend_format(legend)
    return timeseries.Panel().title(title).unit(unit).span(WIDTH).height(HEIGHT).with_target(query)


if __name__ == "__main__":
    FILE.write_text(build(), encoding="utf-8")
