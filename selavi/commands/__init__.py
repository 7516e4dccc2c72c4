"""One file per stage: parse the arguments, call one function."""
