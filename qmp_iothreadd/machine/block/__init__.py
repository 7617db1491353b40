"""The block layer: nodes, the disks that they are in, and jobs on them."""
