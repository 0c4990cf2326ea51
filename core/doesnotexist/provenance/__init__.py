"""Provenance: every file says what it is.

statements      what is said of a sample: synthetic, its recipe, its licences
xmp             a statement as XMP, and back
containers      where XMP goes in JPEG, PNG, WebP, WAV
boxes           and in AVIF and MP4
texts           where a statement goes in SVG, SDF, MOL, SMILES
marks           a file with its mark, and the mark of a file
credentials     Content Credentials: a signature over the finished file
certificates    a certificate authority of one's own, to sign them with
"""

from __future__ import annotations

from .marks import mark, video_metadata
from .statements import record_of, statement_of

__all__ = ["mark", "record_of", "statement_of", "video_metadata"]
