"""What the checks run in a process of its own: importing a plugin under watch, and sampling afresh.

`python -m doesnotexist.testing.child ORDER.json ANSWER.json`. The answer is a file because a plugin
may print.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .subject import Subject

TIMEOUT_S = 300
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC
# Audit events of what an import has no business to do (PEP 578).
FORBIDDEN = (
    "socket.connect",
    "socket.bind",
    "socket.getaddrinfo",
    "socket.gethostbyname",
    "urllib.Request",
    "subprocess.Popen",
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.fork",
)


def ask(job: str, **order: Any) -> dict[str, Any]:
    """Run a job in a new process and give its answer; raises RuntimeError with the last line it told."""
    with tempfile.TemporaryDirectory() as folder:
        ordered, answer = Path(folder, "order.json"), Path(folder, "answer.json")
        ordered.write_text(json.dumps({"job": job, **order}))
        path = os.pathsep.join(entry or os.getcwd() for entry in sys.path)  # noqa: PTH109 - as text
        environment = {**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": "random"}
        command = [sys.executable, "-m", "doesnotexist.testing.child", str(ordered), str(answer)]
        done = subprocess.run(  # noqa: S603 - our own interpreter, our own module
            command, env=environment, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
        if not answer.is_file():
            told = done.stderr.strip().splitlines()
            raise RuntimeError(told[-1] if told else f"the process ended with {done.returncode}")
        found: dict[str, Any] = json.loads(answer.read_text())
        return found


def ask_for_samples(subject: Subject, seeds: list[int]) -> dict[str, Any]:
    """Load and sample in a new process: fingerprints, seconds, bytes of memory."""
    if subject.card is None or subject.files is None:
        raise RuntimeError("there are no weights to load")
    with tempfile.TemporaryDirectory() as folder:
        for role, data in subject.files.items():
            Path(folder, role).write_bytes(data)
        return ask(
            "sample",
            plugin=subject.plugin,
            domain=subject.generator.domain,
            card=subject.card.model_dump_json(exclude_defaults=True),
            folder=folder,
            device=subject.device,
            seeds=seeds,
        )


def watch_import(plugin: str) -> dict[str, Any]:
    """Import a plugin and let it register: processor seconds, modules, misdeeds, what it printed."""
    from ..plugins import Plugins
    from .subject import Guest

    nothing = Plugins(only=frozenset())
    misdeeds: list[str] = []
    watching = [True]

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if watching[0] and (event in FORBIDDEN or (event == "open" and _writes(arguments))):
            misdeeds.append(f"{event} {str(arguments[0])[:80]}" if arguments else event)

    before = set(sys.modules)
    printed = io.StringIO()
    sys.addaudithook(hook)
    started = time.process_time()
    with redirect_stdout(printed), redirect_stderr(printed):
        Guest(plugin).loaded(nothing)
    seconds = time.process_time() - started
    watching[0] = False
    modules = sorted({name.partition(".")[0] for name in set(sys.modules) - before})
    text = printed.getvalue()[:200]
    return {"seconds": seconds, "modules": modules, "misdeeds": misdeeds, "printed": text}


def _writes(arguments: tuple[Any, ...]) -> bool:
    path, mode, flags = arguments
    if "__pycache__" in str(path):
        return False
    return bool(set(mode or "") & set("wax+")) or (mode is None and bool((flags or 0) & WRITING))


def sample(plugin: str, domain: str, card: str, folder: str, device: str, seeds: list[int]) -> dict[str, Any]:
    """The answer to `ask_for_samples`."""
    from ..cards import ModelCard
    from .subject import Guest, Subject

    generator = Guest(plugin).loaded().generators[domain]
    files = {path.name: path.read_bytes() for path in Path(folder).iterdir()}
    known = ModelCard.model_validate_json(card)
    subject = Subject(plugin, generator=generator, card=known, files=files, device=device)
    started = time.perf_counter()
    prints = subject.prints(subject.recipe(seeds[0]))  # the first one loads, and warms up
    loaded = time.perf_counter()
    for seed in seeds[1:]:
        prints += subject.prints(subject.recipe(seed))
    sampled = time.perf_counter()
    return {
        "prints": prints,
        "load_s": loaded - started,
        "sample_s": (sampled - loaded) / max(1, len(seeds) - 1),
        "memory_bytes": _peak_memory(),
    }


def _peak_memory() -> int:
    """The most memory this process has held, in bytes; 0 where the system does not tell."""
    status = Path("/proc/self/status")
    if status.is_file():  # Linux; getrusage would count the parent's memory as well
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    try:
        import resource
    except ImportError:  # Windows
        return 0
    return int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def main() -> None:
    """Do the job of the order file and write the answer file."""
    order = json.loads(Path(sys.argv[1]).read_text())
    jobs: dict[str, Callable[..., dict[str, Any]]] = {"import": watch_import, "sample": sample}
    answer = jobs[order.pop("job")](**order)
    Path(sys.argv[2]).write_text(json.dumps(answer))


if __name__ == "__main__":
    main()
