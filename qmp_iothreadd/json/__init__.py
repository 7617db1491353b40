"""QEMU's dialect of JSON: bytes to values, values to bytes, the order of members."""
