"""Inspection: what a file says of itself, and what of that can be shown to be true.

A mark alone proves nothing: anybody can write it. A signature proves that the file is as somebody signed
it; a sample made again from its recipe proves what the file shows. Without either, the answer is unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from .comparing import difference
from .errors import (
    InvalidParameter,
    ModelGone,
    PluginError,
    UnknownDomain,
    UnknownModel,
    WeightsError,
    quoted,
)
from .media import MAX_SIZE, MEDIA_TYPES, PICTURE_FORMATS, Media
from .provenance.credentials import SIGNED, Signature, authority_of, installed, read_signature
from .provenance.marks import Mark, TooLarge, format_of, read
from .provenance.statements import SYNTHETIC
from .recipe import DIGEST_LETTERS, Recipe, parse_text
from .zoo import Zoo

Verdict = Literal["valid", "unknown", "broken"]

MAX_BYTES = 8 * 2**20  # of a file that is inspected; a picture of 2048 pixels a side is rarely more
MAX_TEXT = 2**19  # bytes of one that is text: a megabyte of nested elements takes seconds to read
_TEXTS = frozenset({"svg", "sdf", "mol", "smi", "json"})
_WORTH_TELLING = {
    "recipe": "recipe",
    "model": "model",
    "seed": "seed",
    "licenceWeights": "licence",
    "attribution": "credit",
    "generator": "made by",
}

# What a mark says of the release and the machine that wrote it.
_OF_THE_RELEASE = frozenset({"generator", "madeSha256"})


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


def inspect(data: bytes, zoo: Zoo, authorities: str = "") -> Report:
    """Look at a file from anywhere, of at most `MAX_BYTES` bytes.

    `authorities`: certificates, PEM, of signers to trust besides our own. Nothing is downloaded. Raises
    EngineError if the sample could not be made again just now.
    """
    if len(data) > MAX_BYTES:
        return _unknown("", f"It is longer than {MAX_BYTES:,} bytes, more than what is inspected.")
    format = format_of(data)
    if format in _TEXTS and len(data) > MAX_TEXT:
        return _unknown(format, f"It is longer than {MAX_TEXT:,} bytes, more than any {format} made here.")
    if not format:
        return _unknown("", "It is no kind of file that is made here, or too little of one is left.")
    try:
        mark = read(data, format)
    except TooLarge as error:
        return _unknown(format, str(error))
    signature = read_signature(data, format, authorities + authority_of(zoo.settings.credentials))
    says = mark.statement or (signature.statement if signature else {})
    findings = [_of_mark(mark, says), *_of_signature(signature, format)]
    if says and not mark.fault and findings[0].verdict != "broken":
        findings += _of_sample(data, format, says, zoo, signature)
    return Report(format, tuple(findings), mark.source or (signature.source if signature else ""), says)


def _unknown(format: str, told: str) -> Report:
    return Report(format, (Finding("file", "unknown", told),))


def _of_mark(mark: Mark, says: Mapping[str, str]) -> Finding:
    if mark.fault:
        return Finding("mark", "broken", f"Its mark cannot be read: {mark.fault}.")
    if fault := _contradiction(mark, says):
        return Finding("mark", "broken", f"Its mark contradicts itself: {fault}.")
    if says:
        return Finding("mark", "unknown", "Its mark says what it is. Anybody could have written that.")
    if mark.source:
        synthetic = "synthetic" if mark.source == SYNTHETIC else quoted(mark.source, 100)
        return Finding("mark", "unknown", f"It says that it is {synthetic}, and no more that is read here.")
    return Finding(
        "mark",
        "unknown",
        "It has no mark. It may never have had one; or an editor, a chat or a screenshot has taken it "
        "away. The file alone cannot tell which, nor whether what it shows exists.",
    )


def _contradiction(mark: Mark, says: Mapping[str, str]) -> str:
    """What in a statement does not fit the rest of it; "" if all does."""
    if "recipe" not in says:
        return ""
    if {mark.source or SYNTHETIC, says.get("digitalSourceType", SYNTHETIC)} != {SYNTHETIC}:
        return "it has a recipe, and says that it is not synthetic"
    try:
        model, digest, seed, _ = parse_text(says["recipe"])
    except InvalidParameter as error:
        return f"its recipe is none ({error})"
    if says.get("model", model) != model or says.get("seed", str(seed)) != str(seed):
        return "its recipe names another model or seed"
    if not digest or not says.get("weights", digest).startswith(digest):
        return "its recipe names other weights"
    return ""


def _of_signature(signature: Signature | None, format: str) -> Iterator[Finding]:
    if signature is None:
        if format in SIGNED and not installed():
            told = "Content Credentials cannot be read here: pip install 'doesnotexist[provenance]'."
            yield Finding("signature", "unknown", told)
        return
    who = quoted(signature.signer, 100)
    if signature.state == "elsewhere":
        told = "Its Content Credentials lie elsewhere, and nothing is fetched for a file."
        yield Finding("signature", "unknown", told)
    elif signature.state == "broken":
        told = f"Its Content Credentials do not fit the file: changed since {who} signed it, or never right"
        yield Finding("signature", "broken", f"{told} ({signature.reason}).")
    elif signature.state == "trusted":
        yield Finding("signature", "valid", f"Not changed since {who} signed it, who is known here.")
    else:
        told = f"Not changed since it was signed by {who}, of whom nothing is known here."
        yield Finding("signature", "unknown", told)


def _of_sample(
    data: bytes, format: str, says: Mapping[str, str], zoo: Zoo, signature: Signature | None
) -> Iterator[Finding]:
    """Make the sample again, and compare."""
    if "samples" in says:
        told = f"It was put together from {quoted(says['samples'])} samples; its recipe is that of the first."
        yield Finding("sample", "unknown", told)
        return
    if "recipe" not in says or format not in MEDIA_TYPES:
        yield Finding("sample", "unknown", "It names no recipe by which it could be made again.")
        return
    made = _made_again(format, says, zoo)
    if isinstance(made, Finding):
        yield made
        return
    yield _compared(data, made, says)
    extra = len(data) - len(made.data)
    if extra > 0 and signature is None and format in PICTURE_FORMATS:
        told = f"It is {extra:,} bytes longer than what is made here: something was added beside the sample."
        yield Finding("file", "unknown", told)


def _made_again(format: str, says: Mapping[str, str], zoo: Zoo) -> Media | Finding:
    """The sample of a statement; or why there is none."""
    try:
        recipe = zoo.parse(says["recipe"])
        zoo.format(recipe, format)
        size = _size(says.get("size", ""))
    except (UnknownModel, UnknownDomain, ModelGone) as error:
        return Finding("sample", "unknown", f"It cannot be made again here: {error}.")
    except InvalidParameter as error:
        return Finding("sample", "broken", f"Its recipe makes nothing: {error}.")
    if says.get("weights", recipe.weights)[:64] not in (recipe.weights, recipe.weights[:DIGEST_LETTERS]):
        return Finding("sample", "broken", "Its mark names weights that this model never had.")
    if not _is_here(recipe, zoo):
        told = f"It cannot be made again here without its model: doesnotexist pull {recipe.model}"
        return Finding("sample", "unknown", told)
    try:
        return zoo.render(recipe, format, size)
    except (PluginError, WeightsError) as error:
        return Finding("sample", "unknown", f"It could not be made again: {error}.")


def _is_here(recipe: Recipe, zoo: Zoo) -> bool:
    return zoo.store.status(zoo.registry.card(recipe.model)) != "remote"


def _size(text: str) -> int | None:
    if text and (not re.fullmatch("[0-9]{1,5}", text) or int(text) > MAX_SIZE):
        raise InvalidParameter("size", f"a width up to {MAX_SIZE} pixels", text)
    return int(text) if text else None


def _compared(data: bytes, made: Media, says: Mapping[str, str]) -> Finding:
    if data == made.data:
        return Finding("sample", "valid", "Made again from its recipe: the same file, to the last byte.")
    try:
        found = difference(data, made.data, made.format)
    except (ValueError, RecursionError) as error:
        return Finding("sample", "broken", f"What it shows cannot be read: {error}.")
    if found is None:
        return Finding("sample", "unknown", f"Two files of {made.format} cannot be compared here.")
    if not found.told:
        what = "the same pixels, to the last one" if made.format in PICTURE_FORMATS else "the same"
        if other := _otherwise(says, made):
            told = f"Made again: {what}. But its mark says otherwise than one that is written here"
            return Finding("sample", "unknown", f"{told}: {quoted(', '.join(other), 100)}.")
        return Finding("sample", "valid", f"Made again from its recipe: {what}.")
    same_maker = says.get("madeSha256") == read(made.data, made.format).statement.get("madeSha256")
    if found.near and not same_maker:
        told = f"Nearly what its recipe makes here ({found.told}): another machine may have made it so."
        return Finding("sample", "unknown", told)
    alike = " It still looks the same." if found.alike else ""
    return Finding("sample", "broken", f"Not what its recipe makes: {found.told}.{alike}")


def _otherwise(says: Mapping[str, str], made: Media) -> list[str]:
    """What of a mark is not as this release writes it: another may have, or somebody with an editor."""
    here = read(made.data, made.format).statement
    names = (says.keys() | here.keys()) - _OF_THE_RELEASE
    return sorted(name for name in names if says.get(name) != here.get(name))
