# SPDX-License-Identifier: GPL-2.0
"""A process to look at.

target.py buffer    8 MiB of anonymous memory on small pages, every page of the
                    first half is touched; prints its address
target.py huge      64 MiB, the first half on huge pages where they can be had
target.py many      64 MiB on small pages: much to print
target.py named DIR maps a file whose name has control characters in it
"""

import ctypes
import mmap
import os
import signal
import sys

MIB = 1 << 20


def anonymous(size):
    buffer = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    return buffer, ctypes.addressof(ctypes.c_char.from_buffer(buffer))


def touch(buffer, size):
    for offset in range(0, size, mmap.PAGESIZE):
        buffer[offset] = 1


def small(size, touched):
    buffer, address = anonymous(size)
    buffer.madvise(mmap.MADV_NOHUGEPAGE)
    touch(buffer, touched)
    return buffer, address


def huge():
    buffer, address = anonymous(64 * MIB)
    buffer.madvise(mmap.MADV_HUGEPAGE, 0, 32 * MIB)
    buffer.madvise(mmap.MADV_NOHUGEPAGE, 32 * MIB, 32 * MIB)
    touch(buffer, 64 * MIB)
    return buffer, address


def named(directory):
    path = os.path.join(os.fsencode(directory), b"evil\x1b[31m\xff\x07\"name")
    with open(path, "wb+") as file:
        file.truncate(mmap.PAGESIZE)
        buffer = mmap.mmap(file.fileno(), mmap.PAGESIZE)
    buffer[0] = 1
    return buffer, ctypes.addressof(ctypes.c_char.from_buffer(buffer))


def main():
    kind = sys.argv[1]
    if kind == "buffer":
        buffer, address = small(8 * MIB, 4 * MIB)
    elif kind == "many":
        buffer, address = small(64 * MIB, 64 * MIB)
    elif kind == "huge":
        buffer, address = huge()
    else:
        buffer, address = named(sys.argv[2])
    print(hex(address), flush=True)
    signal.pause()
    del buffer


main()
