"""The zoo: the public face of the runtime.

>>> from doesnotexist import Zoo
>>> Zoo().generate("cats", seed=7).save("cat.jpg")      # doctest: +SKIP
"""

from __future__ import annotations

import atexit
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Any, Literal

from .cards import ModelCard
from .catalogue import Catalogue
from .engine import Engine, Fresh, Job, Loader, Outcome, Pool, Sharing, open_engine, wait
from .errors import CredentialsInvalid, DoesNotExistError, ModelGone, QueueFull
from .media import Media, as_json, check_size
from .plugins import Plugins
from .provenance import record_of
from .provenance.credentials import Signer, open_signer
from .recipe import Recipe
from .settings import Settings

WARM_S = 180.0  # until a model is loaded, on a busy machine; a visitor would not wait so long


@dataclass(frozen=True)
class Creation:
    """A sample that did not exist before: finished media, and the recipe to make it again."""

    zoo: Zoo
    recipe: Recipe
    media: Media
    source: Literal["made", "pool", "shared"] = "made"
    """Made now; from the pool, never seen before; or shared with others under overload."""

    @property
    def data(self) -> bytes:
        """The bytes of the media."""
        return self.media.data

    @property
    def record(self) -> dict[str, Any]:
        """All that is known of it, as JSON data."""
        return self.zoo.record(self.recipe, self.media.facts)

    def save(self, path: str | PathLike[str]) -> Path:
        """Write it to a file; a suffix of another format makes the same sample in that format.

        Raises InvalidParameter for a suffix that this generator does not offer.
        """
        target = Path(path)
        format = self.zoo.format(self.recipe, target.suffix[1:] or self.media.format)
        media = self.media
        if format != media.format:
            media = self.zoo.render(self.recipe, format)
        target.write_bytes(media.data)
        return target


@dataclass(frozen=True)
class Coming:
    """A sample that somebody has asked for: `future` is done when it is there; cancelling takes it back."""

    zoo: Zoo
    future: Future[Any]  # of Media of `recipe`, or of a Fresh, which has its own
    recipe: Recipe | None = None
    source: Literal["made", "pool", "shared"] = "made"

    def wait(self) -> Creation:
        """Blocks until it is there; raises DeadlineExceeded, WeightsError, PluginError, EngineError."""
        found = wait(self.future, self.zoo.settings.deadline_s)
        recipe, media = found if self.recipe is None else (self.recipe, found)
        if media.format == "json":
            media = Media(as_json(self.zoo.record(recipe, media.facts)), media.format, media.facts)
        return Creation(self.zoo, recipe, media, self.source)


