"""``python -m mediastreams``: the same as the command."""

import sys

from mediastreams.cli.main import main

__all__: list[str] = []

sys.exit(main())
