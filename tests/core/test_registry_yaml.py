"""YAML is read as plain data, or refused with the place of what is wrong."""

import time

import pytest

from doesnotexist.errors import RegistryInvalid
from doesnotexist.registry_yaml import MAX_BYTES, MAX_DEPTH, MAX_NODES, parse


def refused(text: str) -> RegistryInvalid:
    with pytest.raises(RegistryInvalid) as caught:
        parse(text.encode(), "r.yaml")
    return caught.value


def test_plain_data() -> None:
    text = """
name: a word of text
quoted: "007"
block: >-
  two
  lines
numbers: [0, -3, 12, 0.5, -1.25]
flags: {good: true, bad: false}
"""
    assert parse(text.encode(), "r.yaml").data == {
        "name": "a word of text",
        "quoted": "007",
        "block": "two lines",
        "numbers": [0, -3, 12, 0.5, -1.25],
        "flags": {"good": True, "bad": False},
    }


def test_places_of_values_and_keys() -> None:
    document = parse(b"a:\n  - b: 1\n    c: 2\n", "r.yaml")

    assert document.place(("a", 0, "c")) == (3, 8)
    assert document.place(("a", 0, "c"), of_key=True) == (3, 5)


def test_place_of_what_is_not_there_is_that_of_the_nearest_node_around_it() -> None:
    document = parse(b"a:\n  - b: 1\n", "r.yaml")

    assert document.place(("a", 0, "missing")) == (2, 5)
    assert document.place(("a", "union-member", 0, "b")) == (2, 8)
    assert document.place(()) == (1, 1)


@pytest.mark.parametrize(
    "plain",
    [
        "0123",
        "0x1f",
        "0o17",
        "1_000",
        "1e5",
        "12:30",
        "2019-12-01",
        "+7",
        ".5",
        ".inf",
        ".nan",
        "yes",
        "No",
        "on",
        "OFF",
        "y",
        "n",
        "null",
        "~",
        "True",
        "FALSE",
        "",
        "<<",
        "=",
        "1" * 64,
        "a1" * 32,
        "A1" * 20,
        "9" * 16,
        "-",
        "- 1",
    ],
)
def test_what_readers_of_yaml_differ_about_must_be_in_quotes(plain: str) -> None:
    error = refused(f"first: 1\nkey: {plain}\n")

    assert error.line == 2


@pytest.mark.parametrize("quoted", ["'0123'", '"yes"', '"' + "1" * 64 + '"', "''"])
def test_in_quotes_everything_is_text(quoted: str) -> None:
    assert parse(f"key: {quoted}".encode(), "r.yaml").data == {"key": quoted[1:-1]}


@pytest.mark.parametrize(
    ("text", "place", "word"),
    [
        ("a: 1\nb: 2\na: 3\n", (3, 1), "twice, first in line 1"),
        ("a: &x [1]\n", (1, 4), "anchors"),
        ("a: &x [1]\nb: *x\n", (1, 4), "anchors"),
        ("a: 1\nb: *x\n", (2, 4), "aliases"),
        ("&x a: 1\n", (1, 1), "anchors"),
        ("a: !!python/object/apply:os.system [id]\n", (1, 4), "tags"),
        ("a: !!str 3\n", (1, 4), "tags"),
        ("a: !own 3\n", (1, 4), "tags"),
        ("? [1, 2]\n: 3\n", (1, 3), "as a key"),
        ("a: 1\n---\nb: 2\n", (2, 1), "a second"),
        ("a: [1\n", (2, 1), "no YAML"),
        ("a: 'x\n", (2, 1), "no YAML"),
        ("a: x\n b: 2\n", (2, 3), "no YAML"),
        ("\ta: 1\n", (1, 1), "no YAML"),
        ("a: @x\n", (1, 4), "no YAML"),
        ("", (1, 1), "found nothing"),
    ],
)
def test_refused_with_its_place(text: str, place: tuple[int, int], word: str) -> None:
    error = refused(text)

    assert (error.line, error.column) == place
    assert word in str(error)


def test_alias_bomb_costs_nothing() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [" + ", ".join([f"*a{n - 1}"] * 9) + "]" for n in range(1, 9)]

    assert "anchors" in str(refused("\n".join(lines)))


@pytest.mark.parametrize("text", ["[" * 20_000, "{a: " * 20_000, "- " * 20_000, "? " * 20_000])
def test_deep_nesting_is_refused_at_once(text: str) -> None:
    start = time.perf_counter()
    refused(text)

    assert time.perf_counter() - start < 0.2


def test_depth_that_is_allowed() -> None:
    text = "[" * MAX_DEPTH + "1" + "]" * MAX_DEPTH

    assert parse(text.encode(), "r.yaml").data
    assert "deep" in str(refused(f"[{text}]"))


def test_too_many_values() -> None:
    start = time.perf_counter()

    assert str(MAX_NODES) in str(refused("- 1\n" * (MAX_NODES + 1)))
    assert time.perf_counter() - start < 0.5


def test_too_many_bytes() -> None:
    assert str(MAX_BYTES) in str(refused("#" * (MAX_BYTES + 1)))


@pytest.mark.parametrize("raw", [b"a: \xff", b"a: \x00", b"a: \x07", b"\xff\xfea\x00", b"\xfe\xff"])
def test_what_is_no_text(raw: bytes) -> None:
    with pytest.raises(RegistryInvalid):
        parse(raw, "r.yaml")


def test_an_error_shows_a_strangers_text_as_ascii_only() -> None:
    message = str(refused("a: 1\n\u202ekey: 2\n\u202ekey: 3\n"))

    assert message.isascii()
