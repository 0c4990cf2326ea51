"""Each guard is taken away, and its attack succeeds: so it is the guard that holds, and the attack is one.

An attack is a function that returns whether it got through. With the guard it must not; without it, it must.
"""

from __future__ import annotations

import contextlib
import pickle
import threading
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from waitress.parser import HTTPRequestParser

from doesnotexist import Picture, Recipe, confinement
from doesnotexist.author import requests
from doesnotexist.engine import Dispatcher, Job, Maker, maker
from doesnotexist.engine.line import Line
from doesnotexist.errors import (
    BadSample,
    DoesNotExistError,
    FileUnread,
    InstallRefused,
    QueueFull,
    RegistryInvalid,
    WeightsInvalid,
    WeightsMismatch,
)
from doesnotexist.inspection import reading
from doesnotexist.registry_yaml import _Builder, parse
from doesnotexist.weights import Store
from doesnotexist_stylegan2.convert.checkpoint import convert_bytes
from doesnotexist_web.answering import failures
from doesnotexist_web.asking import hosts
from doesnotexist_web.operating import limits
from doesnotexist_web.operating.limits import Meter
from doesnotexist_web.server.stalled import Channel

from ..web.conftest import WEIGHTS, app, ask, moods, plugins, zoo
from ..web.wire import served

__all__ = ["app", "ask", "moods", "plugins", "zoo"]

Attack = Callable[[], bool]


def holds(attack: Attack, take_away: Callable[[pytest.MonkeyPatch], None]) -> None:
    """Green with the guard, red without it."""
    assert not attack()
    with pytest.MonkeyPatch.context() as patch:
        take_away(patch)
        assert attack()
    assert not attack()


def test_1_a_pickle_is_read_and_never_run(tmp_path: Path) -> None:
    canary = tmp_path / "canary"

    class Hostile:
        def __reduce__(self):
            return Path.touch, (canary,)

    hostile = pickle.dumps(Hostile())

    def attack() -> bool:
        canary.unlink(missing_ok=True)
        with contextlib.suppress(DoesNotExistError):  # what counts is what it has done
            convert_bytes(hostile)
        return canary.exists()

    def take_away(patch: pytest.MonkeyPatch) -> None:
        patch.setitem(globals(), "convert_bytes", pickle.loads)

    holds(attack, take_away)


def test_1_who_reads_a_strangers_file_can_do_nothing_else(tmp_path: Path) -> None:
    """Neither open a file, as a decoder might be made to, nor take the memory of the machine."""
    start = (
        "import sys; sys.path[:0] = sys.argv[1].splitlines()\n"
        "from doesnotexist.inspection import child\n{unguarded}\n"
        "def deed(*_): open({path!r}, 'w').write('done'); return {{}}\n"
        "child.answer = deed; sys.exit(child.main())"
    )
    canary, unguarded = tmp_path / "canary", {"": ""}

    def attack() -> bool:
        canary.unlink(missing_ok=True)
        with pytest.MonkeyPatch.context() as patch:
            deed = start.format(unguarded=unguarded[""], path=str(canary))
            patch.setattr(confinement, "_START", deed)
            with contextlib.suppress(FileUnread):
                reading.confined({"format": "json", "authorities": ""}, b"{}")
        return canary.exists()

    holds(attack, lambda patch: patch.setitem(unguarded, "", "child.lock = lambda *_: None"))


def test_2_weights_are_used_only_if_their_sha256_is_right(zoo, settings) -> None:
    card = zoo.card("moods")
    stored = Store(settings.store).path(card.files[0].sha256)
    wrong = WEIGHTS.replace(b"weights", b"malware")

    def attack() -> bool:
        stored.parent.mkdir(parents=True, exist_ok=True)
        stored.write_bytes(wrong)  # it is put aside when it is found out
        try:
            return Store(settings.store).read(card)["weights"] == wrong
        except WeightsMismatch:
            return False

    def take_away(patch: pytest.MonkeyPatch) -> None:
        right = SimpleNamespace(hexdigest=lambda: card.digest)
        patch.setattr("doesnotexist.weights.hashlib", SimpleNamespace(sha256=lambda _: right))

    holds(attack, take_away)


def test_3_a_registry_says_each_thing_once() -> None:
    def attack() -> bool:
        try:
            return parse(b"digest: good\ndigest: bad\n", "r.yaml").data == {"digest": "bad"}
        except RegistryInvalid:
            return False

    holds(attack, lambda patch: patch.setattr(_Builder, "_refuse", lambda *_: None))


