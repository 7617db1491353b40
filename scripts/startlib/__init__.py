"""What a start costs: times beside those of a Python that does less, modules, system calls."""
