"""What does a row cost on every Python that is found, with the original's package versions and with the lock's?

Why the session's peak is lower with the lock's SQLAlchemy 2.1 than with the original's 2.0.36, though its entities
cost the same: 2.0 makes a `Row` of every tuple before it makes the entity (`chunks` in `sqlalchemy/orm/loading.py`
calls `_raw_all_rows`, `sqlalchemy/engine/result.py`), and they live until the last entity has been handed out. 2.1
reads the driver's tuples (`_raw_all_tuples`, `sqlalchemy/engine/_result_cy.py`), from 2.1.0 on. Measured at the
first entity: 64 bytes for each `Row` and 9 for its place in a list are gone, 8 for the tuple's place in the
driver's own list have come. With `yield_per`, 2.1 makes the rows as before, a batch at a time.

Why every entity costs more from Python 3.13 on: see `python_objects.py`.
"""
