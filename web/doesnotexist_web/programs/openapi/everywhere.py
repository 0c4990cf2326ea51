"""What is the same on every host: lists, and the looking at files."""

from __future__ import annotations

from typing import Any

from doesnotexist import Zoo

from .parts import operation, query
from .schemas import TEXT, listed, ref

_FILE = {"type": "string", "format": "binary"}


def everywhere(zoo: Zoo) -> dict[str, Any]:
    """The paths of every host, besides those of samples."""
    models = operation(
        "models",
        "Every model, or those of one domain.",
        {"application/json": {"schema": listed(ref("Model"))}},
        ("404", "429"),
        parameters=[query("domain", {"enum": list(zoo.plugins.generators)})],
        tags=["Lists"],
    )
    domains = operation(
        "domains",
        "Every domain.",
        {"application/json": {"schema": listed(ref("Domain"))}},
        ("429",),
        tags=["Lists"],
    )
    health = operation(
        "healthz",
        "Whether this process answers.",
        {"application/json": {"schema": ref("Health")}},
        (),
        tags=["Lists"],
    )
    return {
        "/verify": {"post": _verify()},
        "/models": {"get": models},
        "/domains": {"get": domains},
        "/healthz": {"get": health},
    }


def _verify() -> dict[str, Any]:
    form = {"type": "object", "required": ["file"], "properties": {"file": _FILE}}
    return operation(
        "verify",
        "What a file says of itself, and what of that is true. It is looked at and forgotten.",
        {
            "application/json": {"schema": ref("Report")},
            "text/plain": {"schema": TEXT},
            "text/html": {"schema": TEXT},
        },
        ("400", "413", "429", "503"),
        requestBody={
            "required": True,
            "content": {
                "application/octet-stream": {"schema": _FILE},
                "multipart/form-data": {"schema": form},
            },
        },
        tags=["Files"],
    )
