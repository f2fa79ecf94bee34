# SPDX-License-Identifier: GPL-2.0
"""Checks of what tlbscope prints that need arithmetic: checks.py CHECK ARG...

Each is a function whose name is the first argument. TLBSCOPE names the tool.
What is expected is worked out here by other means: from the definition of a
paging scheme, from pagemap, smaps and status.
"""

import csv
import html
import io
import json
import math
import os
import pty
import re
import select
import signal
import statistics
import struct
import subprocess
import sys
import termios
import time

TLBSCOPE = os.environ["TLBSCOPE"]
PAGE = 4096
UNITS = {"B": 0, "KiB": 10, "MiB": 20, "GiB": 30, "TiB": 40, "PiB": 50}


def tool(*args):
    done = subprocess.run([TLBSCOPE, *args], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, f"{args}: {done.returncode} {done.stderr}"
    assert not done.stderr, f"{args}: {done.stderr}"
    return done.stdout


def tool_json(*args):
    return json.loads(tool(*args, "-j"))


def tool_lines(*args):
    return [json.loads(line) for line in tool(*args, "-j").splitlines()]


def same(what, got, wanted):
    assert got == wanted, f"{what}: got {got}, wanted {wanted}"


def size_of(text):
    """The bytes of "1.5 MiB", as far as one decimal tells."""
    number, unit = text.split()
    return float(number) * (1 << UNITS[unit])


def about(what, text, wanted):
    """A size with one decimal is at most 5 % off where it is above 1."""
    got = size_of(text)
    assert abs(got - wanted) <= wanted * 0.06, f"{what}: {text} is not {wanted}"


#
# Paging schemes
#

# Name, bits translated, bytes of an entry, bits of the indexes, of the offset
SCHEMES = {
    "1level4m": (32, 4, [10], 22),
    "2level": (32, 4, [10, 10], 12),
    "3level": (32, 8, [2, 9, 9], 12),
    "4level": (48, 8, [9] * 4, 12),
    "5level": (57, 8, [9] * 5, 12),
}

# What the definitions amount to, by hand
FACTS = {
    "1level4m": {"reads": 1, "flat": 4096, "tree": 4096, "2m": (1, 4096),
                 "1g": (1, 4096)},
    "2level": {"reads": 2, "flat": 4 << 20, "tree": 8192, "2m": (2, 8192),
               "1g": (257, 257 * 4096)},
    "3level": {"reads": 3, "flat": 8 << 20, "tree": 8224, "2m": (3, 8224),
               "1g": (514, 513 * 4096 + 32)},
    "4level": {"reads": 4, "flat": 512 << 30, "tree": 16384, "2m": (4, 16384),
               "1g": (515, 515 * 4096)},
    "5level": {"reads": 5, "flat": 256 << 40, "tree": 20480, "2m": (5, 20480),
               "1g": (516, 516 * 4096)},
}


def paging_fields(scheme, address):
    bits, _, indexes, offset = SCHEMES[scheme]
    widths = ([64 - bits] if bits > 32 else []) + indexes + [offset]
    text = f"{address:0{sum(widths)}b}"
    fields = []
    for width in widths:
        fields.append((width, int(text[:width], 2), text[:width]))
        text = text[width:]
    return fields


def paging_json(scheme, address):
    """The fields and the costs of a scheme."""
    bits, entry, indexes, offset = SCHEMES[scheme]
    got = tool_json("walk", "--explain", f"--paging={scheme}", address)
    wanted = paging_fields(scheme, int(address, 16))
    same("values", [f["value"] for f in got["fields"]], [w[1] for w in wanted])
    same("binary", [f["binary"] for f in got["fields"]], [w[2] for w in wanted])
    same("widths", [f["high_bit"] - f["low_bit"] + 1 for f in got["fields"]],
         [w[0] for w in wanted])
    same("last bit", got["fields"][-1]["low_bit"], 0)
    same("address bits", got["address_bits"], bits)
    same("page", got["page_size"], 1 << offset)
    same("levels", len(got["levels"]), len(indexes))
    facts = FACTS[scheme]
    same("reads", got["reads_per_miss"], facts["reads"])
    same("flat", got["flat_table_bytes"], facts["flat"])
    same("tree", got["tree_bytes_at_least"], facts["tree"])
    same("2 MiB", tuple(got["to_map_2_mib"].values()), facts["2m"])
    same("1 GiB", tuple(got["to_map_1_gib"].values()), facts["1g"])
    covers = 1 << bits
    for level, width in zip(got["levels"], indexes):
        covers >>= width
        same("covers", level["entry_covers"], covers)
        same("entries", level["entries"], 1 << width)
        same("table", level["table_bytes"], entry << width)
        same("entry", level["entry_bytes"], entry)


def paging_text(scheme, address):
    """The text has the numbers of the JSON, at the same places."""
    got = tool("walk", "--explain", f"--paging={scheme}", address).splitlines()
    fields = paging_fields(scheme, int(address, 16))
    binary = next(line for line in got if line.startswith("binary"))
    decimal = next(line for line in got if line.startswith("decimal"))
    edge = next(line for line in got if line.lstrip().startswith("+-"))
    same("binary", re.findall("[01]+", binary), [f[2] for f in fields])
    same("decimal", [int(n) for n in decimal.split()[1:]], [f[1] for f in fields])
    bars = [i for i, c in enumerate(binary) if c == "|"]
    same("edges", bars, [i for i, c in enumerate(edge) if c == "+"])
    for number in re.finditer(r"\d+", decimal):
        cell = [a < number.start() and number.end() <= b
                for a, b in zip(bars, bars[1:])]
        assert any(cell), f"{number.group()} is under no field"
    indexes = SCHEMES[scheme][2]
    start = got.index(next(line for line in got if line.startswith("level"))) + 1
    for line, field in zip(got[start:start + len(indexes)],
                           fields[-1 - len(indexes):-1]):
        same("index", int(line.split()[2]), field[1])
    assert all(line == line.rstrip() for line in got), "blanks at the end of a line"
    assert all(len(line) <= 90 for line in got), "a line that is too long"


#
# JSON
#

def is_json(*args):
    """One document."""
    json.loads(tool(*args))


def is_json_lines(*args):
    lines = tool(*args).splitlines()
    assert lines, "no line"
    for line in lines:
        assert isinstance(json.loads(line), dict), line


def info_same():
    """Text and JSON have the same facts."""
    text = tool("info")
    got = tool_json("info")
    for key in ("cpu", "kernel", "source", "user_end", "kernel_start"):
        assert got[key] is None or got[key] in text, f"{key}: {got[key]}"
    assert f"{got['levels']} levels, {got['address_bits']}-bit" in text
    names = {"pge": "PGE", "pcid": "PCID", "invpcid": "INVPCID", "nx": "NX",
             "invlpgb": "INVLPGB", "la57": "LA57", "pku": "PKU", "pti": "PTI",
             "xen_pv": "Xen PV"}
    same("features", set(got["features"]), set(names))
    for key, there in got["features"].items():
        assert re.search(rf"^{names[key]} +{'yes' if there else 'no '} ", text,
                         re.M), key
    methods = re.search(r"^invalidation +(.*)$", text, re.M).group(1)
    if got["invalidation"] is None:
        assert methods.startswith(("not known", "none")), methods
    else:
        same("methods", got["invalidation"], methods.split())
    sizes = re.search(r"^page sizes +(.*)$", text, re.M).group(1).split(", ")
    same("page sizes", [int(size_of(s)) for s in sizes], got["page_sizes"])


def info_machine():
    """What the machine itself says."""
    got = tool_json("info")
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        cpu = file.read()
    flags = re.search(r"^flags\s*: (.*)$", cpu, re.M).group(1).split()
    same("kernel", got["kernel"], os.uname().release)
    same("cpu", got["cpu"], re.search(r"^model name\s*: (.*)$", cpu, re.M).group(1))
    for key in ("pge", "pcid", "invpcid", "nx", "pti"):
        same(key, got["features"][key], key in flags)
    same("levels", got["levels"], 5 if "la57" in flags else 4)
    same("1 GiB", 1 << 30 in got["page_sizes"], "pdpe1gb" in flags)
    same("guest", got["hypervisor"] is not None, "hypervisor" in flags)


def doctor_same():
    """Text and JSON have the same findings, and the exit status agrees."""
    text = subprocess.run([TLBSCOPE, "doctor"], capture_output=True, text=True,
                          check=False)
    other = subprocess.run([TLBSCOPE, "doctor", "-j"], capture_output=True,
                           text=True, check=False)
    findings = json.loads(other.stdout)
    problems = [f for f in findings if f["status"] == "problem"]
    same("status", text.returncode, 1 if problems else 0)
    same("status with -j", other.returncode, text.returncode)
    same("stderr", text.stderr + other.stderr, "")
    for finding in findings:
        assert finding["status"] in ("ok", "note", "problem"), finding
        assert finding["what"] in text.stdout, finding
        assert finding["try"] is None or finding["try"] in text.stdout, finding
        # Whatever is in the way, what to do is told
        assert finding["status"] != "problem" or finding["try"], finding
    wanted = {"architecture", "kernel", "hypervisor", "modules", "tlbscope.ko",
              "headers", "compiler", "dkms", "signature", "lockdown", "rights",
              "pagemap", "debugfs", "symbols", "counters"}
    same("checks", {f["check"] for f in findings}, wanted)


#
# Invalidations
#

FLUSH = ("flush", "self", "--samples=60")
FIGURES = ("empty", "cycles", "refill", "collateral", "total", "delivery")


def median(values):
    values = sorted(values)
    return (values[(len(values) - 1) // 2] + values[len(values) // 2]) / 2


def flush_figures(cost):
    """Each figure is in order."""
    for key in FIGURES:
        figure = cost.get(key)
        if not figure:
            continue
        low, high = figure["median_low"], figure["median_high"]
        if figure["median"] is not None:
            assert low <= figure["median"] <= high, (key, figure)
        same(f"{key}: inconclusive", figure["inconclusive"], figure["median"] is None)
        assert figure["min"] <= low and high <= figure["max"], (key, figure)
        assert figure["min"] <= figure["p99"] <= figure["max"], (key, figure)
    same("histogram", sum(b["samples"] for b in cost["histogram"]), cost["samples"])


def flush_raw(cost):
    """The figures once more, from the samples."""
    raw = cost["raw"]
    same("samples", len(raw), cost["samples"])
    empty = median(r["empty"] for r in raw)
    own = [r["invalidation"] - r["stretches"] * empty for r in raw]
    wanted = {
        "empty": [r["empty"] for r in raw],
        "cycles": own,
        "refill": [r["cold"] - r["warm"] for r in raw],
        "collateral": [r["bystanders_cold"] - r["bystanders_warm"] for r in raw],
        "total": [o + r["cold"] - r["warm"] + r["bystanders_cold"] - r["bystanders_warm"]
                  for o, r in zip(own, raw)],
    }
    for key, values in wanted.items():
        if not cost[key]["inconclusive"]:
            same(key, cost[key]["median"], median(values))
        same(f"{key}: max", cost[key]["max"], max(values))


def flush_methods():
    """Every method that the machine has, and no other."""
    there = tool_json("info")["invalidation"]
    got = tool_json(*FLUSH, "--raw")
    same("local", [c["method"] for c in got["local"]], [m for m in there if m != "ipi"])
    same("all", {m["method"] for m in got["missing"]} | set(there),
         {"invlpg", "invpcid-address", "invpcid-context", "invpcid-all",
          "invpcid-nonglobal", "cr3", "cr4-pge", "invlpgb", "ipi"})
    same("pages", (got["pages"], got["bystanders"]), (32, 32))
    for cost in got["local"]:
        same("role", (cost["role"], cost["pages_read"], cost["bystanders_read"]),
             ("local", 32, 32))
        same("a page", "per_page" in cost["cycles"],
             cost["method"] in ("invlpg", "invpcid-address", "invlpgb"))
        flush_figures(cost)
        flush_raw(cost)
    for cost in got["remote"]:
        flush_figures(cost)


def flush_remote():
    """An initiator and a responder that had our address space loaded."""
    got = tool_json(*FLUSH, "--method=ipi", "--cpus=1,0")
    same("local", got["local"], [])
    assert got["remote"], "nothing"
    for first, second in zip(got["remote"][::2], got["remote"][1::2]):
        same("method", first["method"], second["method"])
        same("roles", (first["role"], first["cpu"], second["role"], second["cpu"]),
             ("initiator", 1, "responder", 0))
        same("loaded", second["loaded"], second["samples"])
        assert second["delivery"], second


def flush_cpus():
    """Each of those named has a row for each method."""
    got = tool_json(*FLUSH, "--cpus=0-1", "--method=cr3,invlpg")
    same("rows", [(c["cpu"], c["method"]) for c in got["local"]],
         [(0, "invlpg"), (0, "cr3"), (1, "invlpg"), (1, "cr3")])
    same("not remote", got["remote"], [])


def flush_text():
    """Text has a row for what JSON has, and tells what is missing."""
    got = tool_json(*FLUSH)
    text = tool(*FLUSH)
    for cost in got["local"]:
        assert re.search(rf"^{cost['method']} +{cost['cpu']} ", text, re.M), cost["method"]
    for cost in got["remote"]:
        if cost["role"] == "initiator":
            assert re.search(rf"^ipi, {cost['method']} +{cost['cpu']} +round trip", text,
                             re.M), cost["method"]
    for missing in got["missing"]:
        assert re.search(rf"^not here: .*\b{missing['method']}\b", text, re.M), missing
        assert missing["why"] in text, missing
    assert got["kernel"] in text and got["cpu"] in text
    same("said to be emulated", "emulates" in text, got["emulated"])


def flush_csv():
    """CSV has the columns of its header, and the rows of JSON."""
    rows = list(csv.DictReader(io.StringIO(tool(*FLUSH, "--csv"), newline="")))
    got = tool_json(*FLUSH)
    same("rows", [(r["role"], r["method"], r["cpu"]) for r in rows],
         [(c["role"], c["method"], str(c["cpu"])) for c in got["local"] + got["remote"]])
    for row in rows:
        assert None not in row and None not in row.values(), row
        same("samples", row["samples"], "60")
        assert float(row["cycles_low"]) <= float(row["cycles_high"]), row


def flush_sweep(*args):
    """A sweep, and what is made of it."""
    args = ("flush", "self", "--pages=1..256", "--bystanders=16", "--samples=100", *args)
    got = tool_json(*args)
    text = tool(*args)
    same("sizes", [s["pages"] for s in got["sweep"]], [1 << i for i in range(9)])
    for size in got["sweep"]:
        flush_figures(size["by_page"])
        flush_figures(size["full"])
        page, full = size["by_page"]["total"], size["full"]["total"]
        if page["median_high"] < full["median_low"]:
            same("cheaper", size["cheaper"], "invlpg")
        if page["median_low"] > full["median_high"]:
            same("cheaper", size["cheaper"], got["full_method"])
    found = got["crossover"]
    if found["result"] == "found":
        assert found["pages_low"] <= found["pages"] <= found["pages_high"], found
        same("suggested", got["suggested_ceiling"], math.ceil(found["pages"]) - 1)
    else:
        same("no pages", found["pages"], None)
    with open("/sys/kernel/debug/x86/tlb_single_page_flush_ceiling",
              encoding="ascii") as file:
        same("the kernel's", got["kernel_ceiling"], int(file.read()))
    assert f"up to {got['kernel_ceiling']} pages" in text, text
    assert re.search("^crossover  (([0-9.]+|above [0-9]+|below: at [0-9]+) page|inconclusive)",
                     text, re.M), text
    assert re.search("^suggested  ", text, re.M), text


def flush_other(pid, address):
    """Of another process: what it has, where it was asked for."""
    got = tool_json("flush", pid, "--samples=20", "--method=invlpg")
    same("pid", got["pid"], int(pid))
    same("page size", got["page_size"], PAGE)
    same("read", got["local"][0]["pages_read"], 32)
    start = int(address, 16)
    got = tool_json("flush", pid, "--samples=20", "--method=invlpg",
                    f"--range={start:x}-{start + 8 * PAGE:x}", "--bystanders=0")
    same("range", (got["start"], got["pages"], got["bystanders"]), (hex(start), 8, 0))
    same("nothing beside", got["local"][0]["collateral"], None)


def flush_interrupted():
    """Ctrl-C: what was measured is shown, and the signal ends it."""
    with subprocess.Popen([TLBSCOPE, "flush", "self", "--samples=10000", "--pages=1..4096"],
                          stdout=subprocess.PIPE, text=True) as child:
        time.sleep(3)
        child.send_signal(signal.SIGINT)
        said = child.communicate(timeout=30)[0]
    same("status", child.returncode, -signal.SIGINT)
    assert "interrupted" in said, said


def flush_ceiling():
    """Nothing is set by itself."""
    name = "/sys/kernel/debug/x86/tlb_single_page_flush_ceiling"
    with open(name, "r+", encoding="ascii") as file:
        before = file.read()
        file.write("7\n")
        file.flush()
        try:
            got = tool_json("flush", "self", "--pages=1..4", "--samples=10")
            same("seen", got["kernel_ceiling"], 7)
            file.seek(0)
            same("still", file.read(), "7\n")
        finally:
            file.seek(0)
            file.write(before)


#
# A process
#

def pagemap(pid, address):
    with open(f"/proc/{pid}/pagemap", "rb") as file:
        file.seek(address // PAGE * 8)
        return struct.unpack("Q", file.read(8))[0]


def frame(pid, address):
    """The physical address of a byte, None without rights or a page."""
    entry = pagemap(pid, address)
    number = entry & ((1 << 55) - 1)
    if not entry >> 63 or not number:
        return None
    return number * PAGE + address % PAGE


def walk_phys(pid, address, *options):
    """The physical address is pagemap's, in text and in JSON."""
    at = int(address, 16) + 0x123
    wanted = frame(pid, at)
    got = tool_json("walk", pid, hex(at), *options)
    text = tool("walk", pid, hex(at), *options)
    same("state", got["walk"]["state"], "present")
    same("address", got["address"], hex(at))
    if wanted is None:
        same("phys", got["walk"]["phys"], None)
        return
    same("phys", got["walk"]["phys"], hex(wanted))
    assert f"physical  {wanted:#x}," in text, text
    assert got["mapping"]["name"] in text, text


def walk_empty(pid, address, *options):
    """An address behind the touched half has no page, and that is said."""
    at = int(address, 16) + (6 << 20)
    got = tool_json("walk", pid, hex(at), *options)
    same("state", got["walk"]["state"], "none")
    same("phys", got["walk"]["phys"], None)
    assert "not touched" in got["walk"]["why"], got["walk"]
    assert "not touched" in tool("walk", pid, hex(at), *options)


def ranges_buffer(pid, address, *options):
    """The touched half of the buffer and nothing of the other one."""
    start = int(address, 16)
    end = start + (8 << 20)
    got = tool_lines("ranges", pid, f"{start:x}-{end:x}", *options)
    same("bytes", sum(r["size"] for r in got), 4 << 20)
    same("pages", sum(r["pages"] for r in got), 1024)
    same("start", got[0]["start"], hex(start))
    same("end", got[-1]["end"], hex(start + (4 << 20)))
    for r in got:
        same("size", int(r["end"], 16) - int(r["start"], 16), r["size"])
        same("state", r["state"], "present")
        for at in range(int(r["start"], 16), int(r["end"], 16), PAGE):
            wanted = frame(pid, at)
            if wanted is None:
                same("phys", r["phys"], None)
                continue
            same("phys", int(r["phys"], 16) + at - int(r["start"], 16), wanted)


def ranges_same(pid, address, *options):
    """Text and JSON have the same rows."""
    start = int(address, 16)
    where = f"{start:x}-{start + (8 << 20):x}"
    rows = [line.split(None, 11) for line in
            tool("ranges", pid, where, *options).splitlines()[3:]]
    got = tool_lines("ranges", pid, where, *options)
    same("rows", len(rows), len(got))
    for row, r in zip(rows, got):
        same("start", row[0], r["start"])
        same("end", row[1], r["end"])
        about("size", " ".join(row[2:4]), r["size"])
        same("pages", int(row[6].replace(",", "")), r["pages"])
        same("phys", row[7], r["phys"] or "-")
        same("state", row[8], r["state"])
        same("mapping", row[11], r["mapping"])


def ranges_unmerged(pid, address, *options):
    start = int(address, 16)
    where = f"{start:x}-{start + (8 << 20):x}"
    got = tool_lines("ranges", pid, where, "--unmerged", *options)
    same("records", len(got), 1024)
    assert all(r["pages"] == 1 for r in got)


def filters(pid, address, *options):
    """What a filter lets through and what it holds back make the whole."""
    def total(*more):
        return sum(r["size"] for r in
                   tool_lines("ranges", pid, *more, *options))
    everything = total()
    assert everything >= 4 << 20
    same("state", total("--state", "present"), everything)
    same("sizes", total("--size=4K") + total("--size=2M") + total("--size=1G"),
         everything)
    same("flag", total("--flag=soft-dirty") + total("--no-flag=soft-dirty"),
         everything)
    same("mapping", total("--mapping=no such mapping"), 0)
    assert 0 < total("--mapping=python") < everything
    start = int(address, 16)
    same("from an address on", total(f"{start:x}-{start + PAGE:x}"), PAGE)


def smaps(pid):
    """A dict of fields for each mapping."""
    maps = []
    with open(f"/proc/{pid}/smaps", encoding="utf-8", errors="replace") as file:
        for line in file:
            head = re.match(r"([0-9a-f]+)-([0-9a-f]+) ", line)
            if head:
                maps.append({"start": int(head[1], 16), "end": int(head[2], 16)})
            else:
                field = re.match(r"(\w+): +(\d+) kB", line)
                if field:
                    maps[-1][field[1]] = int(field[2]) << 10
    return maps


def summary(pid, address, *options):
    """Sizes and what is resident agree with smaps."""
    got = tool_json("ranges", pid, "--summary", *options)
    wanted = smaps(pid)
    total = got["total"]
    special = sum(m["end"] - m["start"] for m in wanted if m["start"] >= 1 << 63)
    same("size", total["size"],
         sum(m["end"] - m["start"] for m in wanted) - special)
    # The pages of [vdso] and [vvar] are mapped but are not resident to smaps
    rss = sum(m["Rss"] for m in wanted)
    assert rss <= total["resident"] <= rss + 16 * PAGE, (rss, total)
    same("swapped", total["swapped"], sum(m.get("Swap", 0) for m in wanted))
    for key in ("size", "resident", "in_4k", "in_2m", "in_1g", "swapped",
                "runs", "tlb_entries"):
        if total[key] is not None:
            same(key, sum(m[key] for m in got["mappings"]), total[key])
    resident = [m["resident"] for m in got["mappings"]]
    same("order", resident, sorted(resident, reverse=True))
    buffer = next(m for m in got["mappings"] if m.get("start") == address)
    assert buffer["resident"] >= 4 << 20, buffer
    same("entries", total["tlb_entries"],
         total["in_4k"] // PAGE + total["in_2m"] // (2 << 20)
         + total["in_1g"] // (1 << 30))


def summary_same(pid, _address, *options):
    """Text and JSON have the same lines in the same order."""
    rows = tool("ranges", pid, "--summary", *options).splitlines()[3:]
    rows = rows[:rows.index("")]
    got = tool_json("ranges", pid, "--summary", *options)
    same("rows", len(rows), len(got["mappings"]) + 1)
    for row, m in zip(rows, got["mappings"]):
        assert row.lstrip().startswith(m["start"] + " "), (row, m)
        assert row.endswith("  " + m["mapping"]), (row, m)
        about("size", " ".join(row.split()[1:3]), m["size"])


def vmpte(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return int(re.search(r"^VmPTE:\s+(\d+)", file.read(), re.M)[1]) << 10


def tables_fallback(pid):
    """Without the module, VmPTE and the leaves."""
    got = tool_json("tables", pid, "--no-module")
    same("tree", got["tree"], None)
    same("VmPTE", got["kernel_count"]["vmpte"], vmpte(pid))
    leaves = sum(p["mapped"] for p in got["pages"])
    rss = sum(m["Rss"] for m in smaps(pid))
    assert rss <= leaves <= rss + 16 * PAGE, (rss, leaves)


def tables_all(pid, *options):
    """Every process, sorted, no kernel thread, the total adds up."""
    got = tool_json("tables", "--all", *options)
    pids = [p["pid"] for p in got["processes"]]
    assert int(pid) in pids, pids
    sizes = [p["bytes"] for p in got["processes"]]
    same("order", sizes, sorted(sizes, reverse=True))
    same("total", got["total"]["bytes"], sum(sizes))
    same("count", got["process_count"], len(pids))
    assert 2 not in pids or os.path.exists("/proc/2/exe")
    few = tool_json("tables", "--all", "-n", "1", *options)
    same("-n", len(few["processes"]), 1)
    assert few["total"]["bytes"] >= few["processes"][0]["bytes"]


def clean_names(pid, *options):
    """Names that others chose put nothing on the terminal, nor into JSON."""
    for args in (["ranges", pid], ["ranges", pid, "--summary"],
                 ["ranges", pid, "-j"], ["ranges", pid, "--summary", "-j"]):
        done = subprocess.run([TLBSCOPE, *args, *options], capture_output=True,
                              check=True)
        text = done.stdout.decode("utf-8")
        assert "\x1b" not in text and "\x07" not in text, args
        assert "evil?[31m??" in text, args
        if args[-1] == "-j" and "--summary" not in args:
            for line in text.splitlines():
                json.loads(line)


def interrupted(pid, *options):
    """SIGINT in the middle of a stream leaves whole records."""
    # A shell without a terminal starts what runs beside it with SIGINT ignored
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    with subprocess.Popen([TLBSCOPE, "ranges", pid, "--unmerged", "-j", *options],
                          stdout=subprocess.PIPE, text=True) as process:
        first = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
    same("status", process.returncode, -signal.SIGINT)
    lines = (first + rest).split("\n")
    same("end of the last line", lines.pop(), "")
    for line in lines:
        json.loads(line)
    assert len(lines) < 16384, "it was not stopped"


def watch():
    """--watch goes on until it is stopped, a line each."""
    with subprocess.Popen([TLBSCOPE, "tables", "--all", "--watch=1", "-n1", "-j"],
                          stdout=subprocess.PIPE, text=True) as process:
        for _ in range(2):
            same("rows", len(json.loads(process.stdout.readline())["processes"]), 1)
        process.terminate()


#
# Tracing
#

OWN = ("switch", "remote", "local", "local_mm")


def trace_adds_up(got):
    """Reasons make records, programs make reasons, sizes make records."""
    reasons = got["reasons"]
    same("records", sum(r["records"] for r in reasons.values()), got["records"])
    same("flushes", sum(reasons[k]["records"] - reasons[k]["kept"] for k in OWN
                        if k in reasons), got["flushes"])
    for reason in reasons.values():
        same("sizes", sum(reason["log2_sizes"]) + reason["full"], reason["records"])
    if got["program_count"] > len(got["programs"]):
        return
    for key in ("records", "flushes"):
        same(key, sum(p[key] for p in got["programs"]), got[key])
    for name, reason in reasons.items():
        for key in ("records", "kept", "full", "pages"):
            same(key, sum(p["reasons"].get(name, {key: 0})[key]
                          for p in got["programs"]), reason[key])


def trace_same():
    """Both have the same things to tell; no two runs have the same numbers."""
    # A machine at rest may flush nothing, and then there is no table
    with subprocess.Popen(["sh", "-c", "while /bin/true; do :; done"]) as busy:
        try:
            got = tool_json("trace", "-d", "0.2")
            text = tool("trace", "-d", "0.2")
        finally:
            busy.kill()
    assert got["records"], got
    trace_adds_up(got)
    assert 200 <= got["milliseconds"] < 5000, got["milliseconds"]
    order = [(-p["flushes"], -p["records"]) for p in got["programs"]]
    same("order", order, sorted(order))
    for key in ("cpu", "kernel"):
        assert got[key] in text, f"{key}: {got[key]}"
    for name in OWN:
        assert got["reasons"][name]["name"] in text, name
    assert re.search(r"^records +[0-9,]+ of tlb:tlb_flush, (none|[0-9,]+) lost$",
                     text, re.M), text
    few = tool_json("trace", "-d", "0.2", "-n", "1")
    same("only one", len(few["programs"]), min(1, few["program_count"]))


def trace_lines():
    """An object an interval; the sums grow, and are those of what is recent."""
    lines = tool_lines("trace", "-i", "0.2", "-d", "0.7")
    assert len(lines) >= 3, len(lines)
    for line in lines:
        trace_adds_up(line)
    same("recent", sum(line["recent"] for line in lines), lines[-1]["flushes"])
    for earlier, later in zip(lines, lines[1:]):
        assert earlier["records"] <= later["records"], (earlier, later)


def trace_command():
    """With what it starts, and nothing else; its output is out of the way."""
    done = subprocess.run([TLBSCOPE, "trace", "-j", "--", "sh", "-c",
                           "echo told; cat /dev/null; true"],
                          capture_output=True, text=True, check=True)
    got = json.loads(done.stdout)
    same("stderr", done.stderr, "told\n")
    trace_adds_up(got)
    names = {p["command"] for p in got["programs"]}
    assert {"sh", "cat"} <= names <= {"sh", "cat", "tlbscope"}, names


def read_terminal(master, seconds):
    """What arrives at a terminal until it is silent."""
    text = b""
    while select.select([master], [], [], seconds)[0]:
        try:
            part = os.read(master, 65536)
        except OSError:
            break
        if not part:
            break
        text += part
    return text.decode(errors="replace")


def trace_live():
    """Pictures that fit; a terminal that is left as it was, with the summary."""
    for end in (b"q", b"\x03", signal.SIGTERM):
        pid, master = pty.fork()
        if not pid:
            os.execv(TLBSCOPE, [TLBSCOPE, "trace", "-i", "0.2"])
        before = termios.tcgetattr(master)
        termios.tcsetwinsize(master, (40, 120))
        text = ""
        while text.count("\x1b[H\x1b[J") < 2:
            text += os.read(master, 65536).decode(errors="replace")
        termios.tcsetwinsize(master, (12, 60))
        text = ""
        # Two more: the second one is of the new size for certain, and whole
        while text.count("\x1b[H\x1b[J") < 3:
            text += os.read(master, 65536).decode(errors="replace")
        picture = text.split("\x1b[H\x1b[J")[2]
        assert picture.startswith("TLB flushes of all that runs; "), picture
        assert picture.count("\n") < 12, picture
        during = termios.tcgetattr(master)
        assert not during[3] & termios.ECHO, "keys are echoed"
        if isinstance(end, bytes):
            os.write(master, end)
        else:
            os.kill(pid, end)
        text = read_terminal(master, 10)
        same("status", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0)
        same("terminal", termios.tcgetattr(master), before)
        last = text.rpartition("\x1b[?7h\x1b[?25h\x1b[?1049l")
        assert last[1], "the terminal was not given back"
        assert "\x1b" not in last[2], last[2]
        assert last[2].startswith("CPU  "), last[2]
        os.close(master)


#
# With the module
#

def walk_levels(pid, address, levels):
    """The steps hang together: each entry's frame holds the next entry."""
    at = int(address, 16) + 0x123
    got = tool_json("walk", pid, hex(at), "--explain")
    steps = got["walk"]["steps"]
    names = ["PGD", "P4D", "PUD", "PMD", "PTE"] if levels == "5" else \
        ["PGD", "PUD", "PMD", "PTE"]
    same("names", [s["level"] for s in steps], names[:len(steps)])
    frames = (1 << 52) - PAGE
    for upper, lower in zip(steps, steps[1:]):
        same("table", int(lower["entry_at"], 16) & ~(PAGE - 1),
             int(upper["entry"], 16) & frames)
    for step, shift in zip(steps, range(12 + 9 * (len(names) - 1), 0, -9)):
        same("index", step["index"], at >> shift & 511)
        same("entry at", int(step["entry_at"], 16) & (PAGE - 1), step["index"] * 8)
    same("phys", int(got["walk"]["phys"], 16), frame(pid, at))
    same("rights", got["walk"]["rights"], ["read", "write", "user"])
    same("reads", got["explain"]["reads_per_miss"], len(steps))
    text = tool("walk", pid, hex(at))
    for step in steps:
        assert f"{int(step['entry'], 16):#018x}" in text, step


def page_size(pid, address, size):
    got = tool_json("walk", pid, address)
    same("page size", got["walk"]["page_size"], int(size))


def huge_summary(pid, address):
    """Half of the buffer is on huge pages, as smaps says."""
    got = tool_json("ranges", pid, "--summary")
    wanted = sum(m.get("AnonHugePages", 0) for m in smaps(pid))
    assert wanted >= 30 << 20, "no huge pages here"
    same("in 2 MiB", got["total"]["in_2m"], wanted)
    where = int(address, 16)
    line = next(m for m in got["mappings"]
                if int(m["start"], 16) <= where < int(m["start"], 16) + m["size"])
    assert line["huge_share"] > 0.4, line


def tables_account(pid):
    """VmPTE adds up to the last byte in a process that sleeps."""
    got = tool_json("tables", pid)
    tree, account = got["tree"], got["kernel_count"]
    same("VmPTE", account["vmpte"], vmpte(pid))
    same("unexplained", account["unexplained"], 0)
    same("sum", account["in_tree"] + account["set_aside"], account["vmpte"])
    same("set aside", account["set_aside"] // PAGE,
         sum(m.get("AnonHugePages", 0) for m in smaps(pid)) >> 21)
    same("tables", sum(l["tables"] for l in tree["by_level"]), tree["tables"])
    same("bytes", tree["tables"] * PAGE, tree["bytes"])
    for upper, lower in zip(tree["by_level"], tree["by_level"][1:]):
        same("pointers", upper["to_tables"], lower["tables"])
    for level in tree["by_level"]:
        same("occupancy", sum(level["tables_by_entries_used"].values()),
             level["tables"])


def tables_same(pid):
    """Text and JSON have the same counts."""
    text = tool("tables", pid)
    tree = tool_json("tables", pid)["tree"]
    for level in tree["by_level"]:
        row = re.search(rf"^{level['level']} +([\d,]+) +([\d.]+ \w+) +([\d,]+) ",
                        text, re.M)
        same("tables", int(row[1].replace(",", "")), level["tables"])
        same("used", int(row[3].replace(",", "")), level["used"])
    assert tree["root"] in text


def user_root(pid, there):
    got = tool_json("tables", pid)
    same("second root", got["user_tree"] is not None, there == "on")
    if there == "on":
        same("shared", got["user_tree_shared"], True)
        same("root", int(got["user_tree"]["root"], 16),
             int(got["tree"]["root"], 16) + PAGE)


def regions(*wanted):
    """The kernel's half by name."""
    got = {r["mapping"] for r in tool_lines("ranges", "kernel")}
    for name in wanted:
        assert name in got, f"no {name} in {got}"


def direct_map():
    """Virtual and physical addresses of the direct map differ by a constant."""
    distances = {int(r["start"], 16) - int(r["phys"], 16)
                 for r in tool_lines("ranges", "kernel", "--mapping=direct map",
                                     "--state=present")}
    same("distances", len(distances), 1)


def kernel_symbol(name):
    """The address is that of kallsyms, and its region the kernel's image."""
    with open("/proc/kallsyms", encoding="utf-8") as file:
        wanted = next(line.split()[0] for line in file
                      if line.split()[2] == name)
    got = tool_json("walk", "kernel", name)
    same("address", int(got["address"], 16), int(wanted, 16))
    same("symbol", got["symbol"], name)
    same("region", got["mapping"]["name"], "kernel image")
    same("state", got["walk"]["state"], "present")
    assert "exec" in got["walk"]["rights"], got["walk"]
    assert "kernel-only" in got["walk"]["rights"], got["walk"]
    near = tool_json("walk", "kernel", hex(int(wanted, 16) + 1))
    assert near["symbol"].endswith("+0x1"), near["symbol"]


def symbol_at(pid, symbol, address):
    """A symbol of a program is where the program says it is."""
    got = tool_json("walk", pid, symbol)
    same("address", got["address"], address)
    other = tool_json("walk", pid, f"{symbol}+0x1")
    same("offset", int(other["address"], 16), int(address, 16) + 1)
    near = tool_json("walk", pid, address)
    same("nearest", near["symbol"], f"{symbol}+0x0")


#
# Shootdowns
#

CALLS = ["mprotect", "munmap", "dontneed", "mremap", "uffd-wp"]
QUICK = ["shootdown", "--pages=1..3", "--samples=12"]


def near(what, got, wanted):
    """Three decimals are printed."""
    if got is None or wanted is None:
        same(what, got, wanted)
        return
    assert abs(got - wanted) <= 0.002 + 1e-3 * abs(wanted), \
        f"{what}: got {got}, wanted {wanted}"


def too_noisy(low, high, value):
    return not (low > 0 and high - low <= value / 2)


def shootdown_stats(what, stats, raw):
    """The sums are those of the samples; 12 have their median's interval from the
    3rd to the 10th with 95 %, as tables of the sign test say."""
    if not raw:
        same(f"{what}: nothing", stats["value"], None)
        return
    raw = sorted(raw)
    median = statistics.median(raw)
    near(f"{what}: min", stats["min"], raw[0])
    near(f"{what}: max", stats["max"], raw[-1])
    near(f"{what}: MAD", stats["mad"],
         statistics.median(abs(n - median) for n in raw))
    if len(raw) == 12:
        near(f"{what}: low", stats["low"], raw[2])
        near(f"{what}: high", stats["high"], raw[9])
        noisy = too_noisy(raw[2], raw[9], median)
        same(f"{what}: inconclusive", stats["inconclusive"], noisy)
        near(f"{what}: median", stats["value"], None if noisy else median)


def shootdown_threads(entry):
    raw = entry["raw"]["interrupted_ns"]
    hits = 0
    for thread, times in zip(entry["per_thread"], raw, strict=True):
        same("samples of a thread", len(times), entry["samples"])
        hit = [n for n in times if n > 0]
        hits += len(hit)
        same("interrupted calls", thread["interrupted_calls"], len(hit))
        assert thread["interruptions"] >= len(hit), thread
        assert thread["interrupted_calls_untouched"] <= entry["samples"], thread
        assert thread["without_calls"]["ns"] > 0, thread
        if hit:
            shootdown_stats("interruption", thread["interrupted_ns"], hit)
    same("CPUs", [t["cpu"] for t in entry["per_thread"]], entry["thread_cpus"])
    same("threads", len(entry["per_thread"]), entry["threads"])
    if entry["samples"] and entry["threads"]:
        near("share of calls", entry["interrupted_share"],
             hits / entry["samples"] / entry["threads"])


def shootdown_of(entry, alone):
    """What the threads add, less what they add to untouched pages."""
    median = statistics.median
    value = (median(entry["raw"]["time_ns"]) - median(alone["raw"]["time_ns"])
             - median(entry["raw"]["untouched_ns"])
             + median(alone["raw"]["untouched_ns"]))
    got = entry["shootdown_ns"]
    assert got["low"] <= value + 0.01 and value - 0.01 <= got["high"], (got, value)
    noisy = too_noisy(got["low"], got["high"], value)
    if got["inconclusive"]:
        same("no figure", got["value"], None)
    else:
        assert not noisy, got
        near("shootdown", got["value"], value)
    if entry["share"] is not None:
        near("share", entry["share"],
             min(1, got["value"] / entry["time_ns"]["value"]))


def shootdown_json():
    """What follows from the samples is what follows from them."""
    got = tool_json(*QUICK, "--raw")
    entries = got["measurements"]
    calls = [c for c in CALLS if c not in got["not_measured"]]
    others = len({(e["threads"], e["where"]) for e in entries})
    same("measurements", len(entries), len(calls) * 3 * others)
    same("calls", sorted({e["call"] for e in entries}), sorted(calls))
    alone = {(e["call"], e["pages"]): e for e in entries if not e["threads"]}
    assert any(len(set(e["raw"]["time_ns"])) > 1 for e in entries), "all the same"
    for entry in entries:
        raw = entry["raw"]
        same("samples", len(raw["time_ns"]), entry["samples"])
        assert entry["samples"] <= 12, entry["samples"]
        assert all(n >= 0 for n in raw["time_ns"] + raw["untouched_ns"]), raw
        assert not raw["time_ns"] or max(raw["time_ns"]) > 0, raw
        shootdown_stats("time", entry["time_ns"], raw["time_ns"])
        shootdown_stats("untouched", entry["untouched_ns"], raw["untouched_ns"])
        value = entry["time_ns"]["value"]
        if value is not None:
            near("a page", entry["page_ns"], value / entry["pages"])
        if value is not None and got["cycles_per_ns"]:
            near("cycles", entry["time_cycles"], value * got["cycles_per_ns"])
        same("own CPU", got["calling_cpu"] in entry["thread_cpus"], False)
        base = alone[entry["call"], entry["pages"]]
        near("alone", entry["alone_ns"], base["time_ns"]["value"])
        shootdown_threads(entry)
        if entry["threads"] and entry["samples"] and base["samples"]:
            shootdown_of(entry, base)


def shootdown_same():
    """Text, CSV and JSON are about the same things, and CSV agrees with itself."""
    wanted = [(e["call"], e["pages"], e["threads"], e["where"])
              for e in tool_json(*QUICK)["measurements"]]
    with subprocess.Popen([TLBSCOPE, *QUICK, "--csv"],
                          stdout=subprocess.PIPE) as process:
        text = process.stdout.read().decode()
    same("ends of lines", text.count("\n"), text.count("\r\n"))
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    same("rows", [(r["call"], int(r["pages"]), int(r["threads"]), r["where"])
                  for r in rows], wanted)
    for row in rows:
        if row["time_ns"]:
            near("a page", float(row["page_ns"]),
                 float(row["time_ns"]) / int(row["pages"]))
            assert float(row["time_min_ns"]) <= float(row["time_ns"]) \
                <= float(row["time_max_ns"]), row
        if int(row["threads"]) == 0:
            same("shootdown of nobody", row["shootdown_ns"], "")
    shown = [w for w in wanted if w[2]] or wanted
    call = None
    printed = []
    for line in tool(*QUICK).splitlines():
        title = re.match(r"([a-z-]+): ", line)
        if title:
            call = title.group(1)
        cells = re.split(r"  +", line.strip())
        if cells[0].isdigit() and len(cells) > 5:
            threads = cells[7].split(", ") if len(cells) > 7 else ["0", "alone"]
            printed.append((call, int(cells[0]), int(threads[0]), threads[1]))
    same("lines", printed, shown)


def shootdown_holes():
    """What a call unmaps for a while is large enough for a thread's stack."""
    got = tool_json("shootdown", "--calls=munmap,mremap", "--pages=32..600",
                    "--samples=6")
    same("pages", {e["pages"] for e in got["measurements"]},
         {32, 64, 128, 256, 512, 600})


def shootdown_alone():
    """One CPU: no other threads, and a word about it."""
    cpu = min(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cpu})
    got = tool_json(*QUICK)
    same("allowed", got["cpus_allowed"], 1)
    same("CPU", got["calling_cpu"], cpu)
    same("threads", {e["threads"] for e in got["measurements"]}, {0})
    text = tool(*QUICK)
    assert "only one CPU may be used here" in text, text
    assert "shootdown " not in text, text


def shootdown_cpus():
    """--cpus and --threads are obeyed."""
    cpus = sorted(os.sched_getaffinity(0))[:2]
    listed = ",".join(str(c) for c in reversed(cpus))
    got = tool_json(*QUICK, "--calls=dontneed", f"--cpus={listed}")
    same("caller", got["calling_cpu"], cpus[-1])
    same("threads", {tuple(e["thread_cpus"]) for e in got["measurements"]},
         {(), tuple(cpus[:-1])})
    got = tool_json(*QUICK, "--calls=dontneed", f"--cpus={cpus[0]}")
    same("no threads", {e["threads"] for e in got["measurements"]}, {0})
    got = tool_json(*QUICK, "--calls=dontneed", f"--threads=0..{len(cpus) - 1}")
    same("so many", {e["threads"] for e in got["measurements"]},
         set(range(len(cpus))))


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="utf-8") as file:
        return file.read().split()


def shootdown_interrupted():
    """SIGINT to the tool alone leaves nobody behind."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    with subprocess.Popen([TLBSCOPE, "shootdown", "--pages=4096", "--samples=10000"],
                          stdout=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 30
        while not (left := children(process.pid)):
            assert time.monotonic() < deadline, "no child"
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
    same("status", process.returncode, -signal.SIGINT)
    deadline = time.monotonic() + 10
    while any(running(child) for child in left):
        assert time.monotonic() < deadline, f"{left} runs on"
        time.sleep(0.01)


def running(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return file.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def shootdown_plot(directory):
    """The pictures are pictures, and name what and where."""
    got = tool_json("info")
    quick = ["shootdown", "--calls=munmap,mremap", "--pages=1..4", "--samples=12"]
    tool(*quick, f"--plot={directory}/x.png")
    with open(f"{directory}/x.png", "rb") as file:
        data = file.read()
    same("PNG", data[:8], b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", data[16:24]) >= (800, 400), data[16:24]
    tool(*quick, f"--plot={directory}/x.svg")
    with open(f"{directory}/x.svg", encoding="utf-8") as file:
        picture = " ".join(html.unescape(re.sub(r"<[^>]*>", " ", file.read())).split())
    for text in (got["cpu"], got["kernel"], "pages a call", "time a call", "munmap",
                 "mremap", "Calls that flush the TLB", "no other threads"):
        assert text in picture, f"no {text}: {picture}"


def main():
    try:
        globals()[sys.argv[1]](*sys.argv[2:])
    except AssertionError as error:
        sys.exit(f"{sys.argv[1]}: {error}")


main()
