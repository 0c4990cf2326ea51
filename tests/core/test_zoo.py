import json
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from doesnotexist import Zoo
from doesnotexist.errors import (
    InvalidParameter,
    ModelGone,
    UnknownDomain,
    WeightsMismatch,
    WeightsMissing,
)


def test_generate_and_save(zoo, tmp_path):
    creation = zoo.generate("stripes", seed=7)
    assert creation.media.media_type == "image/jpeg"
    assert creation.save(tmp_path / "s.jpg").read_bytes() == creation.data
    assert (tmp_path / "s.jpg").read_bytes()[:3] == b"\xff\xd8\xff"


def test_saving_under_another_suffix_makes_that_format(zoo, tmp_path):
    creation = zoo.generate("stripes", seed=7)
    assert creation.save(tmp_path / "s.png").read_bytes()[:4] == b"\x89PNG"
    with pytest.raises(InvalidParameter, match="format"):
        creation.save(tmp_path / "s.exe")
    assert not (tmp_path / "s.exe").exists()


def test_the_same_seed_gives_the_same_bytes(zoo):
    first = zoo.generate("stripes", seed=7, format="png").data
    assert zoo.generate("stripes", seed=7, format="png").data == first
    assert zoo.generate("stripes", seed=8, format="png").data != first
    assert zoo.generate("stripes", seed=7, format="png", psi=0).data != first


def test_many_equal_one_by_one_and_come_in_order(zoo, stripes):
    recipes = [zoo.recipe("stripes", seed) for seed in range(20)]
    many = list(zoo.generate_many(recipes, "png"))
    assert [creation.recipe for creation in many] == recipes
    assert [c.data for c in many] == [zoo.render(recipe, "png").data for recipe in recipes]
    assert max(stripes.sampler.batches) > 1


def test_a_model_is_loaded_once_on_first_use(zoo, stripes):
    assert stripes.loads == []
    zoo.generate("stripes", seed=1)
    zoo.generate("stripes", seed=2)
    assert stripes.loads == [("stripes/one", "cpu")]


def test_the_record_says_everything(zoo):
    creation = zoo.generate("stripes", seed=7, psi="0.5", format="json")
    record = json.loads(creation.data)
    assert record == creation.record
    assert record["recipe"] == str(creation.recipe)
    assert record["params"] == {"psi": 0.5, "bold": False}
    assert (record["seed"], record["exists"], record["width"]) == (7, False, 8)
    assert record["licence"]["weights"] == "CC0-1.0"


def test_a_recipe_in_text_gives_the_same_sample(zoo):
    creation = zoo.generate("stripes", seed=7, psi=-1, model="stripes/two")
    again = zoo.parse(str(creation.recipe))
    assert again == creation.recipe
    assert zoo.render(again).data == creation.data


def test_a_recipe_of_weights_that_are_gone_is_refused(zoo):
    recipe = zoo.recipe("stripes", 7)
    old = type(recipe)(recipe.model, "0" * 64, recipe.seed, recipe.params)
    with pytest.raises(ModelGone):
        zoo.render(old)


def test_weights_that_changed_on_disk_are_refused(zoo, settings):
    (stored,) = (settings.store / "sha256").glob("*/*")
    stored.write_bytes(b"T" + stored.read_bytes()[1:])
    with pytest.raises(WeightsMismatch, match="sha256"):
        zoo.generate("stripes", seed=1)


def test_weights_that_are_not_here_are_named(zoo, settings):
    (stored,) = (settings.store / "sha256").glob("*/*")
    stored.unlink()
    assert {listing.status for listing in zoo.models("stripes")} == {"remote"}
    with pytest.raises(WeightsMissing, match="doesnotexist pull stripes/one"):
        zoo.generate("stripes", seed=1)


def test_warming_loads_models_and_says_what_failed(zoo, stripes):
    assert zoo.status()["started"] is False
    assert zoo.warm() == {}
    assert stripes.loads == [("stripes/one", "cpu")]
    failed = zoo.warm(["stripes", "unicorns"])
    assert list(failed) == ["unicorns"]
    assert isinstance(failed["unicorns"], UnknownDomain)


def test_an_engine_can_be_started_before_anybody_asks(zoo, stripes):
    zoo.start()
    assert zoo.status()["started"] is True
    assert stripes.loads == []


def test_requests_are_welcome_once_models_are_loaded(zoo, stripes, monkeypatch):
    loading, go_on, load = threading.Event(), threading.Event(), stripes.load

    def slowly(*given):
        loading.set()
        assert go_on.wait(10)
        return load(*given)

    monkeypatch.setattr(stripes, "load", slowly)
    assert zoo.not_ready() == ""  # models are loaded when they are needed
    with ThreadPoolExecutor() as pool:
        warmed = pool.submit(zoo.warm)
        assert loading.wait(10)
        assert zoo.not_ready() == "models are being loaded"
        go_on.set()
        assert warmed.result(10) == {}
    assert zoo.not_ready() == ""
    for _ in range(3):
        zoo._started()._line.died("stripes")
    assert zoo.not_ready() == "every domain rests"
    zoo.close()
    assert zoo.not_ready() == "it is closing"


def test_status_is_plain_data(zoo):
    for _ in range(2):
        zoo.generate("stripes", seed=1)
    status = json.loads(json.dumps(zoo.status()))
    assert (status["backend"], status["made"], status["restarts"]) == ("thread", 2, 0)
    assert status["models"] == [zoo.card("stripes").reference]
    assert status["waiting"] == {}


def test_a_zoo_can_be_left_twice(zoo):
    with zoo:
        zoo.generate("stripes", seed=1)
    zoo.close()
    assert isinstance(zoo, Zoo)


def test_a_zoo_that_nobody_closes_ends_with_its_program():
    program = (
        "from doesnotexist import Zoo; z = Zoo(); z.generate('chemicals', seed=1);"
        "[z._submit(z.recipe('chemicals'), None, None) for _ in range(50)]"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
