# SPDX-License-Identifier: GPL-2.0
"""Checks of what tlbscope prints that need arithmetic: checks.py CHECK ARG...

Each is a function whose name is the first argument. TLBSCOPE names the tool.
What is expected is worked out here by other means: from the definition of a
paging scheme, from pagemap, smaps and status.
"""

import json
import os
import re
import signal
import struct
import subprocess
import sys

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
              "pagemap", "symbols", "counters"}
    same("checks", {f["check"] for f in findings}, wanted)


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


def main():
    try:
        globals()[sys.argv[1]](*sys.argv[2:])
    except AssertionError as error:
        sys.exit(f"{sys.argv[1]}: {error}")


main()
