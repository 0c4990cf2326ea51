"""Model cards from registry files, and the registry that this project ships."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from doesnotexist.cards import Bundled, Hub, Mirror, ModelCard
from doesnotexist.errors import RegistryInvalid, UnknownModel
from doesnotexist.registry import (
    ENVIRONMENT,
    Registry,
    find_registry,
    parse_registry,
    read_registry,
)
from doesnotexist.weights import measure, package_folder

DIGEST = "1f0c9d2a" * 8
COMMIT = "ab12" * 10

ROW = f"""\
format: 1
licences:
  free:
    code: Apache-2.0
    weights: CC0
    data: CC0
    commercial: true
    attribution: nobody
models:
  - id: dogs/small-64
    domain: dogs
    title: Small dogs
    architecture: stylegan2
    resolution: 64
    files:
      - name: small.safetensors
        format: safetensors
        size: 12
        sha256: "{DIGEST}"
        sources:
          - package: doesnotexist_dogs
            path: weights/small.safetensors
          - repo: somebody/dogs
            revision: "{COMMIT}"
            path: small.safetensors
          - url: https://example.com/small.safetensors
    licence: free
    credit: Dogs (2026) - Somebody
    data: pictures of dogs
    limits: small
    figures:
      - {{name: FID50k, value: 12, source: measured}}
    defaults: {{psi: 0.7, mirror: false}}
