"""The registry: model cards from YAML files, read strictly."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from .cards import Licence, ModelCard, Row, Slug
from .errors import InvalidParameter, RegistryInvalid, UnknownModel, quoted
from .registry_yaml import MAX_BYTES, Data, Document, parse

FILE_NAME = "registry.yaml"
ENVIRONMENT = "DOESNOTEXIST_REGISTRY"


class RegistryFile(Row):
    """A whole registry file; `format` is the version of its grammar.

    A model may name one of the `licences` instead of repeating it.
    """

    format: Literal[1]
    licences: dict[Slug, Licence] = Field(default_factory=dict)
    models: Annotated[tuple[ModelCard, ...], Field(strict=False)]


class Registry:
    """The model cards of one or several files; the same id twice is refused."""

    def __init__(self, cards: Iterable[ModelCard]) -> None:
        self._cards: dict[str, ModelCard] = {}
        for card in cards:
            if card.id in self._cards:
                raise RegistryInvalid("registry", f"model {card.id} stands twice; rename one of them")
            self._cards[card.id] = card

    def cards(self, domain: str | None = None) -> tuple[ModelCard, ...]:
        """All cards, or those of one domain, in the order of their files."""
        return tuple(card for card in self._cards.values() if domain in (None, card.domain))

    def card(self, id: str) -> ModelCard:
        """The card of this id; raises UnknownModel."""
        try:
            return self._cards[id]
        except KeyError:
            raise UnknownModel(id, self._cards) from None


def wanted_models(ids: str | None, registry: Registry) -> dict[str, ModelCard]:
    """Domain → the card that an operator wants for it, of ids with commas between them.

    Raises UnknownModel, and InvalidParameter for two of one domain.
    """
    wanted: dict[str, ModelCard] = {}
    for id in filter(None, (one.strip() for one in (ids or "").split(","))):
        card = registry.card(id)
        if wanted.setdefault(card.domain, card) != card:
            raise InvalidParameter("models", f"one model for {card.domain}", ids)
    return wanted


def find_registry() -> Path:
    """The registry file of this installation.

    DOESNOTEXIST_REGISTRY if it is set, else the file inside the package (a wheel has it there),
    else the nearest one above the package (a checkout has it at the top).
    """
    if chosen := os.environ.get(ENVIRONMENT):
        return Path(chosen)
    for folder in Path(__file__).resolve().parents:
        if (folder / FILE_NAME).is_file():
            return folder / FILE_NAME
    raise RegistryInvalid(FILE_NAME, f"not found beside or above the package; set {ENVIRONMENT} to its path")


def read_registry(path: Path) -> tuple[ModelCard, ...]:
    """The model cards of one file, in its order.

    Raises RegistryInvalid, with line and column, for whatever is not exactly as it should be.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise RegistryInvalid(str(path), f"cannot be read: {error.strerror}") from None
    return parse_registry(raw, str(path))


def parse_registry(raw: bytes, source: str) -> tuple[ModelCard, ...]:
    """As `read_registry`, from bytes; `source` names them in errors."""
    document = parse(raw, source)
    try:
        cards = RegistryFile.model_validate(_with_licences(document, source)).models
    except ValidationError as error:
        raise _explain(error, document, source) from None
    _check_ids(cards, document, source)
    return cards


def _with_licences(document: Document, source: str) -> Data:
    """The data, with each licence that a model names put in its place."""
    data = document.data
    models = data.get("models") if isinstance(data, dict) else None
    if not isinstance(data, dict) or not isinstance(models, list):
        return data
    known = data.get("licences")
    known = known if isinstance(known, dict) else {}
    filled: list[Data] = []
    for index, model in enumerate(models):
        name = model.get("licence") if isinstance(model, dict) else None
        if isinstance(model, dict) and isinstance(name, str):
            if name not in known:
                place = document.place(("models", index, "licence"))
                raise RegistryInvalid(source, f"no licence {quoted(name)} is listed above", *place)
            model = {**model, "licence": known[name]}
        filled.append(model)
    return {**data, "models": filled}


def _check_ids(cards: tuple[ModelCard, ...], document: Document, source: str) -> None:
    seen: dict[str, int] = {}
    defaults: dict[str, str] = {}
    for index, card in enumerate(cards):
        place = document.place(("models", index, "id"))
        if card.id in seen:
            first = document.place(("models", seen[card.id], "id"))[0]
            raise RegistryInvalid(source, f"model {card.id} stands twice, first in line {first}", *place)
        seen[card.id] = index
        if card.default and defaults.setdefault(card.domain, card.id) != card.id:
            rival = defaults[card.domain]
            raise RegistryInvalid(
                source, f"{card.id} and {rival} are both the default of {card.domain}", *place
            )


def _explain(error: ValidationError, document: Document, source: str) -> RegistryInvalid:
    """The first problem in the file's own order, in one line."""
    problems = error.errors(include_url=False, include_context=False)
    # a list whose only item is wrong is reported as too short as well
    problems = [one for one in problems if one["type"] != "too_short"] or problems
    placed = [(document.place(one["loc"], one["type"] == "extra_forbidden"), one) for one in problems]
    place, first = min(placed, key=lambda pair: pair[0])
    more = f" (and {len(placed) - 1} more)" if len(placed) > 1 else ""
    return RegistryInvalid(source, _words(first) + more, *place)


def _words(problem: Any) -> str:
    key = problem["loc"][-1] if problem["loc"] else "the file"
    match problem["type"]:
        case "missing":
            return f"key {quoted(key)} is missing"
        case "extra_forbidden":
            return f"unknown key {quoted(key)}"
        case "value_error":
            return str(problem["msg"]).removeprefix("Value error, ")
    return f"{key}: {problem['msg']}, found {quoted(problem['input'])}"
