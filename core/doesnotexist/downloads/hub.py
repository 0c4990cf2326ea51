"""Files of the Hugging Face hub: where one lies now, as huggingface_hub finds it.

The library brings the endpoint, the token, the proxy and the hub's own errors. The bytes are fetched
by `downloads`, which resumes, limits and checks them: the library's own download only counts them.
"""

from __future__ import annotations

import re
from typing import Any

from ..cards import Hub, WeightFile
from ..errors import SourceFailed, quoted
from .transport import RETRIED, Address, Network, check_address

_SHA256 = re.compile(r"[0-9a-f]{64}")


def locate(source: Hub, file: WeightFile, network: Network) -> Address:
    """Where the file of a hub repository can be fetched at this moment.

    What the hub says of it (commit, size, sha256) is held against the card before a byte is
    fetched. Raises SourceFailed.
    """
    from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]

    url, found = _look_up(source, network)
    for what, right in (("commit", source.revision), ("size", file.size), ("sha256", file.sha256)):
        if right and found[what] not in (right, None):
            raise SourceFailed(str(source), f"expected {what} {right}, the hub says {found[what]}")
    token = build_hf_headers().get("authorization")
    return Address(url, {"Authorization": token} if token else {}).moved(str(found["location"]))


def described(source: Hub, network: Network) -> tuple[int, str]:
    """Size and sha256 of a file as the hub states them; 0 and "" where it does not. Raises SourceFailed."""
    _, found = _look_up(source, network)
    return int(found["size"] or 0), str(found["sha256"] or "")


def _look_up(source: Hub, network: Network) -> tuple[str, dict[str, Any]]:
    """The address of a file at the hub, and what the hub says of it; None where it says nothing."""
    import huggingface_hub
    from huggingface_hub import constants

    endpoint = (network.hub_endpoint or constants.ENDPOINT).rstrip("/")
    check_address(Address(endpoint), network)
    url = huggingface_hub.hf_hub_url(
        source.repo, source.path, repo_type=source.kind, revision=source.revision, endpoint=endpoint
    )
    found = _metadata(url, endpoint, network.timeout_s)
    digest = found.etag if _SHA256.fullmatch(found.etag or "") else None  # of LFS files only
    return url, {
        "commit": found.commit_hash,
        "size": found.size,
        "sha256": digest,
        "location": found.location,
    }


def _metadata(url: str, endpoint: str, timeout_s: float) -> Any:
    import huggingface_hub
    from httpx2 import HTTPError  # what huggingface_hub asks with
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, OfflineModeIsEnabled

    try:
        return huggingface_hub.get_hf_file_metadata(url, timeout=timeout_s, endpoint=endpoint)
    except GatedRepoError:  # before its base class, which says that there is no such repository
        advice = "gated: accept its terms on its page, then log in with: hf auth login"
        raise SourceFailed(url, advice) from None
    except OfflineModeIsEnabled:
        raise SourceFailed(url, "HF_HUB_OFFLINE is set: the hub is not asked") from None
    except (OSError, ValueError, HTTPError) as error:
        again = not isinstance(error, HfHubHTTPError) or error.response.status_code in RETRIED
        reason = f"{type(error).__name__} {quoted(next(iter(str(error).splitlines()), ''), 160)}"
        raise SourceFailed(url, reason, again) from None
