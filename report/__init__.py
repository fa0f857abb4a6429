"""Measure every scenario in processes of its own, and print, store and draw the result."""
