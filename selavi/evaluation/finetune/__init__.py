"""Action recognition: fine-tune the video encoder, with a classifier, on labelled videos."""
