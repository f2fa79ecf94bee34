# SPDX-License-Identifier: GPL-2.0
"""trace against what a program does, perf stat, and tracefs: trace.py FLUSHER

To be run as root, in the virtual machine. FLUSHER is the program of flusher.c,
TLBSCOPE names the tool. Prints TAP.

All three look at the same records: the tool's counts and those of perf and of
the tracer's buffer must be equal. What the program knows of itself is a second,
independent account.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter

TLBSCOPE = os.environ["TLBSCOPE"]
FLUSHER = sys.argv[1]
TRACING = "/sys/kernel/tracing"
EVENT = f"{TRACING}/events/tlb/tlb_flush"
CEILING = "/sys/kernel/debug/x86/tlb_single_page_flush_ceiling"
REASONS = ["switch", "remote", "local", "local_mm", "send_ipi", "wrong_cpu"]
SWITCH, REMOTE, LOCAL_MM, SEND_IPI = 0, 1, 3, 4
FULL = -1

number = 0
failed = False


def verdict(name, problem):
    global number, failed
    number += 1
    if problem:
        failed = True
        print(f"# {problem}")
    print(f"{'not ok' if problem else 'ok'} {number} - trace: {name}", flush=True)


def same(name, got, wanted):
    verdict(name, "" if got == wanted else f"got {got}, wanted {wanted}")


def true(name, condition, got):
    verdict(name, "" if condition else f"got {got}")


def skip(name, why):
    global number
    number += 1
    print(f"ok {number} - trace: {name} # SKIP {why}", flush=True)


def write(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def one_cpu():
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


#
# Those that take part
#

class Flusher:
    """The program: (pages, operations, certain) for each number of pages."""

    def __init__(self, *args):
        # Newer kernels go on to ask a CPU on which an address space once was:
        # without a thread there it must never have been
        alone = one_cpu if args else None
        self.process = subprocess.Popen([FLUSHER, *args], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True,
                                        preexec_fn=alone)
        words = self.lines_until("ready")[-1].split()
        self.pid = self.process.pid
        self.tids = [int(tid) for tid in words[1:] if int(tid)]
        self.done = []

    def lines_until(self, word):
        lines = []
        for line in self.process.stdout:
            lines.append(line)
            if line.startswith(word):
                return lines
        raise RuntimeError(f"the flusher ended with {self.process.wait()}")

    def go(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        self.done = [tuple(map(int, line.split()))
                     for line in self.lines_until("done")[:-1]]

    def end(self):
        self.process.stdin.close()
        self.process.wait()


class Tool:
    """tlbscope trace as JSON Lines, from the first line on."""

    def __init__(self, *args):
        self.process = subprocess.Popen(
            [TLBSCOPE, "trace", "-j", "-i", "0.2", *args],
            stdout=subprocess.PIPE, text=True)
        self.process.stdout.readline()

    def end(self):
        self.process.send_signal(signal.SIGINT)
        lines = self.process.stdout.read().splitlines()
        self.process.wait()
        return json.loads(lines[-1])


class Perf:
    """perf stat: a count for each filter, from the answer to a ping on."""

    def __init__(self, *args):
        self.control, theirs = os.pipe()[::-1]
        answer, their_answer = os.pipe()
        self.process = subprocess.Popen(
            ["perf", "stat", "-x,", f"--control=fd:{theirs},{their_answer}", *args],
            stderr=subprocess.PIPE, text=True, pass_fds=(theirs, their_answer))
        os.close(theirs)
        os.close(their_answer)
        os.write(self.control, b"ping\n")
        assert os.read(answer, 16).startswith(b"ack"), "perf does not answer"
        os.close(answer)

    def end(self):
        self.process.send_signal(signal.SIGINT)
        lines = self.process.communicate()[1].splitlines()
        return [int(line.split(",")[0]) for line in lines if "tlb_flush" in line]


class Tracer:
    """The kernel's own buffer: a count for each (task, reason, pages)."""

    def __init__(self, tids):
        write(f"{TRACING}/buffer_size_kb", "4096")
        write(f"{TRACING}/trace", "")
        write(f"{EVENT}/filter", " || ".join(f"common_pid == {t}" for t in tids))
        write(f"{EVENT}/enable", "1")

    def end(self):
        write(f"{EVENT}/enable", "0")
        write(f"{EVENT}/filter", "0")
        found = Counter()
        line_of = re.compile(r".*-(\d+) +\[.*: tlb_flush: pages:(-?\d+) reason:.*\((\d+)\)")
        with open(f"{TRACING}/trace", encoding="utf-8", errors="replace") as file:
            for line in file:
                match = line_of.match(line)
                if match:
                    found[tuple(map(int, match.group(1, 3, 2)))] += 1
        return found


