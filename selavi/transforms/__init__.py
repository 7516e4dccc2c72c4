"""What is done to a decoded clip before the network sees it."""
