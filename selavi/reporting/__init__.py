"""Tables, figures and the page to watch the clusters. Reads files only."""
