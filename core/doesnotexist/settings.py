"""What an operator can set, by argument or by environment variable `DOESNOTEXIST_<NAME>`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from platformdirs import user_cache_path
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from .errors import InvalidParameter

PREFIX = "DOESNOTEXIST_"


class Settings(BaseModel):
    """Settings of one zoo, frozen; `Settings.read()` takes them from the environment."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = Field("127.0.0.1", description="address the site listens on")
    port: int = Field(8000, ge=0, le=65535, description="port the site listens on; 0 for any free")
    base_domain: Annotated[
        str, StringConstraints(pattern=r"^[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*$", max_length=200)
    ] = Field("localhost", description="the site's own name; domains are its subdomains")
    device: str = Field("cpu", pattern=r"^(cpu|cuda(:[0-9]+)?|mps)$", description="cpu, cuda, cuda:1 or mps")
    store: Path = Field(
        default_factory=lambda: user_cache_path("doesnotexist"),
        description="folder of downloaded weights",
    )
    registry: Path | None = Field(None, description="a registry file in place of the built-in one")
    plugins: str | None = Field(None, description="names of the only plugins to load, a,b")
    queue_size: int = Field(256, ge=1, le=100_000, description="requests that may wait")
    deadline_s: float = Field(60.0, gt=0, description="seconds until a request is given up")

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