#
# What they say
#

def size_class(pages):
    return pages.bit_length()


def of_tool(got, reason):
    """{class or FULL: records} of one reason."""
    part = got["reasons"].get(REASONS[reason])
    sizes = {i: n for i, n in enumerate(part["log2_sizes"]) if n}
    if part["full"]:
        sizes[FULL] = part["full"]
    return sizes


def of_tracer(found, reason):
    sizes = Counter()
    for (_, r, pages), n in found.items():
        if r == reason:
            sizes[FULL if pages == FULL else size_class(pages)] += n
    return dict(sizes)


def of_program(flusher, ceiling, certain=False):
    """Of all operations, or of those that certainly had to ask the other CPU."""
    sizes = Counter()
    for pages, operations, sure in flusher.done:
        count = sure if certain else operations
        if pages and count:
            sizes[size_class(pages) if pages <= ceiling else FULL] += count
    return dict(sizes)


def pages_of(flusher, ceiling):
    return sum(p * n for p, n, _ in flusher.done if p <= ceiling)


def within(low, got, high):
    """For each class of pages: no less than is certain, no more than was done."""
    return all(low.get(c, 0) <= got.get(c, 0) <= high.get(c, 0)
               for c in low.keys() | got.keys() | high.keys())


def read_ceiling():
    with open(CEILING, encoding="ascii") as file:
        return int(file.read())


#
# Tests
#

def run(*args):
    """The flusher under all three."""
    flusher = Flusher(*args)
    tracer = Tracer(flusher.tids)
    by_process = Perf("-e", "tlb:tlb_flush", "-p", str(flusher.pid))
    first = flusher.tids[0]
    by_reason = Perf("-a", *[word for reason in (LOCAL_MM, SEND_IPI) for word in
                             ("-e", "tlb:tlb_flush", "--filter",
                              f"common_pid == {first} && reason == {reason}")])
    tool = Tool("-p", str(flusher.pid))
    flusher.go()
    got = tool.end()
    perf = by_process.end(), by_reason.end()
    found = tracer.end()
    flusher.end()
    return flusher, got, perf, found


def agree(name, got, perf, found):
    """The tool, perf and the tracer: the same records."""
    (process,), (local, sent) = perf
    reasons = got["reasons"]
    same(f"{name}: none lost", got["lost"], 0)
    for reason in range(1, len(REASONS)):
        if REASONS[reason] in reasons:
            same(f"{name}: {REASONS[reason]}, as tracefs",
                 of_tool(got, reason), of_tracer(found, reason))
    # perf's counter of a task is off while the kernel switches from it
    same(f"{name}: all but switches, as perf stat -p", process,
         got["records"] - reasons["switch"]["records"])
    same(f"{name}: local_mm, as perf stat --filter", reasons["local_mm"]["records"],
         local)
    same(f"{name}: send_ipi, as perf stat --filter", reasons["send_ipi"]["records"],
         sent)


def two_threads(ceiling):
    flusher, got, perf, found = run()
    done = of_program(flusher, ceiling)
    certain = of_program(flusher, ceiling, certain=True)
    agree("two threads", got, perf, found)
    local = of_tool(got, LOCAL_MM)
    # On 7.3 one or two of 420 lack this record, which tracefs and perf do not see
    # either; never on 6.1 and 6.12. Taken to be those where a task switch came
    # first and flushed, so that there may be no more of them than of switches.
    missing = sum(done.values()) - sum(local.values())
    switch = got["reasons"]["switch"]
    true("two threads: a flush an operation", within({}, local, done) and
         missing <= switch["records"] - switch["kept"],
         f"{local}, done {done}, switches {switch}")
    if missing:
        skip("two threads: pages", f"{missing} operations without a record")
    else:
        same("two threads: pages", got["reasons"]["local_mm"]["pages"],
             pages_of(flusher, ceiling))
    # Else what follows says nothing
    true("two threads: the other one ran", 2 * sum(certain.values()) > sum(done.values()),
         certain)
    for name, reason in (("asked", SEND_IPI), ("was interrupted", REMOTE)):
        sizes = of_tool(got, reason)
        true(f"two threads: the other CPU {name}", within(certain, sizes, done),
             f"{sizes}, certain {certain}, done {done}")
    program, = got["programs"]
    same("two threads: whose", (program["pid"], program["command"]),
         (flusher.pid, "flusher"))
    print(f"# {sum(done.values())} operations, {sum(certain.values())} certain: " +
          ", ".join(f"{k} {v['records']}" for k, v in got["reasons"].items()))


