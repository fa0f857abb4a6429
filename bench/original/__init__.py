"""The original's versions and figures, and the comparison that proves the reproduction."""
