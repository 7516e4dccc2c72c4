"""Labels by optimal transport: the heart of the method. Tensors in, labels out."""
