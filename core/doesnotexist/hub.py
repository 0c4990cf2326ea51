"""Files of the Hugging Face hub: where one lies now, as huggingface_hub finds it.

The library brings the endpoint, the token, the proxy and the hub's own errors. The bytes are fetched
by `downloads`, which resumes, limits and checks them: the library's own download only counts them.
"""

from __future__ import annotations

import re
from typing import Any

from .cards import Hub, WeightFile
from .errors import SourceFailed, quoted
from .transport import RETRIED, Address, Network, check_address

_SHA256 = re.compile(r"[0-9a-f]{64}")


def locate(source: Hub, file: WeightFile, network: Network) -> Address:
    """Where the file of a hub repository can be fetched at this moment.

    What the hub says of it (commit, size, sha256) is held against the card before a byte is
    fetched. Raises SourceFailed.
    """
    import huggingface_hub
    from huggingface_hub import constants
    from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]

    endpoint = (network.hub_endpoint or constants.ENDPOINT).rstrip("/")
    check_address(Address(endpoint), network)
    url = huggingface_hub.hf_hub_url(
        source.repo, source.path, repo_type=source.kind, revision=source.revision, endpoint=endpoint
    )
    found = _metadata(url, endpoint, network.timeout_s)
    for what, expected, said in _claims(source, file, found):
        if said != expected:
            raise SourceFailed(name_of(source), f"expected {what} {expected}, the hub says {said}")
    token = build_hf_headers().get("authorization")
    return Address(url, {"Authorization": token} if token else {}).moved(found.location)


def name_of(source: Hub) -> str:
    """`hf:owner/name@0123456789ab/path`, for messages."""
    return f"hf:{source.repo}@{source.revision[:12]}/{source.path}"


def _metadata(url: str, endpoint: str, timeout_s: float) -> Any:
    import huggingface_hub
    from httpx2 import HTTPError  # what huggingface_hub asks with
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError

    try:
        return huggingface_hub.get_hf_file_metadata(url, timeout=timeout_s, endpoint=endpoint)
    except GatedRepoError:  # before its base class, which says that there is no such repository
        advice = "gated: accept its terms on its page, then log in with: hf auth login"
        raise SourceFailed(url, advice) from None
    except (OSError, ValueError, HTTPError) as error:
        again = not isinstance(error, HfHubHTTPError) or error.response.status_code in RETRIED
        reason = f"{type(error).__name__} {quoted(next(iter(str(error).splitlines()), ''), 160)}"
        raise SourceFailed(url, reason, again) from None


def _claims(source: Hub, file: WeightFile, found: Any) -> list[tuple[str, object, object]]:
    """What the card expects and the hub says, as far as both say something."""
    digest = found.etag if _SHA256.fullmatch(found.etag or "") else None  # of LFS files only
    claims = [
        ("commit", source.revision, found.commit_hash),
        ("size", file.size, found.size),
        ("sha256", file.sha256, digest),
    ]
    return [claim for claim in claims if claim[1] and claim[2] is not None]
