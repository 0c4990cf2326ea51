"""What can be made here."""

import subprocess
import sys

import pytest

from doesnotexist.downloads.pins import Pins
from doesnotexist.errors import InvalidParameter, ModelGone, UnknownDomain, UnknownModel


def test_no_seed_means_a_fresh_one(zoo):
    assert zoo.recipe("stripes").seed != zoo.recipe("stripes").seed


def test_a_model_by_reference(zoo):
    card = zoo.card("stripes", "stripes/two")
    assert zoo.card("stripes", card.reference) is card
    with pytest.raises(ModelGone):
        zoo.card("stripes", "stripes/two@" + "0" * 12)


def test_what_nobody_knows(zoo):
    with pytest.raises(UnknownDomain, match="known domains: stripes"):
        zoo.generate("unicorns")
    with pytest.raises(UnknownModel, match="known models: stripes/one, stripes/two"):
        zoo.generate("stripes", model="stripes/three")
    with pytest.raises(InvalidParameter, match="seed"):
        zoo.generate("stripes", seed=-1)
    with pytest.raises(InvalidParameter, match="psl: expected a known parameter"):
        zoo.generate("stripes", psl=1)
    with pytest.raises(InvalidParameter, match="size"):
        zoo.generate("stripes", size=1)


def test_statuses(zoo):
    assert {(m.card.id, m.status) for m in zoo.models()} == {
        ("stripes/one", "cached"),
        ("stripes/two", "cached"),
    }


def test_listing_imports_neither_torch_nor_rdkit():
    program = (
        "import sys; from doesnotexist import Zoo; z = Zoo(); z.models(); list(z.plugins.generators);"
        "print([m for m in ('torch', 'rdkit', 'flask', 'PIL', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_model_that_was_pinned_is_known(zoo, settings):
    card = zoo.card("stripes", "stripes/one")
    (file,) = card.files
    unknown = file.model_copy(update={"sha256": None, "unverified": "nobody has published it"})
    assert Pins(settings.store).apply(card.model_copy(update={"files": (unknown,)})).unverified
    Pins(settings.store).add(unknown, file.size, file.sha256)
    assert not Pins(settings.store).apply(card.model_copy(update={"files": (unknown,)})).unverified
