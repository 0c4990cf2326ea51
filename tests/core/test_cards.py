"""Model cards are typed, frozen and closed."""

from typing import Any

import pytest
from pydantic import ValidationError

from doesnotexist.cards import Bundled, Hub, Licence, Mirror, ModelCard, Span, WeightFile

FREE = Licence(code="MIT", weights="MIT", data="CC0", commercial=True, attribution="nobody")
SHIPPED = Bundled(package="doesnotexist_dogs", path="weights/a.safetensors")


def file(**changes: Any) -> WeightFile:
    given = {"name": "a.safetensors", "format": "safetensors", "size": 3, "sha256": "ab" * 32}
    return WeightFile(**{**given, "sources": (SHIPPED,), **changes})


def card(**changes: Any) -> ModelCard:
    given = {
        "id": "dogs/a-64",
        "domain": "dogs",
        "title": "Dogs",
        "architecture": "stylegan2",
        "resolution": 64,
    }
    texts = {"credit": "c", "data": "d", "limits": "l"}
    return ModelCard(**{**given, **texts, "files": (file(),), "licence": FREE, **changes})


def test_a_card_is_named_by_its_first_file() -> None:
    two = card(files=(file(), file(role="tokens", sha256="cd" * 32, size=4)))

    assert two.digest == "ab" * 32
    assert two.reference == "dogs/a-64@abababababab"
    assert two.size == 7
    assert not two.unverified


def test_a_card_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        card().title = "Cats"


@pytest.mark.parametrize(
    "change",
    [
        {"hue": 3},
        {"resolution": "64"},
        {"resolution": 64.0},
        {"domain": "cats"},
        {"files": ()},
        {"files": (file(), file())},
        {"version": 0},
        {"golden": {"seed": 2**32, "sha256": "ab" * 32}},
        {"title": " "},
    ],
)
def test_a_wrong_card_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        card(**change)


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({"package": "doesnotexist_dogs", "path": "a"}, Bundled),
        ({"repo": "a/b", "revision": "ab" * 20, "path": "c"}, Hub),
        ({"url": "https://example.com/c"}, Mirror),
        (Mirror(url="https://example.com/c"), Mirror),
        (SHIPPED, Bundled),
    ],
)
def test_a_source_is_told_by_its_own_key(given: object, kind: type) -> None:
    assert isinstance(file(sources=[given]).sources[0], kind)


def test_a_wrong_source_gives_one_error() -> None:
    with pytest.raises(ValidationError) as caught:
        file(sources=[{"repo": "a/b", "revision": "main", "path": "c"}])

    assert [error["loc"][-1] for error in caught.value.errors() if error["type"] != "too_short"] == [
        "revision"
    ]


def test_unverified_needs_something_that_is_missing() -> None:
    assert card(files=(file(size=0, unverified="nobody knows"),)).unverified
    with pytest.raises(ValidationError, match="unverified"):
        file(unverified="nobody knows")
    with pytest.raises(ValidationError, match="unverified"):
        file(sha256="")


def test_a_span_runs_upwards() -> None:
    assert Span(low=-1, high=1).low == -1
    with pytest.raises(ValidationError, match="low"):
        Span(low=1, high=-1)
