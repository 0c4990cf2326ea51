"""Verify: a file that a visitor brings, what it says of itself, and what of that is true.

The file is looked at and forgotten; nobody learns of it, and it is never on the disk. Making its sample again
costs a generation, so few are looked at at a time.
"""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, render_template, request
from flask.blueprints import BlueprintSetupState
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge
from werkzeug.formparser import FormDataParser

from doesnotexist.inspection.report import Report
from doesnotexist.inspection.verdicts import MAX_BYTES, inspect
from doesnotexist.media import MEDIA_TYPES, as_json

from .. import here
from ..answering.failures import without_paths
from ..asking.negotiation import HTML, JSON, preferred_text

verify = Blueprint("verify", __name__)

AT_ONCE = 2  # files that are looked at at a time
ENVELOPE = 16 * 1024  # bytes that a form may put around a file
MAX_UPLOAD = MAX_BYTES + ENVELOPE
MAX_PARTS = 4
_FORM = "multipart/form-data"


@verify.record
def _prepare(state: BlueprintSetupState) -> None:
    state.app.extensions["doesnotexist.inspectors"] = here.Places(AT_ONCE)


@verify.before_app_request
def _small_elsewhere() -> None:
    """Nothing else here takes a long body, read or not."""
    limit = MAX_UPLOAD if request.endpoint == "verify.show" else request.max_content_length
    if limit is not None and (request.content_length or 0) > limit:
        raise RequestEntityTooLarge(f"At most {limit:,} bytes are taken here.")


@verify.route("/verify", methods=["GET", "POST"])
def show() -> Response:
    """The form; or what is found in a file that is posted, by the form or as the body itself."""
    report = _report() if request.method == "POST" else None
    kind = preferred_text(request.accept_mimetypes)
    if report is None or kind == HTML:
        page = render_template(
            "verify.html", report=report, limit=MAX_BYTES, types=sorted(MEDIA_TYPES.values())
        )
        response = Response(page, mimetype="text/html")
    elif kind == JSON:
        response = Response(as_json(report.as_data()), mimetype="application/json")
    else:
        response = Response(_lines(report), mimetype="text/plain")
    response.headers["Cache-Control"] = "no-store" if report else "no-cache"
    response.vary.add("Accept")
    return response


def _report() -> Report:
    """Raises QueueFull when others are being looked at, BadRequest and RequestEntityTooLarge."""
    with here.room("doesnotexist.inspectors"):
        data = _file()
        if not data:
            raise BadRequest("There is no file in this request; send one, by the form or as the body.")
        with here.room():
            report = inspect(data, here.zoo())
    # what a weight file or a plugin is reported with may name places of this machine
    findings = (replace(finding, told=without_paths(finding.told)) for finding in report.findings)
    return replace(report, findings=tuple(findings))


def _file() -> bytes:
    """The file of a form's field `file`, or the body; never on the disk."""
    request.max_content_length = MAX_UPLOAD
    if request.mimetype != _FORM:
        return request.stream.read(MAX_UPLOAD)
    parser = FormDataParser(
        stream_factory=_in_memory,
        max_content_length=MAX_UPLOAD,
        max_form_parts=MAX_PARTS,
    )
    _, _, files = parser.parse(
        request.stream, request.mimetype, request.content_length, request.mimetype_params
    )
    given = files.get("file")
    return given.stream.read() if given else b""


def _in_memory(*_: Any, **__: Any) -> io.BytesIO:
    return io.BytesIO()


def _lines(report: Report) -> str:
    says = "".join(f"{label}: {text}\n" for label, text in report.summary())
    found = "".join(f"{finding.verdict}: {finding.told}\n" for finding in report.findings)
    return f"{report.verdict}\n{says}{found}"
