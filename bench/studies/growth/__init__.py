"""How do every scenario and remedy grow with the number of rows? Measured on a server of its own."""
