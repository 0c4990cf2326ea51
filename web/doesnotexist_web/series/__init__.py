"""Samples that belong together: sheets, strips and morphs, as records, boards and films."""
