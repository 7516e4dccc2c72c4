"""From videos on disk to clips in memory: manifest, shard, index, load."""
