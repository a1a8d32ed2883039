"""Commands of this room: one file each, found by name (see huiyin/cli.py)."""
