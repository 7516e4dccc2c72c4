"""Tables, plots and the explorer, from the files of other stages."""
