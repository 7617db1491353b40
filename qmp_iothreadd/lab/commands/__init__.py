"""The commands of ``iothread-lab``: a module each, which is loaded when its command is run.

A module has ``add(parser)``, which gives the parser the command's words, and ``run(options)``.
"""
