"""What somebody told the server to do instead of, or besides, what it does by itself.

``machine.part(Script)`` is the machine's script (``script``), made when it is first asked for; live
sessions see it at once. Python, the command line and QMP write to the same one.
"""
