"""QMP: the registry of commands, dispatch, and a session without IO."""
