"""Media over HTTP: what is kept, what is asked for again, what is never stored."""

from __future__ import annotations

import io
import json
import re

import pytest
from PIL import Image


def canonical(answer) -> str:
    found = re.match(r'<([^>]+)>; rel="canonical"', answer.headers["Link"])
    assert found
    return found[1]


def test_a_random_answer_is_not_stored_and_says_how_to_see_it_again(ask):
    random = ask("zoo.test", "/generate/blots")
    again = ask("zoo.test", canonical(random))

    assert random.headers["Cache-Control"] == "no-store"
    assert "ETag" not in random.headers
    assert random.headers["X-Seed"] == again.headers["X-Seed"]
    assert random.data == again.data


def test_two_random_answers_differ(ask):
    assert ask("zoo.test", "/generate/blots").data != ask("zoo.test", "/generate/blots").data


def test_a_permalink_is_for_ever(ask):
    link = canonical(ask("zoo.test", "/generate/blots?seed=7"))
    answer = ask("zoo.test", link)

    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert not answer.get_etag()[1]  # strong
    assert canonical(answer) == link


@pytest.mark.parametrize("host", ["zoo.test", "blots.zoo.test"])
def test_what_is_kept_for_ever_is_the_same_by_whatever_port_it_was_asked_for(ask, host):
    """A cache that does not tell ports apart would else keep a stranger's for everybody."""
    link = canonical(ask(host, "/generate/blots?seed=7"))
    answer = ask(f"{host}:1337", link)

    assert "1337" not in str(answer.headers)
    assert answer.data == ask(host, link).data
    licence = re.search(r'<([^>#]+)[^>]*>; rel="license"', answer.headers["Link"])
    assert ask(host, licence[1], "text/html").status_code == 200


@pytest.mark.parametrize("query", ["seed=7", "seed=7&model=blots/tiny"])
def test_what_may_mean_another_model_tomorrow_is_asked_again(ask, query):
    answer = ask("zoo.test", f"/generate/blots?{query}")

    assert answer.headers["Cache-Control"] == "no-cache"
    assert answer.get_etag()[0]


def test_who_has_it_gets_304_without_a_generation(ask, moods):
    first = ask("zoo.test", "/generate/moods?seed=7")
    moods.error = RuntimeError("must not be asked")
    second = ask("zoo.test", "/generate/moods?seed=7", If_None_Match=first.headers["ETag"])

    assert (second.status_code, second.data) == (304, b"")
    for name in ("ETag", "Cache-Control", "Link", "X-Seed"):
        assert second.headers[name] == first.headers[name]


def test_another_etag_gets_the_picture(ask):
    assert ask("zoo.test", "/generate/blots?seed=7", If_None_Match='"other"').status_code == 200


def test_each_variant_has_its_own_etag(ask):
    variants = ["seed=7", "seed=8", "seed=7&format=png", "seed=7&size=32", "seed=7&psi=1"]
    etags = {ask("zoo.test", f"/generate/blots?{query}").headers["ETag"] for query in variants}

    assert len(etags) == len(variants)


def test_head_says_what_get_would(ask):
    got = ask("zoo.test", "/generate/blots?seed=7")
    head = ask("zoo.test", "/generate/blots?seed=7", method="HEAD")

    assert head.data == b""
    assert dict(head.headers) | {"X-Request-Id": ""} == dict(got.headers) | {"X-Request-Id": ""}


@pytest.mark.parametrize(("format", "name"), [("jpeg", "JPEG"), ("png", "PNG"), ("webp", "WEBP")])
def test_formats_and_sizes(ask, format, name):
    answer = ask("zoo.test", f"/generate/blots?seed=7&format={format}&size=128")
    picture = Image.open(io.BytesIO(answer.data))

    assert answer.mimetype == f"image/{format}"
    assert (picture.format, picture.size) == (name, (128, 128))


def test_a_saved_file_has_a_name(ask):
    answer = ask("zoo.test", "/generate/blots?seed=7")

    assert answer.headers["Content-Disposition"] == 'inline; filename="blots-7.jpg"'


def test_the_record_says_how_to_make_it_again(ask):
    record = json.loads(ask("zoo.test", "/generate/blots?seed=7&psi=1&format=json").data)

    assert (record["domain"], record["seed"], record["params"]["psi"]) == ("blots", 7, 1.0)
    assert record["exists"] is False
    assert record["licence"]["weights"] == "CC0-1.0"


def test_links_keep_the_prefix(ask):
    link = canonical(ask("127.0.0.1", "/d/blots/image"))

    assert link.startswith("/d/blots/generate/blots?model=blots/tiny@")
    assert ask("127.0.0.1", link).status_code == 200


POISON = [
    "Forwarded",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Port",
    "X-Forwarded-Prefix",
    "X-Forwarded-Proto",
    "X-Forwarded-Scheme",
    "X-Forwarded-Server",
    "X-Host",
    "X-HTTP-Host-Override",
    "X-HTTP-Method-Override",
    "X-Original-Host",
    "X-Original-URL",
    "X-Rewrite-URL",
    "X-Script-Name",
    "True-Client-IP",
    "Cookie",
    "Origin",
    "Referer",
    "User-Agent",
    "X-Real-IP",
    "X-Client-IP",
    "X-Forwarded",
    "X-Forwarded-Path",
    "X-Forwarded-URI",
    "X-Forwarded-Ssl",
    "X-Method-Override",
    "X-Http-Method",
    "X-Proxy-URL",
    "Front-End-Https",
    "Via",
    "From",
]


@pytest.mark.parametrize("name", POISON)
@pytest.mark.parametrize("path", ["/generate/blots?seed=7", "/domains", "/seed/7/40/30", "/sheet?seed=7"])
def test_no_other_header_changes_an_answer(ask, name, path):
    clean, poisoned = (
        ask("blots.zoo.test", path),
        ask("blots.zoo.test", path, **{name.replace("-", "_"): "https://evil.test/x"}),
    )

    assert poisoned.data == clean.data
    assert "evil" not in str(poisoned.headers)
    assert dict(poisoned.headers) | {"X-Request-Id": ""} == dict(clean.headers) | {"X-Request-Id": ""}
