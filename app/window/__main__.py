"""`python -m app.window [FILES]`."""

import sys

from app.window.main import main

sys.exit(main())
