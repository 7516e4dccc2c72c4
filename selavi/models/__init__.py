"""The two encoders, their heads, and how they are stored."""
