"""Write labels in the formats of other programs."""

FORMATS = ("webvtt", "audacity", "label-studio", "fiftyone", "coco", "parquet")
"""Their names; `write.write_formats` writes them."""
