"""Compiled networks and training states on disk: checked when read, whole when written."""
