"""Every error this project raises on purpose, as one tree.

    DoesNotExistError                 the base: catch this to catch them all
    ├── InvalidParameter              a seed, psi, size, format … that is not allowed
    ├── UnknownDomain                 no generator serves this domain
    ├── UnknownModel                  no model card has this id
    ├── ModelGone                     the card is there, but with other weights than the recipe names
    ├── HostMalformed                 a Host header that is no host name
    ├── HostForeign                   a Host header of somebody else's site
    ├── RegistryInvalid               a registry file that breaks its rules (line and column)
    ├── WeightsError
    │   ├── WeightsMissing            neither bundled nor in the store
    │   ├── WeightsMismatch           size or sha256 is not what the card says
    │   ├── SourceFailed              one source did not give a file
    │   ├── DownloadFailed            no source gave a file
    │   ├── DiskFull                  not enough room for a file
    │   ├── LicenceNotAccepted        the user has not accepted the licence of the weights
    │   ├── Unverified                nobody has published what the right bytes are
    │   ├── RolledBack                the registry names older or other weights than were here before
    │   ├── WeightsInvalid            the right bytes, but no weights of this architecture
    │   └── ConversionRefused         a checkpoint that asks for more than weights need; the offender is named
    ├── PluginError
    │   ├── PluginBroken              a plugin that cannot be used, and why
    │   ├── DomainConflict            two plugins claim one domain
    │   ├── InstallRefused            a package that is not installed, and why
    │   └── BadSample                 a generator gave something outside its contract
    ├── ProvenanceError
    │   ├── Unmarkable                media whose bytes have no place for a mark, or too little
    │   ├── CredentialsInvalid        a certificate or a key that cannot sign
    │   └── FileUnread                a stranger's file whose reader had to be stopped
    └── EngineError
        ├── QueueFull                 too many requests are waiting; try again later
        ├── DeadlineExceeded          the answer was not ready in time
        ├── WorkerDied                the process that was at work on it has died
        ├── CircuitOpen               a domain's generator has died too often; try again later
        ├── DeviceMissing             a device that this machine does not have
        └── EngineStopped             the engine is shutting down

A message says what was expected, what was found, and what to do. `exit_code` is what the command
line ends with: 2 for a wrong request, 3 for a right one that was refused or failed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def quoted(value: object, limit: int = 60) -> str:
    """`value` as printable ASCII of at most `limit` characters: it may come from a stranger."""
    text = ascii(value)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def printable(text: str) -> str:
    """`text` on one line, without what steers a terminal."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


class DoesNotExistError(Exception):
    """Base of every error raised on purpose by the runtime, its plugins and its site."""

    exit_code = 3

    def __reduce__(self) -> tuple[Any, ...]:
        # the classes below are called with facts, not with a message: without this they could not
        # travel from a worker process to its parent
        return _again, (type(self), self.args, dict(self.__dict__))


def _again(kind: type[DoesNotExistError], args: tuple[Any, ...], facts: dict[str, Any]) -> DoesNotExistError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(facts)
    return error


class InvalidParameter(DoesNotExistError):
    """A parameter has a value that is not allowed; `field` names it."""

    exit_code = 2

    def __init__(self, field: str, expected: str, found: object) -> None:
        self.field, self.expected, self.found = field, expected, found
        super().__init__(f"{field}: expected {expected}, found {quoted(found)}")


class UnknownDomain(DoesNotExistError):
    """No generator serves this domain."""

    exit_code = 2

    def __init__(self, domain: str, known: Iterable[str], reason: str = "") -> None:
        self.domain, self.known, self.reason = domain, tuple(known), reason
        because = f" ({reason})" if reason else ""
        listed = ", ".join(self.known) or "none is installed"
        super().__init__(f"no domain {quoted(domain)}{because}; known domains: {listed}")


class UnknownModel(DoesNotExistError):
    """No model card has this id, or it belongs to another domain."""

    exit_code = 2

    def __init__(self, model: str, known: Iterable[str]) -> None:
        self.model, self.known = model, tuple(known)
        listed = ", ".join(self.known) or "none"
        super().__init__(f"no model {quoted(model)}; known models: {listed}")


class ModelGone(DoesNotExistError):
    """A recipe names weights that this registry no longer has: never answer with another sample."""

    def __init__(self, model: str, wanted: str, present: str) -> None:
        self.model, self.wanted, self.present = model, wanted, present
        super().__init__(
            f"{model} is here with weights {present[:12]}, but the recipe was made with "
            f"{quoted(wanted)}; the same sample cannot be made again"
        )