def one_thread(ceiling):
    flusher, got, perf, found = run("alone")
    agree("alone", got, perf, found)
    same("alone: a flush an operation", of_tool(got, LOCAL_MM),
         of_program(flusher, ceiling))
    same("alone: nobody is asked", of_tool(got, SEND_IPI), {})
    same("alone: nobody is interrupted", of_tool(got, REMOTE), {})


def overflow():
    """While the tool sleeps more is recorded than there is room for."""
    flusher = Flusher("burst", "30000")
    everything = Perf("-a", "-e", "tlb:tlb_flush")
    own = Perf("-a", "-e", "tlb:tlb_flush", "--filter",
               f"common_pid == {flusher.pid}")
    tool = Tool("-p", str(flusher.pid))
    tool.process.send_signal(signal.SIGSTOP)
    flusher.go()
    tool.process.send_signal(signal.SIGCONT)
    got = tool.end()
    (most,), (least,) = everything.end(), own.end()
    flusher.end()
    true("overflow: some are lost", got["lost"] > 0, got["lost"])
    true("overflow: as many as are missing",
         least <= got["records"] + got["lost"] <= most,
         f"{got['records']} and {got['lost']} lost, of {least} to {most}")


def ends():
    """With its process; a command's records include what it starts."""
    sleep = subprocess.Popen(["sleep", "1"])
    done = subprocess.run([TLBSCOPE, "trace", "-d", "60", "-p", str(sleep.pid)],
                          capture_output=True, text=True, check=False)
    sleep.wait()
    same("ends with the process", done.returncode, 0)
    true("ends with the process: early", "for 60" not in done.stdout, done.stdout)
    done = subprocess.run([TLBSCOPE, "trace", "-j", "--", "sh", "-c", "cat /dev/null; :"],
                          capture_output=True, text=True, check=True)
    names = {p["command"] for p in json.loads(done.stdout)["programs"]}
    true("a command and what it starts", {"sh", "cat"} <= names, names)


def offline():
    """A CPU that goes away neither ends nor busies it."""
    path = "/sys/devices/system/cpu/cpu1/online"
    if not os.path.exists(path):
        skip("a CPU goes offline", "there is one only")
        return
    tool = Tool()
    write(path, "0")
    time.sleep(1)
    with open(f"/proc/{tool.process.pid}/stat", encoding="ascii") as file:
        before = sum(map(int, file.read().rpartition(")")[2].split()[11:13]))
    time.sleep(1)
    with open(f"/proc/{tool.process.pid}/stat", encoding="ascii") as file:
        ticks = sum(map(int, file.read().rpartition(")")[2].split()[11:13])) - before
    write(path, "1")
    got = tool.end()
    true("a CPU goes offline: it idles", ticks < os.sysconf("SC_CLK_TCK") // 2, ticks)
    true("a CPU goes offline: it goes on", got["records"] > 0, got["records"])


def not_mounted():
    """Root needs no mounted tracefs."""
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c",
         f"umount -l {TRACING}; umount -l /sys/kernel/debug; "
         f'test ! -e {TRACING}/events && exec "$0" trace -d 0.2 -j', TLBSCOPE],
        capture_output=True, text=True, check=False)
    same("tracefs is not mounted", (done.returncode, done.stderr), (0, ""))


def no_rights():
    done = subprocess.run(
        ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
         "--inh-caps=-all", "--bounding-set=-all", TLBSCOPE, "trace"],
        capture_output=True, text=True, check=False)
    same("no rights: status", done.returncode, 1)
    true("no rights: what to do",
         re.fullmatch(r"tlbscope trace: not permitted .*; try: sudo tlbscope trace\n",
                      done.stderr), done.stderr)


def main():
    ceiling = read_ceiling()
    if os.cpu_count() > 1:
        two_threads(ceiling)
    else:
        skip("two threads", "there is one CPU only")
    one_thread(ceiling)
    overflow()
    ends()
    offline()
    not_mounted()
    no_rights()
    print(f"1..{number}")
    return failed


if __name__ == "__main__":
    sys.exit(main())
