"""The pages: what does not exist, an index of all of it, what is near one of them, and how it works."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app, render_template, request, url_for

from doesnotexist import Generator, ModelCard
from doesnotexist.errors import DoesNotExistError
from doesnotexist.media import as_json

from .. import here
from ..answering.answers import deliver, json_answer, make
from ..asking.negotiation import HTML, JSON, preferred, preferred_text
from ..asking.orders import Order, read_order
from .bars import bars, frame
from .company import company_of, parents
from .exhibits import Exhibit

pages = Blueprint("pages", __name__)

ALL = "Things that do not exist"
WALL_LIGHT, WALL_DARK = "#f2f0eb", "#121214"  # as in base.css


@pages.app_context_processor
def _frame() -> dict[str, Any]:
    """What every template may use."""
    return {
        "domains": _generators(),
        "address": here.address,
        "home": here.home,
        "origin": here.origin,
        "request_id": here.request_id,
        "walls": (WALL_LIGHT, WALL_DARK),
        "offers": _offers,
        "static": url_for("static", filename=""),
    }


@pages.get("/")
def front() -> Response:
    """The page, the picture or the record, whichever the client would rather have."""
    if not here.site().domain:
        return _index()
    generator = here.generator()
    kind = preferred(request.accept_mimetypes, generator.formats)
    as_page = kind == HTML and "format" not in request.args
    format = None if kind == HTML else kind
    order = read_order(here.zoo(), generator.domain, request.args, format=format, strict=False)
    response = _page(order) if as_page else deliver(order)
    response.vary.add("Accept")
    return response


@pages.get("/play")
def play() -> Response:
    """What is near the one that the query names, as links and forms."""
    order, it = _exhibit()
    if not _is_here(it.card):
        make(order)  # which says what is missing, and how it comes
    return _html("play.html", lasting=False, generator=it.generator, card=it.card, it=it, near=company_of(it))


@pages.get("/about")
def about() -> Response:
    """How it works, shown with the one that the query names; what is known of the model, and its terms."""
    order, it = _exhibit()
    numbers = it.generator.numbers(it.recipe.seed)
    figure = {"path": bars(numbers), "box": frame(numbers), "count": len(numbers)} if numbers else None
    return _html(
        "about.html",
        lasting=order.complete,
        generator=it.generator,
        card=it.card,
        it=it,
        near=company_of(it) if _is_here(it.card) else None,
        numbers=figure,
    )


@pages.get("/manifest.webmanifest")
def manifest() -> Response:
    """What a device needs to keep the site like an app."""
    title = here.generator().title if here.site().domain else ALL
    icons = [
        {"src": url_for("static", filename=name), "sizes": sizes, "type": kind, "purpose": purpose}
        for name, sizes, kind, purpose in (
            ("icon.svg", "any", "image/svg+xml", "any"),
            ("icon-192.png", "192x192", "image/png", "any maskable"),
            ("icon-512.png", "512x512", "image/png", "any maskable"),
        )
    ]
    told = {
        "name": title,
        "short_name": here.generator().label if here.site().domain else ALL,
        "start_url": url_for("pages.front"),
        "scope": url_for("pages.front"),
        "display": "standalone",
        "background_color": WALL_DARK,
        "theme_color": WALL_DARK,
        "icons": icons,
    }
    response = Response(as_json(told), mimetype="application/manifest+json")
    response.headers["Cache-Control"] = "no-cache"
    return response


def _offers(path: str) -> bool:
    """Whether there is something to be had there; plugins and settings decide."""
    return any(rule.rule == path for rule in current_app.url_map.iter_rules())


def _exhibit() -> tuple[Order, Exhibit]:
    """What the query names, to be shown in passing: nothing is made for it yet."""
    generator = here.generator()
    order = read_order(here.zoo(), generator.domain, request.args, strict=False)
    card = here.zoo().card(order.domain, order.recipe.reference)
    return order, Exhibit(generator, card, order.recipe)


def _page(order: Order) -> Response:
    generator = here.generator()
    card = here.zoo().card(order.domain, order.recipe.reference)
    exhibit = Exhibit(generator, card, order.recipe)
    # A small picture, or one that was asked for, may come after its page. The facts of a drawing are
    # on the page, and so is the reason if nothing can be made; anything that will do may be ready.
    if not (exhibit.picture and _is_here(card)) or (order.anything and not exhibit.small):
        order, media = make(order)
        exhibit = Exhibit(generator, card, order.recipe, media)
    near, kin = company_of(exhibit), parents(exhibit)
    lasting = order.complete
    return _html("front.html", lasting, generator=generator, card=card, it=exhibit, near=near, kin=kin)


def _index() -> Response:
    kind = preferred_text(request.accept_mimetypes)
    generators = _generators()
    if kind == JSON:
        response = json_answer({g.domain: here.address(g.domain) for g in generators})
    elif kind == HTML:
        shown = [(generator, _fresh(generator)) for generator in generators]
        response = _html("index.html", lasting=False, shown=shown)
    else:
        lines = [f"{g.title}: {here.address(g.domain)}\n" for g in generators]
        response = Response("".join(lines), mimetype="text/plain")
    response.vary.add("Accept")
    return response


def _generators() -> list[Generator]:
    """Those of every domain, as the registry lists their models: whoever writes it decides the order."""
    listed = list(dict.fromkeys(model.domain for model in here.zoo().registry.cards()))
    found = here.zoo().plugins.generators.values()
    return sorted(found, key=lambda g: listed.index(g.domain) if g.domain in listed else len(listed))


def _fresh(generator: Generator) -> Exhibit | None:
    """One sample of a domain for the index; None if it has no model that is here."""
    zoo = here.zoo()
    try:
        recipe, card = zoo.recipe(generator.domain), zoo.card(generator.domain)
    except DoesNotExistError:
        return None  # its own site says why
    return Exhibit(generator, card, recipe) if _is_here(card) else None


def _is_here(card: ModelCard) -> bool:
    """Whether the weights of a model are on this machine."""
    return here.zoo().store.status(card) != "remote"


def _html(template: str, lasting: bool, **values: Any) -> Response:
    """A page; one that shows something random is not kept, any other is asked for again."""
    response = Response(render_template(template, **values), mimetype="text/html")
    response.headers["Cache-Control"] = "no-cache" if lasting else "no-store"
    return response
