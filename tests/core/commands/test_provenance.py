"""`provenance init`, and what doctor says of what it has made."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from doesnotexist import Settings, Zoo
from doesnotexist.commands.doctor import examine
from doesnotexist.commands.provenance import provenance_group
from doesnotexist.errors import CredentialsInvalid, InvalidParameter
from doesnotexist.provenance.credentials import Signer, installed

needs_extra = pytest.mark.skipif(not installed(), reason="the extra [provenance] is not installed here")


def init(*arguments):
    return CliRunner().invoke(provenance_group, ["init", *arguments])


def told(zoo, **changes):
    class Session:
        pass

    session = Session()
    with Zoo(zoo.settings.model_copy(update=changes), zoo.plugins) as session.zoo:
        return next(finding for finding in examine(session) if finding.what == "content credentials")


@needs_extra
def test_it_makes_what_signs_and_says_how_to_use_it(tmp_path):
    folder = tmp_path / "keys"

    result = init("--out", str(folder), "--name", "A museum")

    assert result.exit_code == 0, result.output
    assert f"export DOESNOTEXIST_CREDENTIALS={folder}" in result.output
    assert Signer(folder).name == "A museum"
    assert isinstance(init("--out", str(folder)).exception, InvalidParameter)


def test_without_the_extra_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr("doesnotexist.provenance.credentials.installed", lambda: False)

    error = init("--out", str(tmp_path / "keys")).exception

    assert isinstance(error, CredentialsInvalid)
    assert "doesnotexist[provenance]" in str(error)
    assert not (tmp_path / "keys").exists()


@needs_extra
def test_the_doctor_says_who_signs_and_what_is_wrong(zoo, tmp_path, monkeypatch):
    folder = tmp_path / "keys"
    init("--out", str(folder), "--name", "A museum")

    assert told(zoo).well
    assert told(zoo).found.startswith("off")
    good = told(zoo, credentials=folder)
    assert (good.well, "signed by A museum until" in good.found) == (True, True)
    (folder / "key.pem").chmod(0o644)
    assert "chmod 600" in told(zoo, credentials=folder).advice
    (folder / "key.pem").unlink()
    assert not told(zoo, credentials=folder).well
    monkeypatch.setattr("doesnotexist.provenance.credentials.installed", lambda: False)
    assert "pip install" in told(zoo, credentials=folder).advice


@needs_extra
def test_a_zoo_whose_credentials_cannot_sign_says_so_at_once(zoo, tmp_path):
    given = Settings(**{**zoo.settings.model_dump(), "credentials": tmp_path / "none"})

    with Zoo(given, zoo.plugins) as other, pytest.raises(CredentialsInvalid):
        other.generate("stripes")
