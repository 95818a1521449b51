"""The read path of a data export: what a service keeps of a person, as JSON for programs and as a page for people.

The page is made from the same answer, whatever its fields, so that neither can leave out what the other shows.
"""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Header
from fastapi.responses import HTMLResponse, JSONResponse, Response
from jinja2 import Environment, StrictUndefined

from chassis.http import Answer

PAGE: dict[int | str, dict[str, Any]] = {
    200: {"description": "As JSON, or as a page when `Accept` names text/html", "content": {"text/html": {}}}
}
Accept = Annotated[str | None, Header(max_length=1_000, description="text/html for a page to read; JSON otherwise.")]

TEMPLATE = """\
{% macro shown(value) %}
{% if value is mapping %}
<dl>{% for name, part in value.items() %}<dt>{{ name | said }}</dt><dd>{{ shown(part) }}</dd>{% endfor %}</dl>
{% elif value is sequence and value is not string %}
{% if value %}<ol>{% for part in value %}<li>{{ shown(part) }}</li>{% endfor %}</ol>{% else %}none{% endif %}
{% elif value is none or value == "" %}–{% elif value is boolean %}{{ "yes" if value else "no" }}{% else %}{{ value }}
{% endif %}
{% endmacro %}
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Your data: {{ export.service }}</title>
<style>
body { font: 1rem/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 50rem; padding: 0 1rem; }
dt { font-weight: 600; } dd { margin: 0 0 .5rem 1rem; white-space: pre-wrap; overflow-wrap: anywhere; }
dd dl, dd ol { white-space: normal; }
</style>
</head>
<body>
<main>
<h1>Your data in {{ export.service }}</h1>
<p>{{ export.about }}</p>
{% for name, part in export.items() if name not in ("service", "about") %}
<section><h2>{{ name | said }}</h2>{{ shown(part) }}</section>
{% endfor %}
</main>
</body>
</html>
"""


class Export(Answer):
    """What every export begins with; `about` says in a sentence what is kept, and what is not."""

    service: str
    about: str
    person_id: UUID
    exported_at: datetime


def exported(export: Export, accept: str | None) -> Response:
    """The export in the form that the caller reads; never kept by anything on the way."""
    headers = {"Cache-Control": "no-store", "Vary": "Accept"}
    content = export.model_dump(mode="json")
    if accept and "text/html" in accept:
        policy = "default-src 'none'; style-src 'unsafe-inline'"  # the page has nothing that runs
        return HTMLResponse(_page(content), headers=headers | {"Content-Security-Policy": policy})
    name = f'attachment; filename="{export.service}.json"'
    return JSONResponse(content, headers=headers | {"Content-Disposition": name})


def _page(content: dict[str, Any]) -> str:
    templates = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    templates.filters["said"] = _said
    return templates.from_string(TEMPLATE).render(export=content)


def _said(name: str) -> str:
    return name.replace("_", " ").capitalize()
