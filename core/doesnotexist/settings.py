"""What an operator can set, by argument or by environment variable `DOESNOTEXIST_<NAME>`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, Literal

from platformdirs import user_cache_path
from pydantic import (
    BaseModel,
    ByteSize,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from .errors import InvalidParameter
from .recipe import SLUG

PREFIX = "DOESNOTEXIST_"

_Host = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})+$", max_length=200)]
_Slug = Annotated[str, StringConstraints(pattern=rf"^{SLUG.pattern}$")]
# Ray, and what its Serve cannot be imported without, which comes with our extra and not with Ray alone.
_RAY = ("ray", "fastapi", "grpc", "opentelemetry", "uvicorn")
_DEVICE = "(cpu|mps|cuda(:[0-9]{1,3})?)"


class Settings(BaseModel):
    """Settings of one zoo, frozen; `Settings.read()` takes them from the environment."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = Field("127.0.0.1", description="address the site listens on")
    port: int = Field(8000, ge=0, le=65535, description="port the site listens on; 0 for any free")
    base_domain: Annotated[
        str, StringConstraints(pattern=r"^[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*$", max_length=200)
    ] = Field("localhost", description="the site's own name; domains are its subdomains")
    hosts: dict[_Host, _Slug] = Field(
        default_factory=dict,
        description="hosts of one domain each, such as this-cat.example: cats, this-face.example: faces",
    )
    proxies: int = Field(
        0, ge=0, le=10, description="reverse proxies in front whose X-Forwarded-For and -Proto are believed"
    )
    rate_limit: str | None = Field(
        None,
        pattern=r"^[0-9]{1,7}/(second|minute|hour|day)$",
        description="what one address may ask for, such as 300/minute; no limit if not set",
    )
    log: Literal["text", "json"] = Field(
        "text", description="text, or json: a line for every request and every event on standard error"
    )
    device: str = Field(
        "auto",
        pattern=rf"^(auto|{_DEVICE}(,{_DEVICE})*)$",
        description="auto, cpu, cuda, cuda:1 or mps; several with commas, a worker for each",
    )
    workers: Literal["thread", "process", "ray"] = Field(
        "thread", description="thread, process or ray: where samples are made"
    )
    threads: int | None = Field(
        None, ge=1, le=1024, description="threads of a worker process; as many as cores if not set"
    )
    store: Path = Field(
        default_factory=lambda: user_cache_path("doesnotexist"),
        description="folder of downloaded weights",
    )
    registry: Path | None = Field(None, description="a registry file in place of the built-in one")
    registries: str | None = Field(
        None, description="further registries: files, or https://…#sha256=… with their digest, a,b"
    )
    models: str | None = Field(
        None, description="the models that serve their domains, faces/ffhq-256,cats/mine"
    )
    plugins: str | None = Field(None, description="names of the only plugins to load, a,b")
    strict: bool = Field(False, description="true: a plugin that cannot be used is fatal")
    queue_size: int = Field(256, ge=1, le=100_000, description="requests that may wait in each domain")
    deadline_s: float = Field(60.0, gt=0, description="seconds until a request is given up")
    hang_s: float = Field(
        20.0, gt=0, description="seconds until a worker process at one batch is taken for hung and ended"
    )
    overload: Literal["queue", "share"] = Field(
        "queue", description="queue, or share: one fresh sample for all who wait when the queue is full"
    )
    model_bytes: ByteSize = Field(
        ByteSize(4 * 2**30), ge=0, description="bytes of models kept in memory, such as 4GiB"
    )
    pool_bytes: ByteSize = Field(
        ByteSize(0), ge=0, description="bytes of samples made while idle, such as 64MiB; 0 for none"
    )
    media_bytes: ByteSize = Field(
        ByteSize(0), ge=0, description="bytes of finished media kept in memory, such as 64MiB"
    )
    media_cache: Path | None = Field(None, description="folder of finished media, kept over a restart")
    media_cache_bytes: ByteSize = Field(
        ByteSize(2**30), ge=0, description="bytes of finished media kept in that folder, such as 1GiB"
    )
    ray_address: str | None = Field(
        None, max_length=300, description="address of a Ray cluster, or auto; one of its own if not set"
    )
    status: Literal["local", "public", "off"] = Field(
        "off", description="who may see /status and /metrics: local (this machine), public, or off"
    )
    credentials: Path | None = Field(
        None, description="folder of the certificate chain and the key that sign Content Credentials"
    )
    min_replicas: int = Field(
        1, ge=0, le=10_000, description="replicas of each model that a Ray cluster keeps while nobody asks"
    )
    max_replicas: int = Field(
        1,
        ge=1,
        le=10_000,
        validate_default=True,
        description="replicas of each model that a Ray cluster makes of it under load",
    )

    @field_validator("max_replicas")
    @classmethod
    def _not_fewer(cls, most: int, info: ValidationInfo) -> int:
        if most < info.data.get("min_replicas", 0):
            raise ValueError("fewer than the least")
        return most

    @field_validator("workers")
    @classmethod
    def _installed(cls, workers: str) -> str:
        if workers == "ray" and not all(map(find_spec, _RAY)):
            raise ValueError("for ray: pip install 'doesnotexist[ray]'")
        return workers

    @field_validator("hosts", mode="before")
    @classmethod
    def _pairs(cls, given: object) -> object:
        """`a.example: cats, b.example: faces`, as it stands in an environment variable."""
        if not isinstance(given, str):
            return given
        parts = [part.partition(":") for part in given.split(",") if part.strip()]
        pairs = {host.strip().lower(): domain.strip() for host, _, domain in parts}
        if len(pairs) < len(parts):
            raise ValueError("a host stands there twice")
        return pairs

    @classmethod
    def read(cls, environment: Mapping[str, str] = os.environ, **given: Any) -> Settings:
        """From the environment; what is `given` and not None goes before it.

        Raises InvalidParameter naming the setting.
        """
        names = {name: PREFIX + name.upper() for name in cls.model_fields}
        found: dict[str, Any] = {n: environment[v] for n, v in names.items() if v in environment}
        found |= {name: value for name, value in given.items() if value is not None}
        try:
            return cls.model_validate(found)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            name = str(first["loc"][0])
            meaning = cls.model_fields[name].description or "another value"
            raise InvalidParameter(name, f"{meaning} ({first['msg']})", first["input"]) from None