class HostMalformed(DoesNotExistError):
    """A Host header that is not a host name."""

    def __init__(self, host: str) -> None:
        self.host = host
        super().__init__(f"Host: expected a host name, found {quoted(host)}")


class HostForeign(DoesNotExistError):
    """A well-formed Host header that is not one of this site's."""

    def __init__(self, host: str, base: str) -> None:
        self.host, self.base = host, base
        super().__init__(f"this site answers for {base} and its subdomains, not for {quoted(host)}")


class RegistryInvalid(DoesNotExistError):
    """A registry file that breaks its rules; `line` and `column` count from 1, 0 if unknown."""

    def __init__(self, source: str, reason: str, line: int = 0, column: int = 0) -> None:
        self.source, self.reason, self.line, self.column = source, reason, line, column
        place = f"{source}:{line}:{column}" if line else source
        super().__init__(f"{place}: {reason}")


class WeightsError(DoesNotExistError):
    """Something is wrong with the weights of a model."""


class WeightsMissing(WeightsError):
    """The file of a model is neither bundled nor in the store."""

    def __init__(self, model: str, file: str, advice: str) -> None:
        self.model, self.file = model, file
        super().__init__(f"{model}: weights {file} are not on this machine; {advice}")


class WeightsMismatch(WeightsError):
    """A file's size or sha256 is not what its model card says."""

    def __init__(
        self, file: str, what: str, expected: object, found: object, advice: str = "do not use it"
    ) -> None:
        self.file, self.what, self.expected, self.found = file, what, expected, found
        super().__init__(f"{file}: expected {what} {expected}, found {found}: damaged or replaced; {advice}")


class SourceFailed(WeightsError):
    """One source did not give a file; `again` tells whether another try, after `wait_s`, may help."""

    def __init__(self, source: str, reason: str, again: bool = False, wait_s: float = 0) -> None:
        self.source, self.reason, self.again, self.wait_s = source, reason, again, wait_s
        super().__init__(f"{source}: {reason}")


class DownloadFailed(WeightsError):
    """No source gave the right bytes; `failures` holds what each of them did instead."""

    def __init__(self, file: str, failures: Iterable[WeightsError]) -> None:
        self.file, self.failures = file, tuple(failures)
        told = "; ".join(map(str, self.failures)) or "its row names no source"
        super().__init__(f"{file} could not be fetched: {told}. Nothing was installed; try again later")


class DiskFull(WeightsError):
    """Not enough room on the disk: `needed` and `free` are bytes."""

    def __init__(self, folder: str, needed: int, free: int) -> None:
        self.folder, self.needed, self.free = folder, needed, free
        super().__init__(
            f"{folder}: expected room for {needed / 1e6:.1f} MB, found {free / 1e6:.1f} MB; "
            "free some, or set DOESNOTEXIST_STORE to another disk"
        )


class LicenceNotAccepted(WeightsError):
    """The licence of a model's weights must be accepted by the user before they are fetched."""

    def __init__(self, model: str, licence: str) -> None:
        self.model, self.licence = model, licence
        super().__init__(f"{model}: {licence}. Accept this with: doesnotexist pull {model} --accept-licence")


class Unverified(WeightsError):
    """A file of which nobody has published size or sha256: never fetched unasked."""

    def __init__(self, model: str, reason: str) -> None:
        self.model, self.reason = model, reason
        super().__init__(
            f"{model}: not fetched, for it could not be checked ({reason}); to fetch it all the same and "
            f"pin what comes: doesnotexist pull {model} --allow-unverified"
        )


class RolledBack(WeightsError):
    """A registry names an older version of a model than was fetched before, or other weights of it."""

    def __init__(self, model: str, expected: str, found: str) -> None:
        self.model, self.expected, self.found = model, expected, found
        super().__init__(
            f"{model}: expected {expected}, found {found}: the registry is older than one that was used "
            f"here, or was changed; if you mean it: doesnotexist pull {model} --allow-rollback"
        )


class WeightsInvalid(WeightsError):
    """A weight file that is not what it claims to be."""

    def __init__(self, source: str, reason: str) -> None:
        # names out of the file itself may be among its words
        self.source, self.reason = source, printable(reason)
        super().__init__(f"{source}: {self.reason}")


