"""A statement as XMP (ISO 16684-1), and back: the properties that libraries know, and our own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from xml.etree import ElementTree

from .statements import licences

MAX_XMP = 60_000  # bytes, to write and to read: JPEG has room for 65,502

OURS = "urn:doesnotexist:provenance:1#"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
_PREFIXES = {
    "rdf": _RDF,
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "xmpRights": "http://ns.adobe.com/xap/1.0/rights/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "Iptc4xmpExt": _IPTC,
    "doesnotexist": OURS,
}
_BY_URI = {uri: prefix for prefix, uri in _PREFIXES.items()}
_IN_LANGUAGES = ("dc:description", "dc:rights", "xmpRights:UsageTerms")
_UNFIT = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, production 2


def known(statement: Mapping[str, str]) -> dict[str, str]:
    """What is said of a statement in properties that other readers know, those without text left out.

    `AISystemUsed` and its version are of IPTC Photo Metadata 2025.1.
    """
    told = {
        "Iptc4xmpExt:DigitalSourceType": statement.get("digitalSourceType", ""),
        "Iptc4xmpExt:AISystemUsed": statement.get("model", ""),
        "Iptc4xmpExt:AISystemVersionUsed": statement.get("weights", ""),
        "photoshop:Credit": statement.get("credit", ""),
        "xmp:CreatorTool": statement.get("generator", ""),
        "dc:description": statement.get("statement", ""),
        "dc:rights": licences(statement),
        "xmpRights:UsageTerms": statement.get("licenceWeights", ""),
    }
    return {name: _UNFIT.sub("�", text) for name, text in told.items() if text}


def write(statement: Mapping[str, str]) -> str:
    """An `x:xmpmeta` element."""
    told = known(statement) | {f"doesnotexist:{name}": text for name, text in statement.items() if text}
    attributes = "".join(f"\n  {n}={_quoted(text)}" for n, text in told.items() if n not in _IN_LANGUAGES)
    spaces = "".join(f' xmlns:{prefix}="{uri}"' for prefix, uri in _PREFIXES.items() if prefix != "rdf")
    return (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{_RDF}">\n'
        f'<rdf:Description rdf:about=""{spaces}{attributes}>\n'
        f"{''.join(_alternative(name, told[name]) for name in _IN_LANGUAGES if name in told)}"
        "</rdf:Description>\n</rdf:RDF></x:xmpmeta>"
    )


def packet(xmp: str) -> bytes:
    """The element in the wrapper by which scanners find it in a file they do not understand."""
    return f'<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n{xmp}\n<?xpacket end="r"?>'.encode()


@lru_cache(64)  # most of what is said is said of every sample of a model
def _quoted(text: str) -> str:
    from xml.sax.saxutils import quoteattr  # brings urllib along, which a list of models does not need

    return quoteattr(_UNFIT.sub("�", text))


def _alternative(name: str, text: str) -> str:
    """Text that could be given in several languages."""
    from xml.sax.saxutils import escape

    return f'<{name}><rdf:Alt><rdf:li xml:lang="x-default">{escape(text)}</rdf:li></rdf:Alt></{name}>\n'


def read(data: bytes) -> tuple[dict[str, str], dict[str, str]]:
    """Our statement (empty if there is none) in XMP, and what it says beside it, by the names of `known`.

    It comes from a stranger: it may be long, declare endless entities, and say a thing twice. Raises
    ValueError with the reason for any of these.
    """
    found = dict[str, str]()
    for name, text in _properties(parse(data)):
        if found.setdefault(name, text) != text:
            raise ValueError(f"it gives {name.rpartition('}')[2][:40]} twice")
    ours = f"{{{OURS}}}"
    statement = {name.removeprefix(ours): text for name, text in found.items() if name.startswith(ours)}
    return statement, {_short(name): text for name, text in found.items() if not name.startswith(ours)}


def _short(name: str) -> str:
    """`{http://purl.org/dc/elements/1.1/}rights` → `dc:rights`."""
    uri, _, last = name.removeprefix("{").rpartition("}")
    return f"{_BY_URI.get(uri, uri)}:{last}"


def parse(data: bytes, limit: int = MAX_XMP) -> ElementTree.Element:
    """The root of an XML document of at most `limit` bytes of UTF-8; raises ValueError.

    Whatever begins with `<!` but a comment is refused: entities are declared there, and nothing that we
    read needs them. The text is decoded before it is searched, so that no encoding hides them.
    """
    if len(data) > limit:
        raise ValueError(f"its XML is longer than {limit} bytes")
    try:
        text = data.decode("utf-8-sig").strip("\0 \r\n\t")
        if re.search("<!(?!--)", text):
            raise ValueError("its XML declares a document type or entities")
        return ElementTree.fromstring(text)  # noqa: S314 - there are no entities, see above
    except UnicodeDecodeError:
        raise ValueError("its XML is no UTF-8") from None
    except ElementTree.ParseError as error:
        raise ValueError(f"its XML cannot be read ({error})") from None


def _properties(root: ElementTree.Element) -> Iterator[tuple[str, str]]:
    """Names and texts of properties: XMP allows attributes, elements, references and lists alike."""
    for description in root.iter(f"{{{_RDF}}}Description"):
        yield from ((name, text) for name, text in description.attrib.items() if name != f"{{{_RDF}}}about")
        for child in description:
            yield child.tag, child.get(f"{{{_RDF}}}resource") or " | ".join(_texts(child))


def _texts(element: ElementTree.Element) -> Iterator[str]:
    """The texts in an element: one, or those of a list or of several languages."""
    return (text.strip() for text in element.itertext() if text.strip())
