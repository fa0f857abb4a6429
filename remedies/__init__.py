"""What to write instead: each script names the scenario it remedies, and what one gives up."""
