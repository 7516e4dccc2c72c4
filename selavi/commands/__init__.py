"""One file per command: parse the arguments, call one function."""
