import os
import subprocess
import sys

from tests.bench.aspects import cpu_of

BURN = "import time\nwhile time.process_time() < 0.3: pass\n"
PARENT = f"""
import subprocess, sys
subprocess.run([sys.executable, "-c", {BURN!r}], check=True)
print("ended", flush=True)
sys.stdin.read()
"""


def test_what_a_child_took_that_has_ended_is_counted() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"ended\n"
        # proc(5) counts user and system time, one's own and the ended children's, in whole ticks, each rounded down.
        assert cpu_of(parent.pid) >= 0.3 - 4 / os.sysconf("SC_CLK_TCK")
        parent.communicate(b"")
