"""The committed dashboard is what its builder makes."""

import json

from tests.support.observability import dashboard_builder


def test_the_committed_dashboard_is_that_of_its_builder() -> None:
    builder = dashboard_builder()
    assert builder.FILE.read_text(encoding="utf-8") == builder.build(), "run `python deploy/grafana/build.py`"


def test_graphs_lie_under_their_row_and_none_over_another() -> None:
    panels = json.loads(dashboard_builder().FILE.read_text(encoding="utf-8"))["panels"]
    taken: set[tuple[int, int]] = set()
    for place in (panel["gridPos"] for panel in panels):
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not cells & taken
        taken |= cells
    rows = [panel["title"] for panel in panels if panel["type"] == "row"]
    assert rows == ["Freshness of the chain", "Health of the services", "Success of the programs"]


def test_every_graph_says_what_it_means_and_asks_the_chosen_source() -> None:
    panels = json.loads(dashboard_builder().FILE.read_text(encoding="utf-8"))["panels"]
    for panel in panels:
        if panel["type"] != "row":
            assert panel["description"].endswith("."), panel["title"]
            assert panel["datasource"] == {"type": "prometheus", "uid": "${source}"}
