"""Our own domains keep the promises that we ask of strangers."""

import pytest

from doesnotexist import Settings, Zoo
from doesnotexist.author.checking import findings
from doesnotexist.testing import Budget

PATIENT = Budget(load_s=120, sample_s=60)  # where many tests run at once


@pytest.mark.slow
@pytest.mark.parametrize("domain", ["faces", "cats", "horses", "art", "chemicals"])
def test_our_own_domain_keeps_every_promise(domain, tmp_path):
    with Zoo(Settings.read({}, store=tmp_path)) as zoo:
        found = [finding for _, finding in findings(zoo, domain, PATIENT)]
    assert {f.check: f.reason for f in found if f.verdict == "broken"} == {}
    if all(listing.status == "remote" for listing in zoo.models(domain)):
        pytest.skip(f"no weights of {domain} ship with this checkout; the rest was checked")
    assert {f.check for f in found if f.verdict == "skipped"} == set()


@pytest.mark.parametrize("plugin", ["stylegan2", "web"])
def test_our_plugins_without_a_domain_do_too(plugin, tmp_path):
    with Zoo(Settings.read({}, store=tmp_path)) as zoo:
        found = [finding for _, finding in findings(zoo, plugin, Budget())]
    assert {f.check: f.verdict for f in found if f.verdict != "kept"} == {}
