"""Nothing lost, nothing doubled: processes are killed and servers stopped at random points under load, then everything is counted."""
