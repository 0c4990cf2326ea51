"""Content Credentials: made, checked and read without network, and by nobody who should not."""

from __future__ import annotations

import http.server
import io
import json
import os
import stat
import threading
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import numpy as np
import pytest

from doesnotexist import Picture, Settings, Zoo
from doesnotexist.errors import CredentialsInvalid, InvalidParameter
from doesnotexist.media import Media
from doesnotexist.provenance import certificates, mark
from doesnotexist.provenance.containers import into_jpeg
from doesnotexist.provenance.credentials import (
    LABEL,
    Signer,
    authority_of,
    open_signer,
    read_signature,
)
from doesnotexist.provenance.statements import SYNTHETIC

c2pa = pytest.importorskip("c2pa", reason="the extra [provenance] is not installed here")
x509 = pytest.importorskip("cryptography.x509")

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0h9"/></svg>'
TYPES = {"jpeg": "image/jpeg", "png": "image/png", "webp": "image/webp", "avif": "image/avif"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys") / "credentials"
    certificates.make_credentials(folder, "The tests")
    return folder


@pytest.fixture(scope="module")
def signer(folder):
    return Signer(folder)


@pytest.fixture
def record(zoo):
    return zoo.record(zoo.recipe("stripes", seed=7), {})


@pytest.fixture
def media(record):
    def give(format):
        pixels = np.random.RandomState(7).randint(0, 256, (48, 64, 3)).astype(np.uint8)
        plain = SVG if format == "svg" else Picture(pixels).encode(format, None)
        return Media(mark(plain, format, record), format, {})

    return give


def test_keys_are_their_owners_alone(folder):
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}

    assert modes == {"ca.pem": 0o644, "chain.pem": 0o644, "ca-key.pem": 0o600, "key.pem": 0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_the_certificates_are_as_the_standard_wants_them(folder):
    leaf, root = x509.load_pem_x509_certificates((folder / "chain.pem").read_bytes())
    of = leaf.extensions.get_extension_for_class

    leaf.verify_directly_issued_by(root)
    assert leaf.version is x509.Version.v3
    assert of(x509.KeyUsage).critical
    assert of(x509.KeyUsage).value.digital_signature
    assert not of(x509.KeyUsage).value.key_cert_sign
    assert list(of(x509.ExtendedKeyUsage).value) == [x509.ExtendedKeyUsageOID.EMAIL_PROTECTION]
    assert of(x509.BasicConstraints).value.ca is False
    own = root.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.key_identifier
    assert of(x509.AuthorityKeyIdentifier).value.key_identifier == own
    assert root.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_keys_that_are_there_are_never_written_over(folder):
    before = (folder / "key.pem").read_bytes()

    with pytest.raises(InvalidParameter, match="no credentials yet"):
        certificates.make_credentials(folder, "Somebody else")
    assert (folder / "key.pem").read_bytes() == before


@pytest.mark.parametrize("format", [*TYPES, "svg"])
def test_a_signed_file_is_intact_trusted_by_those_who_trust_and_broken_by_one_bit(
    format, signer, folder, media, record
):
    signed = signer.sign(media(format), record).data

    assert read_signature(signed, format).state == "intact"
    found = read_signature(signed, format, authority_of(folder))
    assert (found.state, found.signer, found.source) == ("trusted", "The tests", SYNTHETIC)
    assert found.statement["recipe"] == record["recipe"]
    changed = bytearray(signed)
    changed[-40] ^= 1
    assert read_signature(bytes(changed), format, authority_of(folder)).state == "broken"


@pytest.mark.parametrize("format", TYPES)
def test_the_reader_of_c2pa_itself_says_the_same(format, signer, media, record):
    signed = signer.sign(media(format), record).data

    with c2pa.Reader(TYPES[format], io.BytesIO(signed)) as reader:
        manifest, state = json.loads(reader.json()), reader.get_validation_state()

    assert state == "Valid"
    active = manifest["manifests"][manifest["active_manifest"]]
    said = {one["label"]: one["data"] for one in active["assertions"]}
    assert said["c2pa.actions.v2"]["actions"][0]["digitalSourceType"] == SYNTHETIC
    assert said[LABEL]["model"] == "stripes/one"
    assert said[LABEL]["seed"] == "7"
    assert said[LABEL]["licenceWeights"] == "CC0-1.0"
    assert "thumbnail" not in active
    assert active["claim_generator_info"][0]["name"] == "doesnotexist"


def test_a_signature_is_small(signer, media, record):
    plain = media("jpeg")

    assert len(signer.sign(plain, record).data) - len(plain.data) < 8_000


def test_what_has_no_place_for_a_manifest_stays_as_it_is(signer, record):
    text = Media(b"CCO", "smi", {})

    assert signer.sign(text, record) is text


def test_threads_share_a_signer(signer, media, record):
    plain, results = media("png"), []

    def work():
        results.extend(read_signature(signer.sign(plain, record).data, "png").state for _ in range(10))

    threads = [threading.Thread(target=work) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert results == ["intact"] * 40


@pytest.fixture
def signing_zoo(settings, stripes, make_plugin, cards_file, folder):
    from doesnotexist.plugins import Plugins

    def make(**given) -> Zoo:
        plugins = Plugins(only=frozenset())
        plugins.register(make_plugin(stripes, cards_file("one")), "stripes")
        return Zoo(Settings(**{**settings.model_dump(), "credentials": folder, **given}), plugins)

    return make


def test_a_zoo_with_credentials_signs_and_keeps_what_it_signed(signing_zoo, stripes, folder):
    with signing_zoo(media_bytes=1_000_000, pool_bytes=50_000) as zoo:
        recipe = zoo.recipe("stripes", seed=7)
        once, again = (zoo.render(recipe, "png").data for _ in range(2))
        fresh = zoo.fresh("stripes").data

    assert once == again  # a second signature would have other bytes
    assert read_signature(once, "png", authority_of(folder)).state == "trusted"
    assert read_signature(fresh, "jpeg").state == "intact"


def test_media_kept_before_there_were_credentials_are_not_delivered_after(signing_zoo, tmp_path):
    recipes = []
    for credentials in (None, "as given"):
        given = {"media_cache": tmp_path / "media"} | ({} if credentials else {"credentials": None})
        with signing_zoo(**given) as zoo:
            recipe = zoo.recipe("stripes", seed=7)
            recipes.append(read_signature(zoo.render(recipe, "png").data, "png"))

    assert recipes[0] is None
    assert recipes[1] is not None


def test_without_credentials_nothing_is_signed(zoo):
    assert zoo.signer is None
    assert read_signature(zoo.render(zoo.recipe("stripes", seed=7), "png").data, "png") is None


def test_without_the_extra_signing_is_off_and_the_log_says_so(folder, monkeypatch, caplog):
    monkeypatch.setattr("doesnotexist.provenance.credentials.installed", lambda: False)

    assert open_signer(folder) is None
    assert "doesnotexist[provenance]" in caplog.text


def copied(folder, target):
    target.mkdir()
    for path in folder.iterdir():
        (target / path.name).write_bytes(path.read_bytes())
    return target


def test_credentials_that_cannot_sign_are_refused_with_the_reason(folder, tmp_path):
    lacking = copied(folder, tmp_path / "a")
    (lacking / "key.pem").unlink()
    swapped = copied(folder, tmp_path / "b")
    (swapped / "key.pem").write_bytes((folder / "ca-key.pem").read_bytes())
    words = copied(folder, tmp_path / "c")
    (words / "chain.pem").write_text("no certificate")
    lone = copied(folder, tmp_path / "d")  # signs certificates, not files
    (lone / "chain.pem").write_bytes((folder / "ca.pem").read_bytes())
    (lone / "key.pem").write_bytes((folder / "ca-key.pem").read_bytes())

    for place, reason in (
        (lacking, "No such file"),
        (swapped, "not the key of"),
        (words, "expected PEM"),
        (lone, "cannot sign"),
    ):
        with pytest.raises(CredentialsInvalid, match=reason):
            Signer(place)


def test_a_certificate_that_has_run_out_is_refused(folder, tmp_path, monkeypatch):
    class Then(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(UTC) - timedelta(days=1000)

    monkeypatch.setattr(certificates, "datetime", Then)
    certificates.make_credentials(tmp_path / "old", "The tests")

    with pytest.raises(CredentialsInvalid, match="cannot sign"):
        Signer(tmp_path / "old")


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX links")
def test_a_link_in_the_place_of_a_key_is_not_followed(tmp_path):
    folder, bait = tmp_path / "new", tmp_path / "bait"
    folder.mkdir()
    (folder / "key.pem").symlink_to(bait)

    with pytest.raises((FileExistsError, InvalidParameter)):
        certificates.make_credentials(folder, "The tests")
    assert not bait.exists()


class Asked(http.server.BaseHTTPRequestHandler):
    asked: ClassVar[list[str]] = []

    def do_GET(self):
        self.asked.append(self.path)
        self.send_error(404)

    def log_message(self, *_):
        pass


def test_a_manifest_that_is_said_to_lie_elsewhere_is_not_fetched(media):
    """Else a file could make this machine ask any address: SSRF."""
    Asked.asked.clear()
    with http.server.HTTPServer(("127.0.0.1", 0), Asked) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        away = f"http://127.0.0.1:{server.server_port}/manifest.c2pa"
        xmp = (
            '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax'
            '-ns#"><rdf:Description rdf:about="" xmlns:dcterms="http://purl.org/dc/terms/" '
            f'dcterms:provenance="{away}"/></rdf:RDF></x:xmpmeta>'
        )
        plain = Picture(np.zeros((16, 16, 3), np.uint8)).encode("jpeg", None)
        data = into_jpeg(plain, xmp.encode())

        found = read_signature(data, "jpeg")
        guarded = list(Asked.asked)
        with pytest.raises(c2pa.C2paError):  # without our settings it is followed
            c2pa.Reader("image/jpeg", io.BytesIO(data))
        server.shutdown()

    assert guarded == []
    assert Asked.asked == ["/manifest.c2pa"]
    assert found.state == "elsewhere"
