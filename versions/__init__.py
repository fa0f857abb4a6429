"""The nine scenarios on every Python that is found, with the original's package versions and with the lock's."""
