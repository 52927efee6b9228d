"""Runs a program on a terminal of a given size and types into it: terminal.py COLUMNS ROWS SCRIPT PROGRAM ARGS...

SCRIPT is JSON, a list of [text to wait for, keys to type]. Everything that the terminal shows goes to standard output; the exit code is
the program's.
"""

import errno
import fcntl
import json
import os
import pty
import select
import signal
import struct
import sys
import termios
import time

columns, rows, script, *command = sys.argv[1:]
steps = json.loads(script)
child, terminal = pty.fork()
if child == 0:
    os.execvp(command[0], command)
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", int(rows), int(columns), 0, 0))
seen = b""
at = 0
last = time.monotonic() + 60
while time.monotonic() < last:
    ready, _, _ = select.select([terminal], [], [], 1)
    if not ready:
        continue
    try:
        text = os.read(terminal, 65536)
    except OSError as error:
        if error.errno == errno.EIO:
            break
        raise
    if not text:
        break
    seen += text
    while steps and steps[0][0].encode() in seen[at:]:
        at = len(seen)
        os.write(terminal, steps.pop(0)[1].encode())
else:
    os.kill(child, signal.SIGKILL)
sys.stdout.buffer.write(seen)
sys.stdout.flush()
_, status = os.waitpid(child, 0)
if steps:
    sys.stderr.write(f"never shown: {steps[0][0]}\n")
    sys.exit(99)
sys.exit(os.waitstatus_to_exitcode(status) & 255)
