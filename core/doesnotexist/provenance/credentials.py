"""Content Credentials: a C2PA manifest with a signature over the finished file.

Without network: no time stamps are asked for, and a manifest that a file says lies elsewhere is not
fetched. Without thumbnails, which would cost more than all the rest. This file alone knows c2pa.
"""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ..errors import CredentialsInvalid
from ..media import MEDIA_TYPES, Media
from .certificates import AUTHORITY, CHAIN, KEY
from .statements import statement_of

if TYPE_CHECKING:
    import c2pa

log = logging.getLogger("doesnotexist.provenance")

SIGNED = {
    **{name: MEDIA_TYPES[name] for name in ("jpeg", "png", "webp", "avif", "svg", "wav")},
    "mp4": "video/mp4",
}
LABEL = "urn:doesnotexist:recipe"
_OFFLINE = {
    "builder": {"thumbnail": {"enabled": False}},
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False, "verify_after_sign": False},
}
# What COSE calls the algorithm of a key, by its curve; RSA and Ed25519 have one each.
_CURVES = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}
_UNKNOWN_SIGNER = "signingCredential.untrusted"


def installed() -> bool:
    """Whether the extra `provenance` is here."""
    return all(find_spec(name) is not None for name in ("c2pa", "cryptography"))


@dataclass(frozen=True)
class Signature:
    """The Content Credentials of a file: `trusted`, `intact` but by a signer unknown here, or `broken`.

    `elsewhere`: the file only says where they are, and nothing is fetched for a file.
    """

    state: Literal["trusted", "intact", "broken", "elsewhere"]
    signer: str = ""
    source: str = ""
    """The digital source type that the signer vouches for, "" if none is named."""
    statement: Mapping[str, str] = field(default_factory=dict)
    """Our statement, if it is signed with the rest."""
    reason: str = ""


class Signer:
    """Signs with the certificate chain and the key of a folder: `chain.pem`, leaf first, and `key.pem`.

    Raises CredentialsInvalid for what cannot sign. Threads may share one.
    """

    def __init__(self, folder: Path) -> None:
        import c2pa

        self.folder = folder
        chain, key = _read(folder / CHAIN), _read(folder / KEY)
        leaf, algorithm = _leaf(folder, chain, key)
        self.name = _common_name(leaf)
        self.expires = leaf.not_valid_after_utc.date().isoformat()
        self.fingerprint = _fingerprint(leaf)
        try:
            signer = c2pa.Signer.from_info(c2pa.C2paSignerInfo(algorithm, chain, key, None))
            self._context = c2pa.Context(c2pa.Settings.from_dict(_OFFLINE), signer)
            self._sign(_SMALLEST, "image/svg+xml", {})
        except c2pa.C2paError as error:
            raise CredentialsInvalid(str(folder), f"cannot sign: {error}") from None

    def sign(self, media: Media, record: Mapping[str, Any]) -> Media:
        """Media with a manifest, or as they are where the standard has no place for one.

        Raises CredentialsInvalid, such as for a certificate that has run out.
        """
        import c2pa

        if media.format not in SIGNED:
            return media
        try:
            data = self._sign(media.data, SIGNED[media.format], statement_of(record))
        except c2pa.C2paError as error:
            raise CredentialsInvalid(str(self.folder), f"cannot sign: {error}") from None
        return Media(data, media.format, media.facts)

    def _sign(self, data: bytes, media_type: str, statement: Mapping[str, str]) -> bytes:
        import c2pa

        name, _, version = statement.get("generator", "doesnotexist").partition(" ")
        manifest = {
            "claim_generator_info": [{"name": name, **({"version": version} if version else {})}],
            "title": statement.get("recipe", ""),
            "assertions": [{"label": LABEL, "kind": "Json", "data": dict(statement)}],
        }
        builder = c2pa.Builder(manifest, self._context)
        builder.set_intent(
            c2pa.C2paBuilderIntent.CREATE, c2pa.C2paDigitalSourceType.TRAINED_ALGORITHMIC_MEDIA
        )
        signed = io.BytesIO()
        builder.sign(media_type, io.BytesIO(data), signed)
        return signed.getvalue()


_SMALLEST = b'<svg xmlns="http://www.w3.org/2000/svg"></svg>'


