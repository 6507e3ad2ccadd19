"""`python -O -m bench.base OUT`: synthesizes NewsTalk's base and components, without rendering environments."""

import sys
from pathlib import Path

import main

if __name__ == "__main__":
    main.build(main.platform(), Path(sys.argv[1]))
