"""Read by Python at its start when this folder is on the PYTHONPATH."""

import loopback_guard  # type: ignore[import-not-found]  # this folder is on the path then

loopback_guard.from_environment().install()
