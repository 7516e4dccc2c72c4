"""Write labels in the formats of other programs."""

from selavi.label.formats.write import FORMATS, write_formats

__all__ = ["FORMATS", "write_formats"]
