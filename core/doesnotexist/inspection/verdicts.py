"""What is looked at in a file, in which order, and what follows from it.

A mark alone proves nothing: anybody can write it. A signature proves that the file is as somebody signed
it; a sample made again from its recipe proves what the file shows. Without either, the answer is unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ..errors import (
    FileUnread,
    InvalidParameter,
    ModelGone,
    PluginError,
    UnknownDomain,
    UnknownModel,
    WeightsError,
    quoted,
)
from ..media import MAX_SIZE, MEDIA_TYPES, PICTURE_FORMATS, Media
from ..provenance import xmp
from ..provenance.credentials import SIGNED, Signature, authority_of, installed
from ..provenance.marks import Mark, format_of, read
from ..provenance.statements import SYNTHETIC
from ..recipe import DIGEST_LETTERS, Recipe, parse_text
from ..zoo import Zoo
from .reading import Ask, compare, confined, look
from .report import Finding, Report

MAX_BYTES = 8 * 2**20  # of a file that is inspected; a picture of 2048 pixels a side is rarely more
MAX_TEXT = 2**19  # bytes of one that is text: a megabyte of nested elements takes seconds to read
_TEXTS = frozenset({"svg", "sdf", "mol", "smi", "json"})
# What a mark says of the release and the machine that wrote it.
_OF_THE_RELEASE = frozenset({"generator", "madeSha256"})


def inspect(data: bytes, zoo: Zoo, authorities: str = "", ask: Ask = confined) -> Report:
    """Look at a file from anywhere, of at most `MAX_BYTES` bytes.

    `authorities`: certificates, PEM, of signers to trust besides our own. Nothing is downloaded, and all
    that decodes it is in a process of its own, unless `ask` is another way. Raises EngineError if the
    sample could not be made again just now.
    """
    if len(data) > MAX_BYTES:
        return _unknown("", f"It is longer than {MAX_BYTES:,} bytes, more than what is inspected.")
    format = format_of(data)
    if format in _TEXTS and len(data) > MAX_TEXT:
        return _unknown(format, f"It is longer than {MAX_TEXT:,} bytes, more than any {format} made here.")
    if not format:
        return _unknown("", "It is no kind of file that is made here, or too little of one is left.")
    try:
        return _inspected(data, format, zoo, authorities + authority_of(zoo.settings.credentials), ask)
    except FileUnread as error:
        return _unknown(format, f"Reading it was stopped: {error.reason}. Nothing can be said of it.")


def _unknown(format: str, told: str) -> Report:
    return Report(format, (Finding("file", "unknown", told),))


def _inspected(data: bytes, format: str, zoo: Zoo, authorities: str, ask: Ask) -> Report:
    found = look(data, format, authorities, ask)
    mark, signature = found.mark, found.signature
    says = mark.statement or (signature.statement if signature else {})
    findings = [_of_mark(mark, says), *_of_signature(signature, format)]
    if says and not mark.fault and findings[0].verdict != "broken":
        findings += _of_sample(data, format, mark, says, zoo, signature, ask)
    return Report(format, tuple(findings), mark.source or (signature.source if signature else ""), says)


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
    if "recipe" in says and (fault := _of_recipe(mark, says)):
        return fault
    told = xmp.known(mark.statement)
    both = sorted(told.keys() & mark.beside.keys())
    other = [name for name in both if told[name].split() != mark.beside[name].split()]
    return f"what other readers show as {', '.join(other)} is not what it says here" if other else ""


def _of_recipe(mark: Mark, says: Mapping[str, str]) -> str:
    """What does not fit its recipe; "" if all does."""
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
    data: bytes,
    format: str,
    mark: Mark,
    says: Mapping[str, str],
    zoo: Zoo,
    signature: Signature | None,
    ask: Ask,
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
    yield _compared(data, made, mark, says, ask)
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


def _compared(data: bytes, made: Media, mark: Mark, says: Mapping[str, str], ask: Ask) -> Finding:
    if data == made.data:
        return Finding("sample", "valid", "Made again from its recipe: the same file, to the last byte.")
    try:
        comparison = compare(data, made.data, made.format, ask)
    except FileUnread as error:
        return Finding("sample", "unknown", f"Reading what it shows was stopped: {error.reason}.")
    if comparison.unreadable:
        return Finding("sample", "broken", f"What it shows cannot be read: {comparison.unreadable}.")
    found = comparison.difference
    if found is None:
        return Finding("sample", "unknown", f"Two files of {made.format} cannot be compared here.")
    if not found.told:
        what = "the same pixels, to the last one" if made.format in PICTURE_FORMATS else "the same"
        if other := [*_otherwise(mark, says, made), *comparison.beside]:
            told = f"Made again: {what}. But it says otherwise than one that is written here"
            return Finding("sample", "unknown", f"{told}: {quoted(', '.join(other), 200)}.")
        return Finding("sample", "valid", f"Made again from its recipe: {what}.")
    same_maker = says.get("madeSha256") == read(made.data, made.format).statement.get("madeSha256")
    if found.near and not same_maker:
        told = f"Nearly what its recipe makes here ({found.told}): another machine may have made it so."
        return Finding("sample", "unknown", told)
    alike = " It still looks the same." if found.alike else ""
    return Finding("sample", "broken", f"Not what its recipe makes: {found.told}.{alike}")


def _otherwise(mark: Mark, says: Mapping[str, str], made: Media) -> list[str]:
    """What of a mark is not as this release writes it: another may have, or somebody with an editor."""
    here = read(made.data, made.format)
    names = (says.keys() | here.statement.keys()) - _OF_THE_RELEASE
    more = mark.beside.keys() - here.beside.keys()
    return sorted(name for name in names if says.get(name) != here.statement.get(name)) + sorted(more)
