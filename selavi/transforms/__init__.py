"""From decoded clips to the inputs of the encoders."""
