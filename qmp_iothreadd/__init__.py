"""A QMP server with real, adaptively polling iothreads.

Importing this package imports nothing else: the command line has to greet quickly.
"""

__all__: list[str] = []
