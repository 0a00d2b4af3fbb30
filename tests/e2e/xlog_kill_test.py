"""Goal: no line whose call has come back is lost, doubled or torn when its process is killed, whenever that is, nor
when those who collect what it left are killed too; and sealed logs and rings show nothing to whoever has no key.
Method: see xlog_deaths.py. The seed is printed.

    xlog_kill_test.py TOOL FOLDER DEATHS [SEED]"""

import os
import pathlib
import random
import shutil
import sys

from xlog_deaths import Deaths


def main():
    tool, folder, count = sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3])
    seed = int(sys.argv[4]) if len(sys.argv) > 4 else random.SystemRandom().randrange(1 << 32)
    deaths = Deaths(tool, folder, seed, paced=7, recorded=3, recoverers=3)
    lines = recoverers = shown = 0
    for number in range(count):
        death = deaths.one(number)
        lines += death.acknowledged
        recoverers += death.recoverers
        shown += death.shown
        if death.wrong:
            print(f"death {number} of seed {seed}: {len(death.wrong)} things are wrong; its files are in {deaths.keep(death)}")
            print("\n".join(death.wrong[:10]))
            sys.exit(1)
    if count >= 20 and shown == 0:
        sys.exit(f"no plain file shows what was recovered: the search for it is worth nothing (seed {seed})")
    print(f"{count} deaths, {recoverers} more at collecting, {lines} lines acknowledged, none lost, doubled or torn (seed {seed})")
    shutil.rmtree(folder)


os.umask(0o077)
main()
