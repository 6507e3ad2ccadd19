"""`python -O -m bench.base OUT`: synthesizes NewsTalk's base, without components and without rendering environments."""

import sys
from pathlib import Path

import main

if __name__ == "__main__":
    main.base(main.platform(), Path(sys.argv[1]))