def open_signer(folder: Path | None) -> Signer | None:
    """The signer of a folder; None, said in the log, where it is not asked for or the extra is not here.

    Raises CredentialsInvalid.
    """
    if folder is None:
        return None
    if not installed():
        log.warning("Content Credentials are off: pip install 'doesnotexist[provenance]'")
        return None
    return Signer(folder)


def read_signature(data: bytes, format: str, authorities: str = "") -> Signature | None:
    """The Content Credentials of a file, None if it has none, or none that could be read here.

    `authorities` are the certificates, PEM, of those whose signers are trusted.
    """
    if format not in SIGNED or not installed():
        return None
    import c2pa

    try:
        reader = c2pa.Reader.try_create(SIGNED[format], io.BytesIO(data), context=_context(authorities))
        if reader is None:
            return None
        with reader:
            return _judged(json.loads(reader.json()))
    except c2pa.C2paError as error:
        if str(error).startswith("Remote"):
            return Signature("elsewhere")
        return Signature("broken", reason=f"its manifest cannot be read: {type(error).__name__.lstrip('_')}")
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError):
        return Signature("broken", reason="its manifest is not built as one")


def _judged(store: Mapping[str, Any]) -> Signature:
    """What c2pa has found; raises LookupError and the like for a store that is odd in itself."""
    manifest = store["manifests"][store["active_manifest"]]
    failures = store.get("validation_results", {}).get("activeManifest", {}).get("failure", [])
    wrong = sorted({str(one["code"]) for one in failures} - {_UNKNOWN_SIGNER})
    state = store.get("validation_state")
    whole = state in ("Trusted", "Valid") and not wrong
    info = manifest.get("signature_info") or {}
    told = dict.fromkeys(str(info[part]) for part in ("common_name", "issuer") if info.get(part))
    said = {one.get("label"): one.get("data") for one in manifest.get("assertions", [])}
    statement = said.get(LABEL, {})
    return Signature(
        state="broken" if not whole else "trusted" if state == "Trusted" else "intact",
        signer=", ".join(told),
        source=_source(said),
        statement={str(name): str(text) for name, text in statement.items()},
        reason=", ".join(wrong),
    )


def _source(assertions: Mapping[str | None, Any]) -> str:
    """The source type of the action by which the file came to be."""
    for label, data in assertions.items():
        if label and label.startswith("c2pa.actions"):
            for action in data["actions"]:
                if action.get("action") == "c2pa.created":
                    return str(action.get("digitalSourceType", ""))
    return ""


def authority_of(folder: Path | None) -> str:
    """The certificate of one's own authority, "" if there is none."""
    path = folder / AUTHORITY if folder else None
    return path.read_text("ascii") if path and path.is_file() else ""


@cache
def _context(authorities: str) -> c2pa.Context:
    import c2pa

    trust = {"trust": {"trust_anchors": authorities}} if authorities else {}
    return c2pa.Context(c2pa.Settings.from_dict({**_OFFLINE, **trust}))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CredentialsInvalid(str(path), str(error.strerror)) from None


def _leaf(folder: Path, chain: bytes, key: bytes) -> tuple[Any, str]:
    """The first certificate and the algorithm of its key; raises CredentialsInvalid if it is not `key`'s."""
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        leaf = x509.load_pem_x509_certificates(chain)[0]
        private = load_pem_private_key(key, password=None)
    except (ValueError, TypeError, IndexError) as error:
        raise CredentialsInvalid(str(folder), f"expected PEM, found something else ({error})") from None
    if private.public_key() != leaf.public_key():
        raise CredentialsInvalid(str(folder), f"{KEY} is not the key of the first certificate in {CHAIN}")
    if isinstance(private, ec.EllipticCurvePrivateKey) and private.curve.name in _CURVES:
        return leaf, _CURVES[private.curve.name]
    if isinstance(private, ed25519.Ed25519PrivateKey):
        return leaf, "ed25519"
    if isinstance(private, rsa.RSAPrivateKey):
        return leaf, "ps256"
    raise CredentialsInvalid(str(folder), "expected a key on P-256, P-384, P-521, of Ed25519 or of RSA")


def _common_name(leaf: Any) -> str:
    from cryptography.x509.oid import NameOID

    names = leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else "nobody"


def _fingerprint(leaf: Any) -> str:
    from cryptography.hazmat.primitives.hashes import SHA256

    return str(leaf.fingerprint(SHA256()).hex())
