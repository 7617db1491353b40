"""What commands act on: the machine, its character devices and its monitors, as objects."""
