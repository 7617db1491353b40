"""Character devices: where bytes come from and go to. Each owns what it opens."""
