"""The pages: one thing that does not exist per domain, an index of all, and how it works."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, render_template, request

from doesnotexist import ModelCard
from doesnotexist.errors import DoesNotExistError

from . import here
from .answers import deliver, json_answer, make
from .exhibits import Exhibit
from .negotiation import HTML, JSON, preferred, preferred_text
from .orders import Order, read_order
from .voices import voice_of

pages = Blueprint("pages", __name__)


@pages.app_context_processor
def _frame() -> dict[str, Any]:
    """What every template may use."""
    return {
        "domains": list(here.zoo().plugins.generators.values()),
        "address": here.address,
        "home": here.home,
        "origin": here.origin,
        "request_id": here.request_id,
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


@pages.get("/about")
def about() -> Response:
    """How it works, what is known of the model, what may be done with what it makes."""
    generator = here.generator()
    card = here.zoo().card(generator.domain, request.args.get("model"))
    voice = voice_of(generator, card)
    return _html("about.html", lasting=True, generator=generator, card=card, voice=voice)


def _page(order: Order) -> Response:
    generator = here.generator()
    card = here.zoo().card(order.domain, order.recipe.reference)
    exhibit = Exhibit(generator, card, order.recipe)
    # A small picture, or one that was asked for, may come after its page. The facts of a drawing are
    # on the page, and so is the reason if nothing can be made; anything that will do may be ready.
    if not (exhibit.picture and _is_here(card)) or (order.anything and not exhibit.small):
        order, media = make(order)
        exhibit = Exhibit(generator, card, order.recipe, media)
    return _html("front.html", lasting=order.complete, generator=generator, card=card, it=exhibit)


def _index() -> Response:
    kind = preferred_text(request.accept_mimetypes)
    generators = here.zoo().plugins.generators
    if kind == JSON:
        response = json_answer({domain: here.address(domain) for domain in generators})
    elif kind == HTML:
        shown = [(generator, _fresh(domain)) for domain, generator in generators.items()]
        response = _html("index.html", lasting=False, shown=shown)
    else:
        lines = [f"{generators[domain].title}: {here.address(domain)}\n" for domain in generators]
        response = Response("".join(lines), mimetype="text/plain")
    response.vary.add("Accept")
    return response


def _fresh(domain: str) -> Exhibit | None:
    """One sample of a domain for the index; None if it has no model that is here."""
    zoo = here.zoo()
    try:
        recipe, card = zoo.recipe(domain), zoo.card(domain)
    except DoesNotExistError:
        return None  # its own site says why
    return Exhibit(zoo.generator(domain), card, recipe) if _is_here(card) else None


def _is_here(card: ModelCard) -> bool:
    """Whether the weights of a model are on this machine."""
    return any(m.card == card and m.status != "remote" for m in here.zoo().models(card.domain))


def _html(template: str, *, lasting: bool, **values: Any) -> Response:
    """A page; one that shows something random is not kept, any other is asked for again."""
    response = Response(render_template(template, **values), mimetype="text/html")
    response.headers["Cache-Control"] = "no-cache" if lasting else "no-store"
    return response
