"""Alerts: rules → rows with frozen reason and evidence → messages to channels. Digest instead of flood; kill -9 doubles no row."""

from response_kits.alerts.deliver import deliver
from response_kits.alerts.judge import acknowledge
from response_kits.alerts.precision import precision
from response_kits.alerts.rules import evaluate

__all__ = ["acknowledge", "deliver", "evaluate", "precision"]