"""

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def _write(text: str) -> Path:
        path = tmp_path / "registry.yaml"
        path.write_text(text)
        return path

    return _write


def refused(text: str) -> RegistryInvalid:
    with pytest.raises(RegistryInvalid) as caught:
        parse_registry(text.encode(), "r.yaml")
    return caught.value


def test_a_row_becomes_a_card(write: Write) -> None:
    (card,) = read_registry(write(ROW))

    assert card.id == "dogs/small-64"
    assert card.digest == DIGEST
    assert card.reference == f"dogs/small-64@{DIGEST[:12]}"
    assert card.size == 12
    assert card.licence.attribution == "nobody"
    assert card.defaults == {"psi": 0.7, "mirror": False}
    assert [type(source) for source in card.files[0].sources] == [Bundled, Hub, Mirror]


def test_a_row_may_hold_its_own_licence() -> None:
    own = "{code: MIT, weights: MIT, data: MIT, commercial: true, attribution: me}"

    (card,) = parse_registry(ROW.replace("licence: free", f"licence: {own}").encode(), "r.yaml")

    assert card.licence.code == "MIT"


@pytest.mark.parametrize(
    ("old", "new", "line", "word"),
    [
        ("title: Small dogs", "titel: Small dogs", 10, "'title' is missing"),
        ("    title: Small dogs", "    title: Small dogs\n    hue: 3", 13, "unknown key 'hue'"),
        ("resolution: 64", 'resolution: "64"', 14, "integer"),
        ("resolution: 64", "resolution: -1", 14, "resolution"),
        ("size: 12", "size: 0", 16, "expected size and sha256"),
        ("size: 12", "size: 12.0", 18, "integer"),
        ("        size: 12\n", "", 16, "expected size and sha256"),
        (f'"{DIGEST}"', DIGEST, 19, "quotes"),
        (f'"{DIGEST}"', "0" * 64, 19, "quotes"),
        (f'"{DIGEST}"', f'"{DIGEST.upper()}"', 19, "sha256"),
        (f'"{DIGEST}"', f'"{DIGEST[:-1]}"', 19, "sha256"),
        (f'"{COMMIT}"', "main", 24, "revision"),
        (f'"{COMMIT}"', '"v1.0"', 24, "revision"),
        (f'"{COMMIT}"', f'"{COMMIT[:12]}"', 24, "revision"),
        ("https://example.com", "http://example.com", 26, "url"),
        ("path: small.saf", "path: ../small.saf", 25, "quotes"),
        ("licence: free", "licence: freedom", 27, "no licence 'freedom'"),
        ("domain: dogs", "domain: cats", 10, "begins with cats/"),
        ("id: dogs/small-64", "id: dogs/../../etc", 10, "id"),
        ("format: 1", "format: 2", 1, "format"),
        ("format: safetensors", "format: pickle", 17, "format"),
        ("commercial: true", 'commercial: "true"', 7, "commercial"),
        ("value: 12", "value: twelve", 32, "value"),
    ],
)
def test_a_wrong_row_is_refused_with_its_line(old: str, new: str, line: int, word: str) -> None:
    assert old in ROW
    error = refused(ROW.replace(old, new, 1))

    assert (error.line, word in str(error)) == (line, True), str(error)
    assert str(error).startswith(f"r.yaml:{line}:")
    assert "\n" not in str(error)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "[]",
        "format: 1",
        "models: []",
        "format: 1\nmodels: {}",
        "format: 1\nmodels: [1]",
        "format: 1\nmodels: []\nlicences: 3",
        "format: 1\nlicences: 3\nmodels: [{licence: x}]",
    ],
)
def test_what_is_no_registry(text: str) -> None:
    assert refused(text).line == 1 or "models" in text


def test_the_same_id_twice_in_one_file() -> None:
    row = ROW[ROW.index("  - id") :]

    error = refused(ROW + row)

    assert "stands twice, first in line 10" in str(error)
    assert error.line == 10 + row.count("\n")


def test_two_defaults_of_one_domain() -> None:
    row = ROW[ROW.index("  - id") :].rstrip() + "\n    default: true\n"

    error = refused(ROW.rstrip() + "\n    default: true\n" + row.replace("small-64", "tall-64"))

    assert "dogs/tall-64 and dogs/small-64 are both the default of dogs" in str(error)


def test_the_same_role_twice() -> None:
    start, end = ROW.index("      - name: small"), ROW.index("    licence: free")

    assert "another role" in str(refused(ROW[:end] + ROW[start:end] + ROW[end:]))


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/x",
        "ftp://example.com/x",
        "file:///etc/passwd",
        "https://user@example.com/x",
        "https://user:word@example.com/x",
        "https://localhost/x",
        "https://127.0.0.1/x",
        "https://[::1]/x",
        "https://169.254.169.254/latest/meta-data",
        "https://2130706433/x",
        "https://0x7f.1/x",
        "https://example.com:8443/x",
        "https://example.com",
        "https://example.com/",
        "https:///x",
        "https://example.com/x?token=1",
        "https://example.com/x#y",
        "https://example.com/x\\y",
        "https://EXAMPLE.com/x",
        "https://example..com/x",
        "https://-a.com/x",
        "https://a_b.com/x",
        "HTTPS://example.com/x",
        "//example.com/x",
        "https://пример.рф/x",
        "javascript:alert(1)",
    ],
)
def test_an_address_that_is_no_public_https_address(url: str) -> None:
    error = refused(ROW.replace("https://example.com/small.safetensors", f"'{url}'"))

    assert error.line == 26


@pytest.mark.parametrize(
    "name",
    [
        "../x",
        "/etc/passwd",
        "a/../b",
        "C:/x",
        "a\\b",
        "",
        ".",
        "..",
        "a//b",
        "a/",
        ".git/config",
        "a\x85b",
        "a/./b",
        "%2e%2e/x",
        "\u2024\u2024/x",
        "a" * 300 + "/\x7f",
    ],
)
def test_a_path_that_leads_elsewhere(name: str) -> None:
    written = name.encode("unicode_escape").decode()

    assert refused(ROW.replace("weights/small.safetensors", f'"{written}"', 1))


def test_a_file_of_unknown_size_or_digest_must_say_why() -> None:
    without = ROW.replace(f'        sha256: "{DIGEST}"\n', "")
    reason = "        unverified: nobody has published its sha256\n"

    assert "unverified" in str(refused(without))
    (card,) = parse_registry(
        without.replace("        size: 12\n", f"        size: 12\n{reason}").encode(), "r.yaml"
    )
    assert card.unverified
    assert card.digest == ""
    assert refused(ROW.replace("        size: 12\n", f"        size: 12\n{reason}"))


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(RegistryInvalid, match="cannot be read"):
        read_registry(tmp_path / "absent.yaml")
    with pytest.raises(RegistryInvalid, match="cannot be read"):
        read_registry(tmp_path)


def test_registry_by_id_and_domain(write: Write) -> None:
    (card,) = read_registry(write(ROW))
    other = card.model_copy(update={"id": "cats/x", "domain": "cats"})
    registry = Registry([card, other])

    assert registry.cards() == (card, other)
    assert registry.cards("cats") == (other,)
    assert registry.cards("fish") == ()
    assert registry.card("cats/x") is other
    with pytest.raises(UnknownModel, match="dogs/small-64, cats/x"):
        registry.card("cats/y")


def test_the_same_id_in_two_files_is_refused(write: Write) -> None:
    cards = read_registry(write(ROW))

    with pytest.raises(RegistryInvalid, match="dogs/small-64 stands twice"):
        Registry([*cards, *cards])


def test_the_environment_names_another_registry(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENVIRONMENT, str(path := write(ROW)))

    assert find_registry() == path


@pytest.fixture(scope="module")
def shipped() -> tuple[ModelCard, ...]:
    return read_registry(find_registry())


def test_the_shipped_registry_has_at_least_twenty_models_of_six_domains(
    shipped: tuple[ModelCard, ...],
) -> None:
    assert len(shipped) >= 20
    assert len({card.domain for card in shipped}) >= 6


def test_every_shipped_model_can_be_fetched_or_is_bundled(shipped: tuple[ModelCard, ...]) -> None:
    for card in shipped:
        assert all(file.sources for file in card.files), card.id


def test_nvidias_weights_are_non_commercial_and_must_be_accepted(
    shipped: tuple[ModelCard, ...],
) -> None:
    theirs = [card for card in shipped if "Nvidia Source Code" in card.licence.weights]

    assert theirs
    assert not any(card.licence.commercial for card in theirs)
    assert all(card.licence.acceptance for card in theirs)


def test_reading_the_shipped_registry_is_quick() -> None:
    path = find_registry()
    times = []
    for _ in range(3):
        start = time.perf_counter()
        read_registry(path)
        times.append(time.perf_counter() - start)

    assert min(times) < 0.1


def test_a_bundled_file_is_the_one_its_row_describes(shipped: tuple[ModelCard, ...]) -> None:
    files = [file for card in shipped for file in card.files if isinstance(file.sources[0], Bundled)]

    assert files
    for file in files:
        source = file.sources[0]
        folder = package_folder(source.package)
        assert folder is not None
        assert measure(folder / source.path) == (file.size, file.sha256), str(source)
