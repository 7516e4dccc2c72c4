"""SeLaVi: label unlabelled videos by audio-visual self-labelling (arXiv 2006.13662)."""

__version__ = "0.1.0"
