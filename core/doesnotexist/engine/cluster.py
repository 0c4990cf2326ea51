"""A Ray cluster: one that is there already, or a Ray of our own on this machine."""

from __future__ import annotations

import logging
import os
import threading
from concurrent.futures import Future

from ..errors import WorkerDied, printable
from ..settings import Settings
from .loading import cores

ATTEMPTS = 5  # a Ray of our own gives its parts 15 s to start, which a busy machine may exceed
OBJECT_BYTES = 256 * 2**20  # of its memory for what is under way, which Ray would like a third of all for

# Unless the environment says otherwise.
_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",  # nothing is told to anybody
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",  # workers use what is installed, and install nothing
}
# Seconds for a Ray of our own to come up; tries, of 40 seconds each, to reach a cluster.
_PATIENCE, _OWN, _THERE = "RAY_gcs_server_port_wait_time_s", "120", "1"
_CONNECTING = threading.Lock()  # many threads ask first at the same time


def connect(address: str | None, domain: str) -> None:
    """Connect this process to the cluster at an address, or start a Ray of our own; it stays.

    Raises WorkerDied, of the domain that asked, if there is none.
    """
    import ray

    with _CONNECTING:
        if ray.is_initialized():
            return
        connected: Future[None] = Future()
        threading.Thread(target=_hold, args=(address, connected), name="ray", daemon=True).start()
        try:
            connected.result()
        except ConnectionError as error:
            reason = f"has no cluster: {printable(str(error))[:300]}"
            raise WorkerDied(domain, reason, retry_after_s=10, blamed=False) from None


def place(settings: Settings, share: float = 1.0) -> dict[str, float]:
    """What a process that makes samples takes of the cluster: cores, a `share` of one unless the
    settings say how many, and the card that its models are on."""
    return {
        "num_cpus": float(settings.threads or share),
        "num_gpus": float(settings.device.startswith("cuda")),
    }


def device_there(settings: Settings) -> str:
    """The device, as a process in its place sees it: of all cards it is shown its own alone."""
    return "cuda" if settings.device.startswith("cuda") else settings.device.partition(",")[0]


def _hold(address: str | None, connected: Future[None]) -> None:
    """Connect, and stay: the processes of a Ray of our own end with the thread that has started them."""
    for variable, value in {**_QUIET, _PATIENCE: _THERE if address else _OWN}.items():
        os.environ.setdefault(variable, value)
    for attempt in range(1, ATTEMPTS + 1):
        try:
            _init(address)
        except Exception as error:  # the wall to Ray: whatever it is, it is for whoever asked
            if address is None and attempt < ATTEMPTS:
                continue
            connected.set_exception(ConnectionError(f"{type(error).__name__}: {error}"))
            return
        connected.set_result(None)
        threading.Event().wait()


def _init(address: str | None) -> None:
    import ray

    quiet = {"log_to_driver": False, "logging_level": logging.ERROR}
    if address is not None:
        ray.init(address, **quiet)
        return
    own = {"num_cpus": cores(), "object_store_memory": OBJECT_BYTES, "include_dashboard": False}
    ray.init("local", **own, **quiet)
