"""The OpenAPI 3.1 document of a site, made from what is really there.

pydantic's JSON Schema of a generator's Params is what OpenAPI 3.1 calls a schema, so the document, the
checks, the command line and the forms of the pages all come from the one declaration, whenever its
plugin was loaded. A site of one domain describes that domain; the index has what is everywhere.

`schemas` is the JSON of answers, `parts` what operations are made of; then the operations by where they
stand: `samples` and `everywhere` on every host, `site` on the site of a domain alone.
"""

from __future__ import annotations

from typing import Any

from doesnotexist import Zoo
from doesnotexist.provenance import statements

from .everywhere import everywhere
from .parts import PROBLEMS
from .samples import samples
from .schemas import SCHEMAS
from .site import site

VERSION = "3.1.1"
TAGS = ("Play", "Old forms", "Files", "Lists")  # after one for each domain

ABOUT = """\
Things that do not exist, each imagined by a network when you ask for it. No key, no account; every answer
here but that of `/verify` may be read from any other site.

A sample without a `seed` is a fresh one: it is not cached, and its `Link` header and `X-Seed` say where it
can be had again. The same seed gives the same sample for ever, as long as the address names the weights
(`model=faces/starter-64@1f0c9d2ab34e`); when those weights are gone the answer is 410, never another sample.

**curl**

    curl -o face.jpg {home}generate/{domain}
    curl '{home}generate/{domain}?seed=7&format=json'
    curl -H 'Content-Type: application/json' -H 'Accept: application/zip' \\
         -d '{{"seeds": "0-9"}}' -o ten.zip {home}generate/{domain}

**Python**

    import json, requests

    answer = requests.get("{home}generate/{domain}", timeout=60)
    answer.raise_for_status()
    print(answer.headers["Link"])  # where this very one can be had again

    batch = requests.post("{home}generate/{domain}", json={{"count": 10}}, stream=True, timeout=60)
    for line in batch.iter_lines():
        print(json.loads(line)["recipe"])

When too much is asked of it the site answers 503 with `Retry-After`, at once; where the operator has set a
rate limit, 429 with the same header. Errors are `application/problem+json` for who accepts JSON, else a line
of text.
"""


def document(zoo: Zoo, domain: str, server: str, example: str = "") -> dict[str, Any]:
    """The document for the site of a domain, or with "" for the index.

    `server` is the site's address, `example` one that examples had better use.
    """
    generators = [zoo.generator(domain)] if domain else list(zoo.plugins.generators.values())
    shown = generators[0].domain if generators else "faces"
    paths: dict[str, Any] = {}
    for generator in generators:
        paths[f"/generate/{generator.domain}"] = samples(zoo, generator)
    if domain:
        paths |= site(zoo, generators[0])
    return {
        "openapi": VERSION,
        "info": {
            "title": generators[0].title if domain else "Things that do not exist",
            "version": statements.generator().partition(" ")[2] or "0",
            "description": ABOUT.format(home=example or server, domain=shown),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": server.rstrip("/")}],
        "tags": [{"name": name} for name in (*(g.label for g in generators), *TAGS)],
        "paths": paths | everywhere(zoo),
        "components": {"schemas": dict(SCHEMAS), "responses": PROBLEMS},
    }
