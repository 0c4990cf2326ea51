"""What the page of a molecule has besides: downloads, things to copy, and the shape in space.

The template `beside/chemicals.html` stands beside the facts on the site's page.  The viewer is 3Dmol.js (Rego
and Koes 2015, doi:10.1093/bioinformatics/btu829; BSD 3-clause), vendored whole, fetched when it is asked for.
"""

from __future__ import annotations

from flask import Blueprint


def blueprint() -> Blueprint:
    """Its static files, at `/chemicals/…`, and its template."""
    return Blueprint(
        "chemicals",
        __name__,
        static_folder="static",
        static_url_path="/chemicals",
        template_folder="templates",
    )
