"""The Host header: what is ours, what is somebody else's, and what is no host at all."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doesnotexist.errors import HostForeign, HostMalformed, InvalidParameter
from doesnotexist_web.asking.hosts import Hosts, Site, SiteMiddleware

HOSTS = Hosts("zoo.test")

OURS = {
    "zoo.test": "",
    "zoo.test:8000": "",
    "ZOO.TEST": "",
    "zoo.test.": "",
    "localhost": "",
    "localhost:8000": "",
    "127.0.0.1": "",
    "127.0.0.1:8000": "",
    "[::1]": "",
    "[::1]:8000": "",
    "cats.zoo.test": "cats",
    "CATS.zoo.test.:8000": "cats",
    "cats.zoo.test:0": "cats",
    "cats.localhost": "cats",
    "cats.localhost:8000": "cats",
    "www.zoo.test": "www",  # a label like any other: no generator has it
    "xn--ctz-hoa.zoo.test": "xn--ctz-hoa",
    f"{'a' * 63}.zoo.test": "a" * 63,
}
MALFORMED = [
    "",
    " ",
    ".",
    ":8000",
    "..zoo.test",
    ".zoo.test",
    "cats..zoo.test",
    "cats.zoo.test..",
    "cats.zoo.test:",
    "cats.zoo.test:port",
    "cats.zoo.test:65536",
    "cats.zoo.test:80:80",
    "cats_.zoo.test",
    "-cats.zoo.test",
    "cats-.zoo.test",
    f"{'a' * 64}.zoo.test",
    f"{'a.' * 150}zoo.test",
    "user@cats.zoo.test",
    "cats.zoo.test/",
    "http://cats.zoo.test",
    "cats.zoo.test, evil.test",
    "cats.zoo.test\r\nX: y",
    "cats.zoo.test\n",
    "cats\x00.zoo.test",
    "c\u212aats.zoo.test",  # the Kelvin sign, which lower() makes an ASCII k
    "çats.zoo.test",
    "[::1",
    "::1",
    "<script>.zoo.test",
    "%63ats.zoo.test",
]
FOREIGN = [
    "evil.test",
    "evil.test:8000",
    "zoo.test.evil.test",
    "evilzoo.test",
    "test",
    "a.cats.zoo.test",
    "cats.127.0.0.1",
    "10.0.0.1",
    "169.254.169.254",
    "2130706433",
    "[fe80::1]",
    "[::]",
    "0.0.0.0",
]


@pytest.mark.parametrize(("header", "domain"), OURS.items())
def test_our_hosts_name_their_domain(header: str, domain: str) -> None:
    assert HOSTS.resolve(header).domain == domain


@pytest.mark.parametrize("header", MALFORMED)
def test_what_is_no_host_name_is_malformed(header: str) -> None:
    with pytest.raises(HostMalformed):
        HOSTS.resolve(header)


@pytest.mark.parametrize("header", FOREIGN)
def test_other_peoples_hosts_are_foreign(header: str) -> None:
    with pytest.raises(HostForeign):
        HOSTS.resolve(header)


def test_case_port_and_trailing_dot_change_nothing_but_the_port() -> None:
    assert HOSTS.resolve("CATS.Zoo.Test.:8000") == Site("cats", "zoo.test", ":8000")


@given(st.text(alphabet=st.characters(max_codepoint=255), max_size=80))
def test_any_text_gives_a_site_or_one_of_the_two_refusals(header: str) -> None:
    try:
        site = HOSTS.resolve(header)
    except (HostMalformed, HostForeign):
        return
    assert site.host.lower() == site.host


@given(st.from_regex(r"[a-z0-9.:@\[\]-]{0,20}\.?(zoo\.test|localhost)\.?(:[0-9]{0,6})?", fullmatch=True))
def test_whatever_is_taken_ends_in_a_zone_of_ours(header: str) -> None:
    try:
        site = HOSTS.resolve(header)
    except (HostMalformed, HostForeign):
        return
    assert site.zone in HOSTS.bare
    assert "." not in site.domain


def test_a_host_is_built_from_our_names() -> None:
    assert HOSTS.resolve("CATS.zoo.test.:8000").host == "cats.zoo.test:8000"


def test_sites_link_to_each_other_by_label() -> None:
    site = HOSTS.resolve("cats.localhost:8000")

    assert site.address("faces", "http") == "http://faces.localhost:8000/"
    assert site.home("http") == "http://localhost:8000/"


def test_addresses_without_dns_link_by_path() -> None:
    site = HOSTS.resolve("127.0.0.1:8000")

    assert site.address("faces", "http") == "http://127.0.0.1:8000/d/faces/"


def test_the_address_listened_on_is_a_bare_host() -> None:
    assert Hosts("zoo.test", "192.168.1.5").resolve("192.168.1.5:80").domain == ""
    with pytest.raises(HostForeign):
        Hosts("zoo.test", "0.0.0.0").resolve("0.0.0.0")


def test_a_base_may_be_an_address() -> None:
    assert Hosts("10.0.0.1").resolve("10.0.0.1").address("cats", "http") == "http://10.0.0.1/d/cats/"


@pytest.mark.parametrize("base", ["", "zoo test", "zoo.test:80", "http://zoo.test", "*.zoo.test"])
def test_a_bad_base_domain_is_refused_at_start(base: str) -> None:
    with pytest.raises(InvalidParameter, match="base-domain"):
        Hosts(base)


def seen(host: str, path: str) -> tuple[Site, str, str, bool]:
    """Site, SCRIPT_NAME and PATH_INFO as the inner application sees them, and whether it is refused."""
    environ: dict[str, object] = {"HTTP_HOST": host, "PATH_INFO": path}

    def inner(environ: dict[str, object], start_response: object) -> Iterable[bytes]:
        return []

    SiteMiddleware(inner, HOSTS)(environ, lambda *_: lambda _: None)  # type: ignore[arg-type, return-value]
    site = environ["doesnotexist.site"]
    assert isinstance(site, Site)
    script, inside = str(environ.get("SCRIPT_NAME", "")), str(environ["PATH_INFO"])
    return site, script, inside, "doesnotexist.refused" in environ


@pytest.mark.parametrize(
    ("path", "script", "inside"),
    [
        ("/d/cats/image", "/d/cats", "/image"),
        ("/d/cats/", "/d/cats", "/"),
        ("/d/cats", "/d/cats", "/"),
        ("/d/cats//", "/d/cats", "//"),
    ],
)
def test_a_path_prefix_is_a_site(path: str, script: str, inside: str) -> None:
    site, *places, refused = seen("127.0.0.1:8000", path)

    assert (site.domain, site.prefix, places) == ("cats", "/d/cats", [script, inside])
    assert not refused


@pytest.mark.parametrize("path", ["/d/", "/d", "/d/Cats/", "/d/../", "/dcats/", "/x/d/cats/", "/d/a.b/"])
def test_other_paths_are_left_alone(path: str) -> None:
    site, script, inside, _ = seen("zoo.test", path)

    assert (site.domain, script, inside) == ("", "", path)


def test_a_prefix_on_a_domains_own_host_is_left_alone() -> None:
    site, script, inside, _ = seen("cats.zoo.test", "/d/faces/")

    assert (site.domain, script, inside) == ("cats", "", "/d/faces/")


@pytest.mark.parametrize(
    ("host", "shown"),
    [("evil.test:8000", "zoo.test:8000"), ("evil.test", "zoo.test"), ("no host", "zoo.test")],
)
def test_a_refused_host_never_reaches_the_application(host: str, shown: str) -> None:
    site, _, _, refused = seen(host, "/")

    assert refused
    assert site.host == shown


MAPPED = Hosts(
    "zoo.test", own={"this-cat.test": "cats", "www.this-cat.test": "cats", "this-face.test": "faces"}
)


@pytest.mark.parametrize(
    ("host", "domain", "cats", "horses"),
    [
        ("this-cat.test", "cats", "http://this-cat.test/", "http://horses.zoo.test/"),
        ("WWW.this-cat.test.:81", "cats", "http://www.this-cat.test:81/", "http://horses.zoo.test:81/"),
        ("this-face.test", "faces", "http://this-cat.test/", "http://horses.zoo.test/"),
        ("cats.zoo.test", "cats", "http://cats.zoo.test/", "http://horses.zoo.test/"),
        ("zoo.test", "", "http://cats.zoo.test/", "http://horses.zoo.test/"),
    ],
)
def test_a_domain_may_have_a_host_of_its_own(host: str, domain: str, cats: str, horses: str) -> None:
    site = MAPPED.resolve(host)

    assert site.domain == domain
    assert (site.address("cats", "http"), site.address("horses", "http")) == (cats, horses)
    assert site.home("http").startswith("http://zoo.test")
    assert site.host == host.lower().replace(".:", ":")


@pytest.mark.parametrize("host", ["cats.this-cat.test", "xthis-cat.test", "this-cat.test.zoo"])
def test_only_the_exact_host_is_mapped(host: str) -> None:
    with pytest.raises(HostForeign):
        MAPPED.resolve(host)


@pytest.mark.parametrize("host", ["zoo.test", "localhost"])
def test_the_index_cannot_be_mapped(host: str) -> None:
    with pytest.raises(InvalidParameter, match="hosts"):
        Hosts("zoo.test", own={host: "cats"})
