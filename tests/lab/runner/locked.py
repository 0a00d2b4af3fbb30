"""What only one run may do at a time, of all that there are on the machine."""

import contextlib
import fcntl


@contextlib.contextmanager
def locked(path):
    """The file is made if it is missing, and stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "a", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # Its end is the file's, or the process's.
        yield
