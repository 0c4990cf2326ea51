import zipfile

import pytest

from doesnotexist.author.wheels import look
from doesnotexist.errors import InstallRefused
from doesnotexist.testing import fake_card, fake_registry


@pytest.fixture
def cards(tmp_path):
    return fake_registry(tmp_path / "r.yaml", fake_card("dogs", {"weights": b"x" * 10})).read_text()


def test_all_that_is_shown_is_read_from_the_file(wheel, cards):
    seen = look(wheel(doesnotexist_dogs__in__registry_yaml="", **{"doesnotexist_dogs/registry.yaml": cards}))
    assert (seen.name, seen.version, seen.licence) == ("doesnotexist-dogs", "1.0", "MIT")
    assert (seen.plugins, seen.domains) == (("dogs",), ("dogs",))
    assert seen.cards[0].size == 10
    assert len(seen.sha256) == 64


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"entries": "[console_scripts]\nx = y:z\n"}, "is no plugin"),
        ({"entries": ""}, "is no plugin"),
        ({"entries": "[doesnotexist\n"}, "is no readable wheel"),
        (
            {"entries": "[doesnotexist]\na = b\n[console_scripts]\ndoesnotexist = b:c\n"},
            "replace the command",
        ),
        ({"name": "DoesNotExist"}, "is the zoo itself"),
        ({"../evil.py": ""}, "outside its folder"),
        ({"/evil.py": ""}, "outside its folder"),
        ({"a/../../evil.py": ""}, "outside its folder"),
        ({"evil.pth": "import os"}, "runs at every start of Python"),
        ({"doesnotexist/plugins.py": ""}, "write into the package doesnotexist"),
        ({"doesnotexist_faces/__init__.py": ""}, "write into the package doesnotexist_faces"),
        ({"doesnotexist_dogs/registry.yaml": "format: 2\n"}, r"registry\.yaml"),
        ({"doesnotexist_dogs/registry.yaml": " " * 5_000_000}, "5000000 bytes"),
        ({"other-1.0.dist-info/METADATA": ""}, "not one .dist-info"),
    ],
)
def test_what_is_no_plugin_or_more_than_one(wheel, change, reason):
    path = wheel(**change)
    with pytest.raises(InstallRefused, match=reason):
        look(path)


def test_what_is_no_wheel(tmp_path):
    path = tmp_path / "x-1.0-py3-none-any.whl"
    for content in (b"", b"PK\x03\x04", b"hello"):
        path.write_bytes(content)
        with pytest.raises(InstallRefused, match="no readable wheel"):
            look(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x-1.0.dist-info/RECORD", "")
    with pytest.raises(InstallRefused, match=r"has no x-1\.0\.dist-info/METADATA"):
        look(path)
