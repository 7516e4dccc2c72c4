"""From decoded frames to normalised RGB crops.

In the order of the data: `views` (draws frames, size and crop), `yuv` (a decoded frame), `crop`
(copies the source pixels), `resize` (RGB, bilinear), `colour`, and `views.prepare_video`, which
joins the last steps and normalises.
"""
