"""All checks together: as tests of a class, and as a list of findings."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal
from unittest import SkipTest

from . import domain_checks, plugin_checks, sample_checks
from .fakes import fake_card
from .subject import Budget, Guest, Subject, Unfit

Check = Callable[[Any], None]

PLUGIN_CHECKS: tuple[Check, ...] = (
    plugin_checks.check_import_is_light,
    plugin_checks.check_import_is_quick,
    plugin_checks.check_import_is_quiet,
    plugin_checks.check_package_has_licence,
)
DOMAIN_CHECKS: tuple[Check, ...] = (
    domain_checks.check_metadata,
    domain_checks.check_card_and_licence,
    domain_checks.check_parameters_are_described,
    domain_checks.check_parameters_are_refused,
    sample_checks.check_samples_are_delivered,
    sample_checks.check_size_is_honoured,
    sample_checks.check_seeds_matter,
    sample_checks.check_parameters_are_honoured,
    sample_checks.check_repeats,
    sample_checks.check_batches,
    sample_checks.check_processes,
    sample_checks.check_threads,
    sample_checks.check_random_is_its_own,
    sample_checks.check_wrong_weights_are_refused,
    sample_checks.check_time,
    sample_checks.check_memory,
)
CHECKS = PLUGIN_CHECKS + DOMAIN_CHECKS

Verdict = Literal["kept", "broken", "skipped"]


@dataclass(frozen=True)
class Finding:
    """What came of one check: a promise `kept`, `broken` with the reason, or `skipped`."""

    check: str
    promise: str
    verdict: Verdict
    reason: str = ""
    seconds: float = 0.0


def examine(guest: Guest, checks: Iterable[Check] | None = None) -> Iterator[Finding]:
    """Run the checks one by one, all that fit by default; a plugin's exception is a broken promise."""
    fitting = CHECKS if isinstance(guest, Subject) else PLUGIN_CHECKS
    for check in fitting if checks is None else checks:
        started = time.perf_counter()
        verdict, reason = _verdict(check, guest)
        seconds = round(time.perf_counter() - started, 3)
        yield Finding(name_of(check), (check.__doc__ or "").strip(), verdict, reason, seconds)


def name_of(check: Check) -> str:
    """`check_batches` → "batches"."""
    return str(getattr(check, "__name__", "check")).removeprefix("check_").replace("_", " ")


def _verdict(check: Check, guest: Guest) -> tuple[Verdict, str]:
    try:
        check(guest)
    except SkipTest as reason:
        return "skipped", str(reason)
    except Unfit as reason:
        return "broken", str(reason)
    except (Exception, SystemExit) as error:  # the plugin wall: a check calls a stranger's code
        return "broken", f"{type(error).__name__}: {error}"[:400]
    return "kept", ""


class GeneratorTests:
    """Base of a test class: pytest runs one test for each check.

    `plugin` is what the entry point names. `domain` is needed only if the plugin has several.
    Override `weights` to test with fake ones, `resolution` with them for a picture's side.
    """

    plugin: ClassVar[str]
    domain: ClassVar[str] = ""
    resolution: ClassVar[int] = 0
    budget: ClassVar[Budget] = Budget()
    _subject: ClassVar[Subject | None] = None

    def weights(self) -> Mapping[str, bytes] | None:
        """Fake weights by role; None for those of the plugin's first model that is here."""
        return None

    def subject(self) -> Subject:
        """What the tests of this class look at: loaded once."""
        kind = type(self)
        if "_subject" not in vars(kind):
            kind._subject = self._made()
        found = kind._subject
        if found is None:
            raise Unfit(f"{self.plugin} has no generator")
        return found

    def _made(self) -> Subject:
        subject = Subject.of(self.plugin, self.domain, self.budget)
        fake = self.weights()
        if fake is not None:
            subject.files = fake
            subject.card = fake_card(subject.generator.domain, fake, resolution=self.resolution)
        return subject


def _test(check: Check) -> Callable[[GeneratorTests], None]:
    def test(self: GeneratorTests) -> None:
        check(self.subject())

    test.__doc__ = check.__doc__
    return test


for _check in CHECKS:
    setattr(GeneratorTests, f"test_{name_of(_check).replace(' ', '_')}", _test(_check))