def test_4_only_our_hosts_are_answered(ask) -> None:
    def attack() -> bool:
        return ask("evil.test", "/domains").status_code == 200

    def take_away(patch: pytest.MonkeyPatch) -> None:
        patch.setattr(hosts.Hosts, "resolve", lambda self, header: hosts.Site("", header))

    holds(attack, take_away)


class Gate:
    """A model that draws once it is let; counts what it drew."""

    def __init__(self) -> None:
        self.drawn, self.open = 0, threading.Event()

    def sample(self, recipes):
        assert self.open.wait(20)
        self.drawn += len(recipes)
        return [Picture(np.zeros((8, 8, 3), np.uint8)) for _ in recipes]


def flood(zoo, seeds: Sequence[int]) -> tuple[int, int]:
    """So many requests while the model waits; how many were drawn in the end, and how many refused."""
    gate, card, waiting, refused = Gate(), zoo.card("moods"), [], 0
    engine = Dispatcher([Maker(lambda _: gate)], queue_size=8)
    for seed in seeds:
        try:
            recipe = Recipe(card.id, card.digest, seed, {})
            waiting.append(engine.submit(Job(card, recipe, "png", None)))
        except QueueFull:
            refused += 1
    gate.open.set()
    for future in waiting:
        future.result(20)
    engine.close()
    return gate.drawn, refused


def test_4_a_host_is_told_in_one_way(app) -> None:
    """Of a request whose length can be read in two ways, the second reader sees another one in its body."""
    smuggled = b"GET /healthz HTTP/1.1\r\nHost: zoo.test\r\n\r\n"
    raw = b"POST / HTTP/1.1\r\nHost: zoo.test\r\n"
    raw += b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"

    def attack() -> bool:
        with served(app) as wire:  # refused, it never reaches a view
            return b" 405 " in wire.say(raw % (5 + len(smuggled)) + smuggled)

    holds(attack, lambda patch: patch.setattr(Channel, "parser_class", HTTPRequestParser))


def test_5_one_visitor_does_not_take_all() -> None:
    def attack() -> bool:
        meter = Meter("20/hour")
        return sum(not meter.ask("she") for _ in range(30)) > 20

    holds(attack, lambda patch: patch.setitem(limits._SECONDS, "hour", 0))


def test_5_visitors_who_never_come_again_are_forgotten() -> None:
    def attack() -> bool:
        meter = Meter("20/hour")
        for number in range(10_099):
            meter.ask(str(number))
        return len(meter) > 10_000

    holds(attack, lambda patch: patch.setattr(limits, "VISITORS", 10**9))


def test_5_a_full_queue_refuses(zoo) -> None:
    def attack() -> bool:
        return flood(zoo, range(100))[1] == 0

    holds(attack, lambda patch: patch.setattr(Line, "_admit", lambda *_: []))


def test_6_equal_requests_are_one_generation(zoo) -> None:
    def attack() -> bool:
        return flood(zoo, [7] * 8)[0] > 1

    def take_away(patch: pytest.MonkeyPatch) -> None:
        numbers = count()
        patch.setattr(Job, "key", property(lambda _: str(next(numbers))))

    holds(attack, take_away)


class Script:
    """A drawing that would run in a visitor's browser."""

    def encode(self, format: str, size: int | None) -> bytes:
        return b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'

    def facts(self) -> dict[str, object]:
        return {}


def test_7_what_a_plugin_gives_is_looked_at(zoo) -> None:
    recipe = zoo.recipe("polygons", 7)
    asked = Job(zoo.card("polygons"), recipe, "svg", None)

    def attack() -> bool:
        try:
            return b"<script>" in maker.deliver(asked, Script()).data
        except BadSample:
            return False

    holds(attack, lambda patch: patch.setattr(maker, "media_fault", lambda *_: ""))


def test_8_a_name_that_looks_like_a_slip_is_not_installed() -> None:
    def attack() -> bool:
        try:
            return requests.parse("doesnotexist-dgos", ["doesnotexist-dogs"]).kind == "name"
        except InstallRefused:
            return False

    holds(attack, lambda patch: patch.setattr(requests, "meant", lambda *_: ""))


def test_9_no_place_of_a_file_leaves_the_house(ask, moods) -> None:
    moods.error = WeightsInvalid("/srv/zoo/secret/place.safetensors", "is torn")

    def attack() -> bool:
        return "/srv/zoo" in ask("localhost", "/generate/moods?seed=7").get_data(as_text=True)

    holds(attack, lambda patch: patch.setattr(failures, "without_paths", str))