class ConversionRefused(WeightsError):
    """A checkpoint asks for something that no weight file needs; `offender` names it."""

    def __init__(self, source: str, offender: str) -> None:
        self.source, self.offender = source, offender
        super().__init__(
            f"{source}: refused, it asks for {quoted(offender)}, which no weight file needs; "
            "nothing of it was run"
        )


class PluginError(DoesNotExistError):
    """Something is wrong with a plugin."""


class PluginBroken(PluginError):
    """A plugin that cannot be used, and why."""

    def __init__(self, plugin: str, reason: str) -> None:
        self.plugin, self.reason = plugin, reason
        super().__init__(f"plugin {quoted(plugin)} cannot be used: {reason}")


class DomainConflict(PluginError):
    """Two plugins claim one domain; both are named."""

    def __init__(self, domain: str, holder: str, claimant: str) -> None:
        self.domain, self.holder, self.claimant = domain, holder, claimant
        super().__init__(
            f"domain {quoted(domain)} is claimed by {holder} and by {claimant}; uninstall one of them"
        )


class InstallRefused(PluginError):
    """A package that is not installed, or not removed, and why."""

    def __init__(self, package: str, reason: str) -> None:
        self.package, self.reason = package, reason
        super().__init__(f"{quoted(package)}: {reason}")


class BadSample(PluginError):
    """A generator gave something outside its contract."""

    def __init__(self, domain: str, reason: str) -> None:
        self.domain, self.reason = domain, reason
        super().__init__(f"the generator of {quoted(domain)} {reason}")


class ProvenanceError(DoesNotExistError):
    """Media could not be marked or signed."""


class Unmarkable(ProvenanceError):
    """Media whose bytes are not built as their format says, or have too little room for a mark."""

    def __init__(self, format: str, reason: str) -> None:
        self.format, self.reason = format, reason
        super().__init__(f"{format} that cannot be marked: {reason}")


class CredentialsInvalid(ProvenanceError):
    """A certificate chain and key that cannot sign Content Credentials, and why."""

    def __init__(self, place: str, reason: str) -> None:
        self.place, self.reason = place, reason
        super().__init__(f"{place}: {reason}; make new ones with: doesnotexist provenance init")


class FileUnread(ProvenanceError):
    """A stranger's file could not be read within the limits of the process that reads it."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"the file could not be read: {reason}")


class EngineError(DoesNotExistError):
    """The engine could not take or finish a request."""


class QueueFull(EngineError):
    """Too many requests are waiting: `depth` of them; try again in `retry_after_s` seconds."""

    def __init__(self, depth: int, retry_after_s: int) -> None:
        self.depth, self.retry_after_s = depth, retry_after_s
        super().__init__(f"{depth} requests are waiting; try again in {retry_after_s} s")


class DeadlineExceeded(EngineError):
    """The answer was not ready within `deadline_s` seconds, the time in the queue included."""

    def __init__(self, deadline_s: float) -> None:
        self.deadline_s = deadline_s
        super().__init__(f"not ready within {deadline_s:g} s; try again later")


class WorkerDied(EngineError):
    """The process that was at work for `domain` has died; another one takes its place.

    `blamed`: it may have died of what it was at work on, and was not ended by somebody else.
    """

    def __init__(self, domain: str, reason: str, retry_after_s: int = 1, blamed: bool = True) -> None:
        self.domain, self.reason, self.retry_after_s, self.blamed = domain, reason, retry_after_s, blamed
        super().__init__(f"the worker of {quoted(domain)} {reason}; try again in {retry_after_s} s")


class CircuitOpen(EngineError):
    """The generator of `domain` has ended its worker too often; try again in `retry_after_s` seconds."""

    def __init__(self, domain: str, deaths: int, retry_after_s: int) -> None:
        self.domain, self.deaths, self.retry_after_s = domain, deaths, retry_after_s
        super().__init__(
            f"the generator of {quoted(domain)} rests, since its worker had to be ended too often or "
            f"too late ({deaths} of late); try again in {retry_after_s} s"
        )


class DeviceMissing(EngineError):
    """A device that this machine does not have."""

    def __init__(self, device: str, found: str) -> None:
        self.device, self.found = device, found
        super().__init__(f"device: expected {device}, found {found}; set the device to auto or to cpu")


class EngineStopped(EngineError):
    """The engine is shutting down."""

    def __init__(self) -> None:
        super().__init__("the engine is shutting down")
