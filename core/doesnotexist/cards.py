"""Model cards: one row of the registry each, as plain typed data.

Nothing here knows where rows come from (`registry`) or where files lie (`weights`).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from .recipe import DIGEST_LETTERS, MODEL_ID, SLUG

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Commit = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{40}$")]
Slug = Annotated[str, StringConstraints(pattern=rf"^{SLUG.pattern}$")]
FileName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,126}$")]
RelativePath = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$")
]
Text = Annotated[str, StringConstraints(min_length=1, max_length=2000, strip_whitespace=True)]


class Row(BaseModel):
    """Frozen, strict, and closed: an unknown key is an error, `"64"` is not 64."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Bundled(Row):
    """A file that ships inside an installed package: `doesnotexist_faces`, `weights/x.safetensors`."""

    package: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
    path: RelativePath


class Hub(Row):
    """A file of a Hugging Face repository at one commit: branches and tags move, commits do not."""

    repo: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*$")]
    revision: Commit
    path: RelativePath


class Mirror(Row):
    """A file at an https address."""

    url: Annotated[str, StringConstraints(pattern=r"^https://[a-z0-9.-]+/[^\s?#@]+$", max_length=500)]


class WeightFile(Row):
    """One file of a model; `size` in bytes; `sha256` names it in the store."""

    role: Slug = "weights"
    name: FileName
    format: Literal["safetensors", "nvidia-pytorch", "nvidia-tensorflow", "rosinality", "bimodal"]
    size: Annotated[int, Field(gt=0)]
    sha256: Sha256
    sources: Annotated[tuple[Bundled | Hub | Mirror, ...], Field(min_length=1, strict=False)]


class Licence(Row):
    """Three things are licensed apart: the code of the architecture, the weights, the data."""

    code: Text
    weights: Text
    data: Text
    commercial: bool
    attribution: Text


class Figure(Row):
    """A published or measured figure, with where it comes from."""

    name: Text
    value: float
    source: Text


class ModelCard(Row):
    """One model: what it is, where its bytes come from, what may be done with it.

    `resolution` is the side of a picture in pixels; 0 for models that do not make pictures.
    `defaults` are this model's own defaults for parameters of its generator, such as psi.
    """

    id: Annotated[str, StringConstraints(pattern=rf"^{MODEL_ID.pattern}$")]
    domain: Slug
    title: Text
    architecture: Slug
    resolution: Annotated[int, Field(ge=0, le=16384)]
    files: Annotated[tuple[WeightFile, ...], Field(min_length=1, strict=False)]
    licence: Licence
    credit: Text  # as it stands in the box of the page: "StyleGAN2 (Dec 2019) - Karras et al. and Nvidia"
    data: Text
    limits: Text
    figures: Annotated[tuple[Figure, ...], Field(strict=False)] = ()
    defaults: dict[str, str | int | float | bool] = {}
    default: bool = False

    @property
    def digest(self) -> str:
        """sha256 (64 hex) of the weights: the digest of its first file, which names the model."""
        return self.files[0].sha256

    @property
    def reference(self) -> str:
        """Id and digest, as recipes and permalinks name the model."""
        return f"{self.id}@{self.digest[:DIGEST_LETTERS]}"

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(file.size for file in self.files)
