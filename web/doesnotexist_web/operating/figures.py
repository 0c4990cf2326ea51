"""The figures of the engine and of the site in the words of Prometheus."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from doesnotexist import Zoo

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)

# What becomes of requests, as the engine counts it.
_OUTCOMES = ("made", "failed", "refused", "expired", "abandoned", "coalesced", "spare")


class Figures:
    """All that Prometheus may ask of one application."""

    def __init__(self, zoo: Zoo) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_Engine(zoo))
        self._answers = Counter(
            "doesnotexist_http_answers", "Answers.", ("endpoint", "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "doesnotexist_http_seconds",
            "Seconds until an answer was ready.",
            ("endpoint",),
            buckets=SECONDS,
            registry=self._registry,
        )

    def answered(self, endpoint: str, status: int, seconds: float) -> None:
        """A request to `endpoint`, a view's name, was answered."""
        self._answers.labels(endpoint, status).inc()
        self._seconds.labels(endpoint).observe(seconds)

    def text(self) -> tuple[bytes, str]:
        """All figures of this moment, and their content type."""
        return generate_latest(self._registry), CONTENT_TYPE_LATEST


class _Engine:
    """Reads the engine when it is asked: nothing is counted twice."""

    def __init__(self, zoo: Zoo) -> None:
        self._zoo = zoo

    def describe(self) -> list[Metric]:
        return []  # so that registering does not start the engine

    def collect(self) -> Iterator[Metric]:
        status = self._zoo.status()
        yield from _of_domains(status.get("domains", {}))
        yield from _of_pool(status["pool"])
        yield _gauge("queue_depth", "Requests that wait.", status.get("waiting", {}))
        yield _gauge("resting_seconds", "Seconds that a domain still rests.", status.get("resting", {}))
        yield GaugeMetricFamily("doesnotexist_models", "Loaded models.", len(status.get("models", ())))
        restarts = status.get("restarts", 0)
        yield CounterMetricFamily("doesnotexist_worker_restarts", "Workers started again.", restarts)
        finished = status.get("finished", {})
        for name in ("hits", "misses"):
            about = f"Finished media: {name} of the cache."
            yield CounterMetricFamily(f"doesnotexist_media_cache_{name}", about, finished.get(name, 0))
        about = "Finished media in memory."
        yield GaugeMetricFamily("doesnotexist_media_cache_bytes", about, finished.get("bytes", 0))


def _of_domains(domains: dict[str, Any]) -> Iterator[Metric]:
    outcomes = CounterMetricFamily(
        "doesnotexist_samples", "What has become of requests.", labels=("domain", "outcome")
    )
    deaths = CounterMetricFamily("doesnotexist_worker_deaths", "Workers that died.", labels=("domain",))
    seconds = HistogramMetricFamily(
        "doesnotexist_sample_seconds", "From asked for to made, the queue included.", labels=("domain",)
    )
    sizes = HistogramMetricFamily("doesnotexist_batch_size", "Samples in a batch.", labels=("domain",))
    for domain, figures in domains.items():
        for outcome in _OUTCOMES:
            outcomes.add_metric((domain, outcome), figures[outcome])
        deaths.add_metric((domain,), figures["deaths"])
        seconds.add_metric((domain,), _buckets(figures["seconds"]), figures["seconds"]["sum"])
        sizes.add_metric((domain,), _buckets(figures["batch"]), figures["batch"]["sum"])
    yield from (outcomes, deaths, seconds, sizes)


def _of_pool(pool: dict[str, dict[str, int]]) -> Iterator[Metric]:
    yield _gauge("pool_samples", "Ready in the pool.", {domain: it["ready"] for domain, it in pool.items()})
    yield _gauge("pool_bytes", "Bytes in the pool.", {domain: it["bytes"] for domain, it in pool.items()})
    asked = CounterMetricFamily(
        "doesnotexist_pool_requests", "Fresh samples asked of the pool.", labels=("domain", "result")
    )
    for domain, it in pool.items():
        asked.add_metric((domain, "given"), it["given"])
        asked.add_metric((domain, "dry"), it["dry"])
    yield asked


def _gauge(name: str, about: str, values: dict[str, float]) -> Metric:
    gauge = GaugeMetricFamily(f"doesnotexist_{name}", about, labels=("domain",))
    for domain, value in values.items():
        gauge.add_metric((domain,), value)
    return gauge


def _buckets(histogram: dict[str, Any]) -> list[tuple[str, float]]:
    bounds = [(str(float(bound)), float(count)) for bound, count in histogram["at_most"]]
    return [*bounds, ("+Inf", float(histogram["count"]))]
