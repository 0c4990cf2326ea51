"""What is near a sample."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from pydantic import Field

from doesnotexist import Params, Picture
from doesnotexist.plugins import Plugins
from doesnotexist_web.pages.company import RELATIVES, company_of, parents
from doesnotexist_web.pages.exhibits import Exhibit

from ..conftest import SIDE, Blots, Polygons, plugin_of


class PlayParams(Params):
    """All that is played with; psi not as far as others go."""

    psi: float = Field(0.7, ge=-1, le=1.5)
    noise: bool | None = None
    relative: int | None = Field(None, ge=1)
    mix: int | None = Field(None, ge=0)
    mix_layers: str | None = Field(None, pattern="^[0-9]+-[0-9]*$")
    toward: int | None = Field(None, ge=0)
    step: float | None = Field(None, ge=0, le=1)


class PlayfulBlots(Blots):
    params = PlayParams

    def sample(self, recipes):
        return [Picture(np.full((SIDE, SIDE, 3), recipe.seed % 256, np.uint8)) for recipe in recipes]


@pytest.fixture
def plugins() -> Plugins:
    found = Plugins(only=frozenset())
    found.register(plugin_of(PlayfulBlots()), "blots")
    found.register(plugin_of(Polygons()), "polygons")
    return found


@pytest.fixture
def exhibit(app, zoo):
    def exhibit(domain="blots", **params):
        return Exhibit(zoo.generator(domain), zoo.card(domain), zoo.recipe(domain, 7, params=params))

    site = app.wsgi_app.hosts.resolve("blots.zoo.test")
    with app.test_request_context(environ_overrides={"doesnotexist.site": site}):
        yield exhibit


def params_of(found) -> list[dict[str, object]]:
    return [dict(one.recipe.params) for _, one in found]


def test_relatives_are_numbered(exhibit):
    near = company_of(exhibit())

    assert params_of(near.relatives) == [{"psi": 0.7, "relative": n} for n in range(1, RELATIVES + 1)]


def test_the_opposite_the_mean_and_itself(exhibit):
    assert [words for words, _ in company_of(exhibit()).opposites] == ["−1", "−0.5", "0", "0.5", "1"]


def test_what_the_parameters_refuse_is_left_out(exhibit):
    assert [words for words, _ in company_of(exhibit()).wild] == ["1", "1.5"]
    assert company_of(exhibit()).heated == []


def test_what_another_can_lend(exhibit):
    near = company_of(exhibit(mix=8))

    assert near.partner == 8
    assert [words for words, _ in near.mixtures] == ["pose and shape", "features", "colours and texture"]
    assert params_of(near.mixtures)[1] == {"psi": 0.7, "mix": 8, "mix_layers": "4-7"}


def test_on_the_way_to_another(exhibit):
    near = company_of(exhibit(toward=8, step=0.9))

    assert params_of(near.between)[1] == {"psi": 0.7, "toward": 8, "step": 0.5}
    assert near.other.recipe.seed == 8
    assert near.itself.recipe.params == {"psi": 0.7}


def test_without_a_partner_anyone_will_do(exhibit):
    assert company_of(exhibit()).partner != company_of(exhibit()).partner


def test_films_strips_and_sheets_are_asked_for_with_the_same_settings(exhibit, ask):
    near = company_of(exhibit(toward=8, psi=0.5))
    film = parse_qs(urlsplit(dict(near.films)["webp"]).query)
    strip = parse_qs(urlsplit(near.strip).query)

    assert (film["seed"], film["toward"], film["psi"]) == (["7"], ["8"], ["0.5"])
    assert "psi" not in strip
    for address in (near.strip, near.sheet, dict(near.films)["webp"] + "&frames=3"):
        assert ask("blots.zoo.test", address).status_code == 200


def test_parameters_that_are_mostly_not_used(exhibit):
    assert [control.name for control in company_of(exhibit()).spare] == ["noise"]


def test_where_nothing_can_be_played_nothing_is_offered(exhibit):
    near = company_of(exhibit("polygons"))

    assert near.other is None
    assert [near.relatives, near.opposites, near.mixtures, near.between, near.films] == [[], [], [], [], []]


@pytest.mark.parametrize(
    ("params", "seeds"),
    [
        ({}, []),
        ({"relative": 3}, [7]),
        ({"mix": 8, "mix_layers": "4-7"}, [7, 8]),
        ({"toward": 9, "step": 0.5}, [7, 9]),
        ({"mix": 8, "toward": 8}, [7, 8]),
    ],
)
def test_whom_it_comes_from(exhibit, params, seeds):
    found = parents(exhibit(**params))

    assert [one.recipe.seed for one in found] == seeds
    assert all(one.recipe.params == {"psi": 0.7} for one in found)


def test_another_comes_without_company(exhibit):
    assert exhibit(toward=8, step=0.5, psi=1).another == "/?psi=1.0"


def test_company_is_told_to_those_who_do_not_see_it(exhibit):
    assert exhibit(mix=8).description.endswith("seed 7, mixed with seed 8")
    assert exhibit(toward=8, step=0.5).description.endswith("seed 7, on the way to seed 8")
