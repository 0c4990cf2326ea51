"""Writing golden samples into a registry file, with everything else in it left as it stands."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .cards import Golden
from .errors import RegistryInvalid
from .registry import parse_registry
from .registry_yaml import Document, parse


def write_golden(path: Path, golden: Mapping[str, Golden]) -> list[str]:
    """Fill in the rows of these models, by id; the ids that the file has.

    Raises RegistryInvalid for a file that is not written a key a line: then nothing has changed.
    """
    raw = path.read_bytes()
    before = parse_registry(raw, str(path))
    wanted = [card.id for card in before if card.id in golden]
    new = _filled(raw, golden, str(path))
    right = [c.model_copy(update={"golden": golden[c.id]}) if c.id in golden else c for c in before]
    if list(parse_registry(new, str(path))) != right:
        raise RegistryInvalid(str(path), "expected one key a line, found another style; fill it in by hand")
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(new)
    part.replace(path)
    return wanted


def _filled(raw: bytes, golden: Mapping[str, Golden], source: str) -> bytes:
    document = parse(raw, source)
    models: Any = document.data["models"] if isinstance(document.data, dict) else []
    lines = raw.decode().splitlines(keepends=True)
    for index, model in reversed(list(enumerate(models))):  # from below: lines above keep their numbers
        if model["id"] in golden:
            start, stop = _lines_of(document, index, lines)
            margin = document.keys[("models", index, "id")][1] - 1
            lines[start:stop] = _written(golden[model["id"]], " " * margin)
    return "".join(lines).encode()


def _lines_of(document: Document, index: int, lines: list[str]) -> tuple[int, int]:
    """The lines, from 0, where the golden sample of a row stands; an empty range where it belongs."""
    row = ("models", index)
    own = sorted(line - 1 for key, (line, _) in document.keys.items() if key[:2] == row and len(key) == 3)
    everything = (*document.values.items(), *document.keys.items())
    others = [line - 1 for key, (line, _) in everything if key[:2] != row]
    end = min((line for line in others if line > own[-1]), default=len(lines))
    while not lines[end - 1].strip() or lines[end - 1].lstrip().startswith("#"):
        end -= 1  # what is said of the next row stays with it
    place = document.keys.get((*row, "golden"))
    if place is None:
        return end, end
    return place[0] - 1, min((line for line in own if line > place[0] - 1), default=end)


def _written(golden: Golden, margin: str) -> list[str]:
    rows = [f"seed: {golden.seed}"]
    rows += [f"params: {json.dumps(golden.params)}"] if golden.params else []
    rows += [f'sha256: "{golden.sha256}"']
    rows += [f'look: "{golden.look}"'] if golden.look else []
    return [f"{margin}golden:\n", *(f"{margin}  {row}\n" for row in rows)]
