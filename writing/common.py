"""Stands in for the project's `common` where a script is run by its path, for Python looks beside the script then."""

import os
import sys

sys.path[0] = os.path.dirname(sys.path[0])
del sys.modules[__name__]
import common  # noqa: E402, F401
