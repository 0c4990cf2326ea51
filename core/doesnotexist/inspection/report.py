"""What was found in a file, and the verdict on all of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from ..provenance.statements import SYNTHETIC

Verdict = Literal["valid", "unknown", "broken"]

_WORTH_TELLING = {
    "recipe": "recipe",
    "model": "model",
    "seed": "seed",
    "licenceWeights": "licence",
    "attribution": "credit",
    "generator": "made by",
}


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at, and what came of it, in words."""

    what: Literal["mark", "signature", "sample", "file"]
    verdict: Verdict
    told: str


@dataclass(frozen=True)
class Report:
    """What was found in a file. `says` is its own statement, `source` its digital source type."""

    format: str
    findings: tuple[Finding, ...]
    source: str = ""
    says: Mapping[str, str] = field(default_factory=dict)

    @property
    def verdict(self) -> Verdict:
        """Broken if anything is; valid if something was shown to be true; else unknown."""
        found = {finding.verdict for finding in self.findings}
        return "broken" if "broken" in found else "valid" if "valid" in found else "unknown"

    def summary(self) -> Iterator[tuple[str, str]]:
        """What the file says of itself, line by line, most of it worth reading aloud."""
        if self.source:
            yield "it says", "synthetic" if self.source == SYNTHETIC else self.source
        for name, label in _WORTH_TELLING.items():
            if name in self.says:
                yield label, self.says[name][:300]

    def as_data(self) -> dict[str, Any]:
        """All of it, as JSON data."""
        findings = [asdict(finding) for finding in self.findings]
        return {
            "verdict": self.verdict,
            "format": self.format,
            "digital_source_type": self.source,
            "says": dict(self.says),
            "findings": findings,
        }
