"""Character devices: where the bytes of monitors come from, and where they go."""
