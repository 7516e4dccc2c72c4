"""Label videos with a trained network: windows of files in, a table of clusters out."""
