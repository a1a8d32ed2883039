"""`python -m crawler.sample_city --port N`: serve the sample city until interrupted."""

import sys

from huiyin.cli import main

if __name__ == "__main__":
    sys.exit(main(["sample", "serve", *sys.argv[1:]]))
