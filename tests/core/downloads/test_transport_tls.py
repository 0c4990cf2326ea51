"""The same over real TLS: a certificate that is not vouched for ends the matter."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from doesnotexist.cards import Mirror, WeightFile
from doesnotexist.downloads.download import fetch
from doesnotexist.downloads.transport import Network
from doesnotexist.errors import DownloadFailed
from doesnotexist.weights import Store

DATA = bytes(i * i % 251 for i in range(300_000))

pytestmark = pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl to make a certificate")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 with its key, in one file."""
    folder = tmp_path_factory.mktemp("tls")
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=test"
    names = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem", "-out", "cert.pem"]
    subprocess.run([*command.split(), *names], cwd=folder, check=True, capture_output=True)
    both = folder / "both.pem"
    both.write_text((folder / "cert.pem").read_text() + (folder / "key.pem").read_text())
    return both


@pytest.fixture
def origin(server: Any, certificate: Path) -> str:
    """The test's server, speaking TLS from now on."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.serve("/a")
    return f"https://127.0.0.1:{server.server_port}"


@pytest.fixture
def file(origin: str, weight_file: Callable[..., WeightFile]) -> WeightFile:
    return weight_file("/a").model_copy(update={"sources": (Mirror.model_construct(url=f"{origin}/a"),)})


def test_a_file_arrives_over_tls(
    origin: str,
    network: Network,
    store: Store,
    file: WeightFile,
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))

    path = fetch(file, store, replace(network, trusted=frozenset({origin})))

    assert path.read_bytes() == DATA


def test_a_certificate_that_nobody_vouches_for(
    origin: str, server: Any, network: Network, store: Store, file: WeightFile
) -> None:
    with pytest.raises(DownloadFailed, match="CERTIFICATE_VERIFY_FAILED"):
        fetch(file, store, replace(network, trusted=frozenset({origin})))
    assert server.seen == []


def test_a_certificate_of_another_name(
    origin: str,
    server: Any,
    network: Network,
    store: Store,
    file: WeightFile,
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    other = origin.replace("127.0.0.1", "localhost")
    moved = file.model_copy(update={"sources": (Mirror.model_construct(url=f"{other}/a"),)})

    with pytest.raises(DownloadFailed, match="Hostname mismatch"):
        fetch(moved, store, replace(network, trusted=frozenset({other})))
    assert server.seen == []


def test_over_tls_too_a_private_address_is_not_asked(
    origin: str, server: Any, network: Network, store: Store, file: WeightFile
) -> None:
    with pytest.raises(DownloadFailed, match=r"expected a public address, found 127\.0\.0\.1"):
        fetch(file, store, network)
    assert server.seen == []
