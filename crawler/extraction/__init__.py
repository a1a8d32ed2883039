"""The parts of `crawler.extract`: charset, one walk of the tree into blocks, body, title, dates, by-line, kind, paging."""
