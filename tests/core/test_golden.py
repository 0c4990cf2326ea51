"""A model must make its golden sample again, or what looks the same; anything else is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from doesnotexist import Picture, Settings, Zoo
from doesnotexist.cards import Golden
from doesnotexist.cli import cli
from doesnotexist.errors import DoesNotExistError, PluginBroken, RegistryInvalid, WeightsMissing
from doesnotexist.fingerprints import digest, distance, look
from doesnotexist.golden import ALIKE, make
from doesnotexist.golden_rows import write_golden
from doesnotexist.registry import find_registry, read_registry
from doesnotexist.session import Session


def picture(shift=0):
    pixels = np.random.RandomState(1).randint(20, 200, (64, 48, 3)).astype(np.uint8)
    return Picture(pixels + np.uint8(shift))


def test_a_look_outlasts_rounding_and_nothing_else():
    one = picture()
    rounded = Picture(one.pixels + np.random.RandomState(2).randint(0, 2, one.pixels.shape).astype(np.uint8))
    assert digest(rounded, ("png",)) != digest(one, ("png",))
    assert distance(look(one), look(rounded)) <= ALIKE
    assert distance(look(one), look(picture(3))) == 3
    assert distance(look(one), look(Picture(one.pixels[:, ::-1]))) > ALIKE
    assert len(look(one)) == 96


@pytest.fixture
def run(zoo):
    def invoke(*arguments):
        session = Session()
        session.__dict__["zoo"] = zoo
        return CliRunner().invoke(cli, ["golden", *map(str, arguments)], obj=session)

    return invoke


def with_golden(zoo, golden):
    """The card of stripes/one with this golden sample, in the zoo's own registry."""
    card = zoo.registry.card("stripes/one").model_copy(update={"golden": golden})
    zoo.registry._cards[card.id] = card
    return card


def test_the_same_sample_is_the_same(zoo):
    card = zoo.registry.card("stripes/one")
    first = make(zoo, card)
    assert (first.verdict, first.golden.seed) == ("none", 7)
    assert make(zoo, with_golden(zoo, first.golden)).verdict == "same"
    assert make(zoo, card, seed=8).golden != first.golden


@pytest.mark.parametrize(("shift", "verdict"), [(1, "alike"), (ALIKE + 1, "other")])
def test_another_last_bit_is_alike_and_more_is_not(zoo, shift, verdict):
    golden = make(zoo, zoo.registry.card("stripes/one")).golden
    shifted = bytes(min(255, level + shift) for level in bytes.fromhex(golden.look)).hex()
    card = with_golden(zoo, golden.model_copy(update={"sha256": "0" * 64, "look": shifted}))
    assert make(zoo, card).verdict == verdict


def test_its_parameters_are_the_cards(zoo):
    bold = make(zoo, with_golden(zoo, Golden(seed=3, params={"psi": 2.0}, sha256="0" * 64)))
    plain = make(zoo, with_golden(zoo, Golden(seed=3, sha256="0" * 64)))
    assert bold.golden.params == {"psi": 2.0}
    assert bold.golden.sha256 != plain.golden.sha256
    assert bold.verdict == "other"


def test_a_generator_that_fails_is_named(zoo, stripes):
    stripes.sampler.sample = lambda recipes: 1 / 0
    with pytest.raises(PluginBroken, match="ZeroDivisionError"):
        make(zoo, zoo.registry.card("stripes/one"))


def test_the_command_fills_the_rows_in_and_then_compares(zoo, run, tmp_path):
    path = tmp_path / "stripes.yaml"
    before = path.read_text()
    path.write_text(f"# the first line\n{before}  # the last line\n")

    assert run("--write", path).exit_code == 0
    filled = read_registry(path)
    assert [card.golden.seed for card in filled] == [7, 7]
    assert path.read_text().startswith("# the first line\n")
    assert path.read_text().endswith("  # the last line\n")
    golden = make(zoo, with_golden(zoo, filled[0].golden))
    assert golden.verdict == "same"
    text = path.read_text()
    assert run("--write", path).exit_code == 0
    assert path.read_text() == text


def test_the_command_fails_for_a_model_that_makes_something_else(zoo, run):
    assert run().exit_code == 0, "a model without a golden sample is not at fault"
    with_golden(zoo, Golden(seed=7, sha256="0" * 64))
    result = run("stripes/one")
    assert isinstance(result.exception, DoesNotExistError)
    assert "other than their cards say: stripes/one" in str(result.exception)
    assert "other" in result.output


def test_a_model_that_is_not_here_is_named(zoo, run):
    digest = zoo.registry.card("stripes/one").digest
    zoo.store.path(digest).unlink()
    assert isinstance(run("stripes/one").exception, WeightsMissing)
    assert run().exit_code == 0


def test_a_file_of_another_style_is_left_alone(tmp_path, zoo):
    card = zoo.registry.card("stripes/one")
    path = tmp_path / "flow.yaml"
    path.write_text(f'{{"format": 1, "models": [{card.model_dump_json(exclude_defaults=True)}]}}\n')
    before = path.read_bytes()
    with pytest.raises(RegistryInvalid):
        write_golden(path, {card.id: Golden(seed=1, sha256="0" * 64)})
    assert path.read_bytes() == before


def test_only_the_golden_rows_of_the_shipped_registry_change(tmp_path):
    path = tmp_path / "registry.yaml"
    path.write_bytes(find_registry().read_bytes())
    cards = read_registry(path)
    golden = {card.id: Golden(seed=1, params={"psi": 0.5}, sha256="1" * 64) for card in cards}
    assert write_golden(path, golden) == [card.id for card in cards]
    assert [card.model_copy(update={"golden": golden[card.id]}) for card in cards] == list(
        read_registry(path)
    )
    old = [line for line in find_registry().read_text().splitlines() if line.strip().startswith("#")]
    assert [line for line in path.read_text().splitlines() if line.strip().startswith("#")] == old


BUNDLED = (
    "faces/starter-64",
    "cats/starter-64",
    "horses/starter-64",
    "art/starter-64",
    "chemicals/moses-gpt",
)


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    store: Path = tmp_path_factory.mktemp("store")
    with Zoo(Settings.read({}, store=store, device="cpu")) as zoo:
        yield zoo


@pytest.mark.parametrize("id", BUNDLED)
def test_the_bundled_models_make_what_their_cards_say(ours, id):
    """Other weights need other golden samples: doesnotexist golden --write registry.yaml"""
    assert make(ours, ours.registry.card(id)).verdict in ("same", "alike")