class Zoo(Catalogue):
    """Every domain of this installation. Threads may share one; close it when done.

    Nothing is loaded before it is needed: listing models imports neither torch nor RDKit.
    """

    def __init__(self, settings: Settings | None = None, plugins: Plugins | None = None) -> None:
        super().__init__(settings or Settings.read(), plugins)
        self._engine: Engine | None = None
        self._starting = threading.Lock()
        self._pool = Pool(self.settings.pool_bytes, self.domains_here, self._fresh_job)
        self._sharing = Sharing()
        self._warming = 0
        self._closed = False

    def __enter__(self) -> Zoo:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop the engine; what waits is refused."""
        self._closed = True
        if self._engine:
            atexit.unregister(self._engine.close)
            self._engine.close()

    @cached_property
    def signer(self) -> Signer | None:
        """What signs Content Credentials; None if they are off. Raises CredentialsInvalid."""
        return open_signer(self.settings.credentials)

    def render(self, recipe: Recipe, format: str | None = None, size: int | None = None) -> Media:
        """Make a sample: the media in `format`, `size` pixels wide. Blocks until it is there.

        Raises InvalidParameter, WeightsError, PluginError, QueueFull, DeadlineExceeded.
        """
        return self.ask(recipe, format, size).wait().media

    def ask(self, recipe: Recipe, format: str | None = None, size: int | None = None) -> Coming:
        """As `render`, without waiting; raises at once what can be said at once, such as QueueFull."""
        return Coming(self, self._submit(recipe, format, size), recipe)

    def generate(
        self,
        domain: str,
        *,
        seed: int | None = None,
        model: str | None = None,
        format: str | None = None,
        size: int | None = None,
        **params: object,
    ) -> Creation:
        """Make one sample of a domain: `zoo.generate("cats", seed=7, psi=0.5)`.

        Raises what `recipe` and `render` raise.
        """
        recipe = self.recipe(domain, seed, model, params)
        return Creation(self, recipe, self.render(recipe, format, size))

    def fresh(self, domain: str) -> Creation:
        """A finished sample that nobody has seen, in the domain's default format.

        From the pool if it has one, which takes about a millisecond; else made now. When the queue
        is full too and `settings.overload` is "share", the next one that is made for somebody else;
        its `source` says so. Raises what `generate` raises.
        """
        return self.ask_fresh(domain).wait()

    def ask_fresh(self, domain: str) -> Coming:
        """As `fresh`, without waiting; raises at once what can be said at once, such as QueueFull."""
        if kept := self._pool.pop(self.card(domain)):
            self._started().shown(self._job(kept.recipe), kept.media, more=self._pool.low(domain))
            ready: Future[Fresh] = Future()
            ready.set_result(kept)
            return Coming(self, ready, source="pool")
        recipe = self.recipe(domain)
        try:
            future = self._submit(recipe)
        except QueueFull as full:
            return Coming(self, self._shared(domain, full), source="shared")
        self._sharing.made(domain, recipe, future)
        return Coming(self, future, recipe)

    def start(self) -> None:
        """Start the engine, which the first request does otherwise: its workers get up in the background."""
        self._started()

    def warm(self, domains: Iterable[str] | None = None) -> dict[str, DoesNotExistError]:
        """Load the models of these domains (None: of all whose weights are here); blocks until then.

        Returns the domains that failed, and why: the others can be served.
        """
        self._warming += 1
        try:
            return self._warm(self.domains_here() if domains is None else domains)
        finally:
            self._warming -= 1

    def _warm(self, domains: Iterable[str]) -> dict[str, DoesNotExistError]:
        failed: dict[str, DoesNotExistError] = {}
        flying: dict[str, Future[Media]] = {}
        for domain in domains:
            try:
                flying[domain] = self._submit(self.recipe(domain))
            except DoesNotExistError as error:
                failed[domain] = error
        for domain, future in flying.items():
            try:
                wait(future, max(WARM_S, self.settings.deadline_s))
            except DoesNotExistError as error:
                failed[domain] = error
        return failed

    def not_ready(self) -> str:
        """Why requests had better go elsewhere for now; "" if they are welcome."""
        if self._closed:
            return "it is closing"
        if self._warming:
            return "models are being loaded"
        resting = self._engine.status()["resting"] if self._engine else ()
        if self._engine and set(self.domains_here()) <= set(resting):
            return "every domain rests"
        return ""

    def status(self) -> dict[str, Any]:
        """Figures of the engine, as JSON data: what waits, what was made and refused, pool, models."""
        engine = self._engine.status() if self._engine else {}
        return {
            "backend": self.settings.workers,
            "device": self.settings.device,
            "started": self._engine is not None,
            "pool": self._pool.status(),
            **engine,
        }

    def generate_many(
        self, recipes: Iterable[Recipe], format: str | None = None, size: int | None = None
    ) -> Iterator[Creation]:
        """Make many samples, in order, with the engine's batches kept full."""
        flying: deque[Coming] = deque()
        for recipe in recipes:
            # one batch at work and one waiting: more would only spend the deadline in the queue
            batch = self.generator(self.registry.card(recipe.model).domain).max_batch
            if len(flying) >= min(2 * batch, self.settings.queue_size):
                yield flying.popleft().wait()
            flying.append(self.ask(recipe, format, size))
        while flying:
            yield flying.popleft().wait()

    def record(self, recipe: Recipe, facts: Mapping[str, Any]) -> dict[str, Any]:
        """All that is known of a sample, as JSON data: what it is, recipe, model, licence, facts."""
        return record_of(self.registry.card(recipe.model), recipe, facts)

    def _submit(self, recipe: Recipe, format: str | None = None, size: int | None = None) -> Future[Media]:
        return self._started().submit(self._job(recipe, format, size))

    def _job(self, recipe: Recipe, format: str | None = None, size: int | None = None) -> Job:
        card = self.registry.card(recipe.model)
        if card.digest != recipe.weights:
            raise ModelGone(recipe.model, recipe.weights, card.digest)
        return Job(card, recipe, self.format(recipe, format), check_size(size))

    def _shared(self, domain: str, full: QueueFull) -> Future[Fresh]:
        """The next fresh sample of a domain, if there will be one and it may be shared."""
        shared = self._sharing.join(domain) if self.settings.overload == "share" else None
        if shared is None:
            raise full
        return shared

    def _fresh_job(self, domain: str) -> Job:
        return self._job(self.recipe(domain))

    def _started(self) -> Engine:
        with self._starting:
            if self._engine is None:
                idle = self._pool if self.settings.pool_bytes else None
                # what was signed by another, or by nobody, is not what is delivered now
                release = f"{self.plugins.release}{self.signer.fingerprint[:12] if self.signer else ''}"
                self._engine = open_engine(
                    self.settings, self._loader, self._max_batch, idle, release, self._sealed
                )
                # a zoo that nobody closed: a thread that the end of the interpreter finds in native
                # code would abort the process
                atexit.register(self._engine.close)
            return self._engine

    def _sealed(self, job: Job, outcome: Outcome) -> Outcome:
        """Signed, if that is wanted: here, so that the key never enters a worker, where plugins are."""
        if self.signer is None or not isinstance(outcome, Media):
            return outcome
        try:
            return self.signer.sign(outcome, record_of(job.card, job.recipe, {}))
        except CredentialsInvalid as error:
            return error

    def _loader(self, device: str) -> Loader:
        return Loader(self.plugins, self.store, device)

    def _max_batch(self, card: ModelCard) -> int:
        return self.generator(card.domain).max_batch
