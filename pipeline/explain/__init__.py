"""The evidence sheet: one violation, explained so that a judge can follow it without training."""
