"""What a trace can be made of: a module for each format, found by `qmp_iothreadd.lab.importing`.

A module has ``LOOKS``, a regular expression that some line near the beginning of such a text fits,
and ``read(lines, choice, steps)``, which adds what it reads to ``steps``. ``CHOICES`` are the
fields of a `Choice` that it heeds. ``WARNING`` is what who imports it is to know.
"""
