"""Action recognition: train the video encoder on, with a classifier, on labelled videos."""
