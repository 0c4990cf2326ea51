"""Where a statement goes in text: SVG has a place for metadata, SDF has data fields, MOL a line of
comment, SMILES a name after the structure. The last two have room for the recipe alone."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..errors import Unmarkable

_SVG_ROOT = re.compile(rb"<svg\b(?:[^>\"']|\"[^\"]*\"|'[^']*')*(?<!/)>")
FIELD = re.compile(r"^>  <doesnotexist\.(\w{1,64})>\n(.*)\n\n", re.MULTILINE)
# Nothing here may match what the part before it matches too: a stranger's megabyte of digits would take days.
_RECIPE = re.compile(r"[a-z0-9-]+/[a-z0-9.-]+@[0-9a-f]{12,64}\?seed=[0-9]{1,10}(?:&[!-~]*)?")
MOL_LINE = 80  # characters of a line in a molfile (CTfile Formats, BIOVIA)
_MOL_WORDS = "does not exist: "
_MOL_SHORT = re.compile(f"{_MOL_WORDS}(?P<model>[a-z0-9-]+/[a-z0-9.-]+) seed (?P<seed>[0-9]{{1,10}})")


def into_svg(data: bytes, xmp: str) -> bytes:
    """A `metadata` element, the root's first child."""
    root = _SVG_ROOT.search(data)
    if root is None:
        raise Unmarkable("svg", "it has no root element that is open")
    return data[: root.end()] + f"<metadata>{xmp}</metadata>".encode() + data[root.end() :]


def into_sdf(data: bytes, statement: Mapping[str, str]) -> bytes:
    """Data fields at the end of the first record, `doesnotexist.recipe` and the like."""
    body, end, rest = data.partition(b"$$$$")
    if not end:
        raise Unmarkable("sdf", "its record has no end")
    lines = ((name, " ".join(text.split())) for name, text in statement.items())
    fields = "".join(f">  <doesnotexist.{name}>\n{text}\n\n" for name, text in lines)
    return body + fields.encode() + end + rest


def into_mol(data: bytes, statement: Mapping[str, str]) -> bytes:
    """The third line, which is for comments; a recipe that is too long for it stays away."""
    lines = data.split(b"\n", 3)
    if len(lines) < 4:
        raise Unmarkable("mol", "it has no header of three lines")
    whole = _MOL_WORDS + statement["recipe"]
    short = f"{_MOL_WORDS}{statement['model']} seed {statement['seed']}"
    lines[2] = (whole if len(whole) <= MOL_LINE else short[:MOL_LINE]).encode()
    return b"\n".join(lines)


def into_smi(data: bytes, statement: Mapping[str, str]) -> bytes:
    """The recipe as the name of the structure, as Daylight's format has it: after a space."""
    structure, *name = data.split(maxsplit=1)
    if name or b"\n" in data.strip():
        return data  # a plugin's own name, or several lines
    return structure + b" " + statement["recipe"].encode() + data[len(data.rstrip()) :]


def in_sdf(text: str) -> dict[str, str]:
    """The statement in the first record; empty if there is none."""
    return dict(FIELD.findall(text.partition("$$$$")[0]))


def in_mol(text: str) -> dict[str, str]:
    """The recipe in a molfile; model and seed alone if it had no room for all of it."""
    words = "".join(text.split("\n", 3)[2:3]).strip()
    short = _MOL_SHORT.fullmatch(words) if len(words) < MOL_LINE else None  # what fills the line may be cut
    return short.groupdict() if short else _recipe(words.removeprefix(_MOL_WORDS))


def in_smi(text: str) -> dict[str, str]:
    """The recipe in the first line of SMILES."""
    return _recipe("".join(text.split("\n", 1)[0].split(maxsplit=1)[1:]))


def _recipe(text: str) -> dict[str, str]:
    return {"recipe": text.strip()} if _RECIPE.fullmatch(text.strip()) else {}
