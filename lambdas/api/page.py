"""What people look at in a browser: the page of operations, and the API's own documentation."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aws_lambda_powertools.event_handler import Response

from lambdas.api.desk import Desk
from lambdas.api.rights import ANYBODY

TITLE, VERSION = "Windlass", "1"
DESCRIPTION = (
    "Cloud operations as durable state machines. One request is one operation; it ends with the work done, "
    "with everything put back, or by calling a person."
)
HTML = "text/html; charset=utf-8"
POLICY = (
    "default-src 'none'; connect-src 'self'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
"""The page brings all it needs and talks to nobody but its own API."""
PAGE = Path(__file__).parent / "page.html"
EXAMPLES = Path(__file__).parent / "examples.json"
"""By route: parameters, a body, and answers by status."""


@dataclass(frozen=True)
class Pages:
    desk: Desk

    def page(self) -> Response[str]:
        headers = {"Cache-Control": "no-cache", "Content-Security-Policy": POLICY}
        return Response(200, HTML, PAGE.read_text("utf-8"), headers)

    def openapi(self) -> Response[str]:
        return Response(200, "application/json", self._schema())

    def docs(self) -> Response[str]:
        """Swagger's page with everything in it: nothing is loaded from elsewhere."""
        if self.desk.app.current_event.query_string_parameters.get("format") == "json":
            return self.openapi()  # what the page itself links to
        from aws_lambda_powertools.event_handler.openapi import swagger_ui  # noqa: PLC0415  only this page needs it

        assets = Path(swagger_ui.__file__).parent
        script, style = (assets / f"swagger-ui{end}" for end in ("-bundle.min.js", ".min.css"))
        spec = self._schema().replace("</", "<\\/")
        html = swagger_ui.generate_swagger_html(spec, script.read_text("utf-8"), style.read_text("utf-8"), "", None)
        return Response(200, HTML, html, compress=True)

    def _schema(self) -> str:
        """The OpenAPI document, made from the routes and the models they take and answer."""
        from aws_lambda_powertools.event_handler.openapi.models import Server  # noqa: PLC0415  as above

        told = self.desk.app.get_openapi_json_schema(
            title=TITLE, version=VERSION, description=DESCRIPTION, servers=[Server(url=self.desk.prefix or "/")]
        )
        return json.dumps(_with_examples(json.loads(told)))


def _with_examples(document: dict[str, Any]) -> dict[str, Any]:
    """The document with what was sent and answered once (`tests/api/recorded_examples.py`)."""
    for route, example in json.loads(EXAMPLES.read_text("utf-8")).items():
        verb, path = route.split(" ")
        told = document["paths"].get(path, {}).get(verb.lower())
        if told is not None:
            _exemplify(told, example)
    return document


def _exemplify(route: dict[str, Any], example: dict[str, Any]) -> None:
    for parameter in route.get("parameters", ()):
        if parameter["name"] in example.get("parameters", {}):
            parameter["example"] = example["parameters"][parameter["name"]]
    if "body" in example:
        for content in route["requestBody"]["content"].values():
            content["example"] = example["body"]
    for status, answer in example.get("answers", {}).items():
        for content in route["responses"].get(status, {}).get("content", {}).values():
            content["example"] = answer


def add(desk: Desk) -> None:
    pages = Pages(desk)
    for path, act in (("/", pages.page), ("/openapi.json", pages.openapi), ("/docs", pages.docs)):
        desk.page("GET", path, act, ANYBODY)
