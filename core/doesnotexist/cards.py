"""Model cards: one row of the registry each, as plain typed data.

Nothing here knows where rows come from (`registry`) or where files lie (`weights`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    model_validator,
)

from .recipe import DIGEST_LETTERS, MAX_SEED, MODEL_ID, SLUG, Value

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Commit = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{40}$")]
Slug = Annotated[str, StringConstraints(pattern=rf"^{SLUG.pattern}$")]
FileName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,126}$")]
RelativePath = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$"),
]
_LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_URL = rf"^https://(?:{_LABEL}\.)+[a-z]{{2,63}}/[A-Za-z0-9._~%!$&'()*+,;=:/-]+$"
Text = Annotated[str, StringConstraints(min_length=1, max_length=2000, strip_whitespace=True)]


class Row(BaseModel):
    """Frozen, strict, and closed: an unknown key is an error, `"64"` is not 64."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Bundled(Row):
    """A file that ships inside an installed package, such as `weights/x.safetensors`."""

    package: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
    path: RelativePath

    def __str__(self) -> str:
        return f"package:{self.package}/{self.path}"


class Hub(Row):
    """A file of a Hugging Face repository at one commit: branches and tags move, commits do not."""

    repo: Annotated[
        str,
        StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,95}/[A-Za-z0-9][A-Za-z0-9_.-]{0,95}$"),
    ]
    kind: Literal["model", "dataset", "space"] = "model"
    revision: Commit
    path: RelativePath

    def __str__(self) -> str:
        return f"hf:{self.repo}@{self.revision}/{self.path}"


class Mirror(Row):
    """A file at an https address whose host is a public name: no IP address, no port, no user."""

    url: Annotated[str, StringConstraints(pattern=_URL, max_length=500)]

    def __str__(self) -> str:
        return self.url


def _kind(source: object) -> str:
    """Which of the three a source is, by the key that only it has: one clear error, not three."""
    given = source if isinstance(source, Mapping) else getattr(source, "__dict__", {})
    return "bundled" if "package" in given else "hub" if "repo" in given else "mirror"


Source = Annotated[
    Annotated[Bundled, Tag("bundled")] | Annotated[Hub, Tag("hub")] | Annotated[Mirror, Tag("mirror")],
    Discriminator(_kind),
]

Format = Literal[
    "safetensors",
    "nvidia-pytorch",
    "nvidia-tensorflow",
    "rosinality",
    "bimodal",
    "keras-hdf5",
    "torch",
]


class Conversion(Row):
    """A file of ours made from somebody else's: the sha256 of theirs, and what made it."""

    source: Sha256
    converter: Text


class WeightFile(Row):
    """One file of a model; `size` in bytes; `sha256` names it in the store.

    Where nobody has published the exact size or the sha256, `unverified` says so. Such a file is
    never fetched unless the user asks for it, and what comes then is pinned.
    """

    role: Slug = "weights"
    name: FileName
    format: Format
    size: Annotated[int, Field(ge=0)] = 0
    sha256: Annotated[str, StringConstraints(pattern=r"^(?:[0-9a-f]{64})?$")] = ""
    unverified: Text | None = None
    conversion: Conversion | None = None
    sources: Annotated[tuple[Source, ...], Field(min_length=1, strict=False)]

    @model_validator(mode="after")
    def _known_or_unverified(self) -> Self:
        known = bool(self.size and self.sha256)
        if not known and not self.unverified:
            raise ValueError("expected size and sha256, or `unverified` with the reason why one is missing")
        if known and self.unverified:
            raise ValueError("expected no `unverified` where both size and sha256 are given")
        return self


class Licence(Row):
    """Three things are licensed apart: the code of the architecture, the weights, the data.

    `acceptance`: the user must accept it once before the weights are fetched.
    """

    code: Text
    weights: Text
    data: Text
    commercial: bool
    acceptance: bool = False
    attribution: Text


class Figure(Row):
    """A published or measured figure, with where it comes from."""

    name: Text
    value: float
    source: Text


class Span(Row):
    """From `low` to `high`, both included."""

    low: float
    high: float

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low > self.high:
            raise ValueError(f"expected low to be at most high, found {self.low:g} and {self.high:g}")
        return self


class Golden(Row):
    """A sample that this model must make again: seed, parameters, and what comes of them.

    `sha256` is of its pixels or its text; `look` is a picture shrunk to 4×4 averages, RGB, as hex, which
    stays the same where another machine rounds otherwise. `doesnotexist golden` makes and compares it.
    """

    seed: Annotated[int, Field(ge=0, le=MAX_SEED)]
    params: dict[str, Value] = {}
    sha256: Sha256
    look: Annotated[str, StringConstraints(pattern=r"^(?:[0-9a-f]{96})?$")] = ""


class ModelCard(Row):
    """One model: what it is, where its bytes come from, what may be done with it.

    `resolution` is the side of a picture in pixels; 0 for models that do not make pictures.
    `defaults` are this model's own defaults for parameters of its generator, such as psi; `psi` is
    the range in which its samples are worth looking at. `version` rises when the id gets other
    weights.
    """

    id: Annotated[str, StringConstraints(pattern=rf"^{MODEL_ID.pattern}$")]
    domain: Slug
    version: Annotated[int, Field(ge=1)] = 1
    title: Text
    architecture: Slug
    resolution: Annotated[int, Field(ge=0, le=16384)]
    files: Annotated[tuple[WeightFile, ...], Field(min_length=1, strict=False)]
    licence: Licence
    credit: Text  # in the box of the page: "StyleGAN2 (Dec 2019) - Karras et al. and Nvidia"
    data: Text
    limits: Text
    figures: Annotated[tuple[Figure, ...], Field(strict=False)] = ()
    defaults: dict[str, Value] = {}
    psi: Span | None = None
    golden: Golden | None = None
    default: bool = False

    @model_validator(mode="after")
    def _one_name_for_each_thing(self) -> Self:
        if self.id.partition("/")[0] != self.domain:
            raise ValueError(f"expected an id that begins with {self.domain}/, found {self.id}")
        if len({file.role for file in self.files}) != len(self.files):
            raise ValueError("expected another role for each file, found one twice")
        return self

    @property
    def digest(self) -> str:
        """sha256 (64 hex) of the weights: the digest of its first file, which names the model.

        Empty for an unverified model that has not been pinned.
        """
        return self.files[0].sha256

    @property
    def reference(self) -> str:
        """Id and digest, as recipes and permalinks name the model."""
        return f"{self.id}@{self.digest[:DIGEST_LETTERS]}" if self.digest else self.id

    @property
    def size(self) -> int:
        """Bytes of all files together; an unknown size counts as 0."""
        return sum(file.size for file in self.files)

    @property
    def unverified(self) -> bool:
        """Whether the exact size or the sha256 of one of its files is unknown."""
        return any(file.unverified for file in self.files)
