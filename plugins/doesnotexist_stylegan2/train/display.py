"""What a person sees while a run goes on."""

from __future__ import annotations

from collections import deque
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from .state import Report, Run

_WINDOW = 50  # steps over which the speed is averaged


class Display:
    """A progress bar on a terminal, nothing elsewhere (the record in the run's folder has the figures)."""

    def __init__(self, console: Console) -> None:
        self.marks: deque[tuple[float, int]] = deque(maxlen=_WINDOW)
        self.bar = Progress(
            BarColumn(),
            TextColumn("{task.percentage:5.1f} %"),
            TextColumn("{task.description}"),
            console=console,
            disable=not console.is_terminal,
        )
        self.task = self.bar.add_task("first step …", total=1.0)

    def __enter__(self) -> Display:
        self.bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.bar.stop()

    def __call__(self, run: Run, report: Report, progress: float) -> None:
        """Told after each step; see `loop.Watcher`."""
        self.marks.append((run.seconds, run.images))
        left = run.seconds * (1 - progress) / progress if progress else 0.0
        self.bar.update(
            self.task,
            completed=progress,
            description=(
                f"{run.images:,} images, {self.speed():.0f}/s, {left / 60:.0f} min left"
                f" · losses: generator {report.generator:.2f}, discriminators {report.discriminator:.2f},"
                f" moments {report.moments:.2f}, transport {report.transport:.2f}{self._figure(run)}"
            ),
        )

    @staticmethod
    def _figure(run: Run) -> str:
        return "" if run.verdict is None else f" · Fréchet {run.verdict.frechet:.0f} (best {run.best:.0f})"

    def speed(self) -> float:
        """Images per second over the last steps."""
        (start, before), (end, after) = self.marks[0], self.marks[-1]
        return (after - before) / (end - start) if end > start else 0.0
