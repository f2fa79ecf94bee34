# SPDX-License-Identifier: GPL-2.0
"""A program to look at, and the commands that look at it: demo.py TLBSCOPE"""

import ctypes
import mmap
import os
import subprocess
import sys

MIB = 1 << 20
HUGE = 2 * MIB


def touch(buffer, start, end):
    for offset in range(start, end, mmap.PAGESIZE):
        buffer[offset] = offset >> 12 & 0xff


def big_buffer():
    """96 MiB: a part on huge pages, a part on small ones, a part untouched."""
    buffer = mmap.mmap(-1, 96 * MIB, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    address = ctypes.addressof(ctypes.c_char.from_buffer(buffer))
    first = -address % HUGE
    buffer.madvise(mmap.MADV_HUGEPAGE, first, 32 * MIB)
    buffer.madvise(mmap.MADV_NOHUGEPAGE, first + 32 * MIB, 32 * MIB)
    touch(buffer, first, first + 64 * MIB)
    return buffer, address + first


def show(*command):
    print(f"\n$ tlbscope {' '.join(command)}", flush=True)
    return subprocess.call([sys.argv[1], *command])


def main():
    buffer, address = big_buffer()
    pid = str(os.getpid())
    print("A python3 process holds a buffer of 96 MiB: 32 MiB of it on huge\n"
          "pages, 32 MiB on small ones, the rest not touched yet.\n"
          f"It is process {pid}, and the buffer is at {address:#x}.")
    status = show("info")
    status |= show("walk", "--explain", pid, hex(address + 5 * HUGE + 0x1234))
    status |= show("ranges", "--summary", pid)
    status |= show("tables", pid)
    status |= show("flush", "self", "--cpus=0", "--samples=200")
    del buffer
    return status


if __name__ == "__main__":
    sys.exit(main())
