"""Files to inspect, and how: in this process, as the confined one does it, which has tests of its own."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from doesnotexist import Picture
from doesnotexist.inspection import child
from doesnotexist.inspection.verdicts import inspect as inspect_by
from doesnotexist.provenance.boxes import into_avif
from doesnotexist.provenance.containers import into_jpeg, into_png, into_webp
from doesnotexist.provenance.marks import xmp_of

PICTURES = ("jpeg", "png", "webp", "avif")
INTO = {"jpeg": into_jpeg, "png": into_png, "webp": into_webp, "avif": into_avif}


def inspect(data, zoo, authorities=""):
    return inspect_by(data, zoo, authorities, ask=child.answer)


def verdicts(report):
    return {finding.what: finding.verdict for finding in report.findings}


def told(report):
    return " ".join(finding.told for finding in report.findings)


def pixels(data):
    return np.array(Image.open(io.BytesIO(data)).convert("RGB"))


def repainted(data, format, change):
    """The file with `change` done to its pixels, and its own mark put back."""
    painted = pixels(data)
    change(painted)
    return INTO[format](Picture(painted).encode(format, None), xmp_of(data, format))
