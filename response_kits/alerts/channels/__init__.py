"""Channels of alerts: one file each with `send(target, message, settings)`, found by name. They raise on a refused message."""
