"""What docs/api.md and docs/deployment.md promise."""

from __future__ import annotations

import configparser
import re
from pathlib import Path

import pytest

from doesnotexist import Settings
from doesnotexist_web.asking.batches import MANY
from doesnotexist_web.operating.limits import DEARER
from doesnotexist_web.series.kinds import KINDS
from doesnotexist_web.server.stopping import PATIENCE_S

DOCS = Path(__file__).parents[2] / "docs"
API, DEPLOYMENT = ((DOCS / name).read_text() for name in ("api.md", "deployment.md"))


def test_every_variable_is_a_setting():
    named = set(re.findall(r"DOESNOTEXIST_([A-Z_]+[A-Z])", DEPLOYMENT))

    assert {"BASE_DOMAIN", "PROXIES", "HOSTS", "RATE_LIMIT", "LOG"} <= named
    assert {name.lower() for name in named} <= Settings.model_fields.keys()


def test_the_examples_are_settings_that_are_taken():
    for name, value in re.findall(r"DOESNOTEXIST_([A-Z_]+)='?([^'`\n]+)'?", DEPLOYMENT):
        Settings.read({f"DOESNOTEXIST_{name}": value.strip()})


def test_the_unit_waits_longer_than_the_server_does():
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str
    unit.read_string(re.search(r"```ini\n(.*?)```", DEPLOYMENT, re.DOTALL)[1])

    assert int(unit["Service"]["TimeoutStopSec"]) > PATIENCE_S
    assert unit["Service"]["ExecStart"].endswith("doesnotexist serve")


@pytest.mark.parametrize("kind", KINDS.values())
def test_the_numbers_of_the_series(kind):
    assert re.search(rf"`/{kind.name}\..*\| `{kind.per}`, {kind.few} to {kind.many} \|", API)


def test_the_other_numbers():
    assert f"{MANY} at most" in API
    assert DEARER == 10
    assert "counts as ten" in DEPLOYMENT


@pytest.mark.parametrize(
    "path",
    [*re.findall(r"`(/[a-z.]+)`", API), "/seed/word/40/30.webp", "/new?gender=female&age=1&etnic=x"],
)
def test_every_address_is_there(surf, path):
    assert surf(path.replace("//", "/")).status_code == 200
