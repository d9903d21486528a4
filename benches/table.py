#!/usr/bin/env python3
"""Writes the table of docs/performance.md from samples of a load test.

    benches/table.py SAMPLES.jsonl --machine "2 cores of ..., Linux 6.1" [--date 2026-11-26] [--check]

One JSON object a line, each one measurement of one proxy in one round:

    {"sc": "http1", "peer": "samewire", "round": 0, "proxy_cpu_us": 21.0, "rps": 15000.0}

`sc` names the measurement: `http1`, `http64` (plain HTTP, one and 64 connections), `ka1`, `ka64` (the same over TLS),
`nc8` (a new TLS connection a request), `big`, `bigp` (one answer of 1 GiB, with and without TLS; `mib_s`), `startup`
(`startup_ms`), `idle` (`idle.pss_mib`, `mem.pss_mib`, `n_held`). `peer` is `samewire` or the proxy that it is measured
against. Ratios are taken within a round, for machines are noisy; the table shows medians. `--check` prints what would be
written, and writes nothing. Python's standard library only.
"""
import argparse, datetime, json, os, statistics, sys

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "docs", "performance.md")
BEGIN, END = "<!-- table: begin -->", "<!-- table: end -->"
NAMES = {
    "http1": "HTTP, 1 connection", "http64": "HTTP, 64 connections", "ka1": "HTTPS, 1 connection",
    "ka64": "HTTPS, 64 connections", "nc8": "HTTPS, a new connection a request", "bigp": "HTTP, 1 GiB down", "big": "HTTPS, 1 GiB down",
}
# What is held to be good, as (measure, bound, smaller is better).
BARS = {
    "http1": ("cpu", 1.20, True), "ka1": ("cpu", 1.20, True), "http64": ("rate", 0.85, False),
    "ka64": ("rate", 0.85, False), "bigp": ("bulk", 0.70, False), "big": ("bulk", 0.70, False),
}


def median(values):
    return statistics.median(values) if values else None


def shown(value, digits):
    return "-" if value is None else f"{value:.{digits}f}"


def ratios(rows, sc, own, base, member):
    of = lambda peer: {r["round"]: r[member] for r in rows if r["sc"] == sc and r["peer"] == peer and r.get(member)}
    ours, theirs = of(own), of(base)
    return [ours[number] / theirs[number] for number in ours if number in theirs]


def table(rows, own, base):
    lines = ["| measured | CPU a request, µs | of " + base + "'s | throughput, of " + base + "'s | bar |", "|---|---|---|---|---|"]
    missed = []
    for sc, name in NAMES.items():
        mine = [r for r in rows if r["sc"] == sc and r["peer"] == own and r.get("requests", 1)]
        if not mine:
            continue
        bulk = sc.startswith("big")
        cpu = median([r["proxy_cpu_us"] for r in mine if r.get("proxy_cpu_us")])
        found = {
            "cpu": median(ratios(rows, sc, own, base, "proxy_cpu_us")),
            "rate": median(ratios(rows, sc, own, base, "rps")),
            "bulk": median(ratios(rows, sc, own, base, "mib_s")),
        }
        bar = "-"
        if sc in BARS:
            measure, bound, smaller = BARS[sc]
            value = found[measure]
            word = "CPU" if measure == "cpu" else "throughput"
            bar = f"{word} {'at most' if smaller else 'at least'} {bound:.2f}"
            if value is not None and (value > bound if smaller else value < bound):
                bar += ", missed"
                missed.append(f"{name} ({value:.2f})")
        rate = found["bulk"] if bulk else found["rate"]
        lines.append(f"| {name} | {shown(cpu, 0)} | {shown(found['cpu'], 2)} | {shown(rate, 2)} | {bar} |")
    started = median([r["startup_ms"] for r in rows if r["sc"] == "startup" and r["peer"] == own])
    idle = [r for r in rows if r["sc"] == "idle" and r["peer"] == own]
    single = []
    if started is not None:
        single.append(("from start to an open port", started, "ms", 15))
    if idle:
        last = idle[-1]
        single.append(("memory when idle", last["idle"]["pss_mib"], "MiB", 12))
        held = max(1, last.get("n_held", 0))
        single.append(("memory of a held connection", (last["mem"]["pss_mib"] - last["idle"]["pss_mib"]) * 1024 / held, "KiB", 50))
    if single:
        lines += ["", "| measured | value | bar |", "|---|---|---|"]
        for name, value, unit, bound in single:
            over = value > bound
            lines.append(f"| {name} | {value:.1f} {unit} | at most {bound} {unit}{', missed' if over else ''} |")
            missed += [f"{name} ({value:.1f} {unit})"] if over else []
    lines += ["", "Missed: " + ("; ".join(missed) if missed else "none") + "."]
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("samples", nargs="+")
    parser.add_argument("--machine", required=True)
    parser.add_argument("--date", default=datetime.date.today().isoformat())
    parser.add_argument("--own", default="samewire")
    parser.add_argument("--base", default="hud-noop", help="the peer's name in the samples")
    parser.add_argument("--called", default="hudsucker", help="what the page calls it")
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    rows = []
    for path in args.samples:
        with open(path) as lines:
            for number, line in enumerate(lines, 1):
                try:
                    row = json.loads(line)
                    row["sc"], row["peer"]
                except (ValueError, KeyError, TypeError):
                    sys.exit(f"{path}:{number}: not a sample: each line must be an object with `sc` and `peer`")
                rows.append({**row, "peer": args.called if row["peer"] == args.base else row["peer"]})
    if not any(row["peer"] == args.own for row in rows):
        sys.exit(f"no sample of {args.own}: name it with --own")
    text = "\n".join([f"Measured on {args.date}: {args.machine}.", ""] + table(rows, args.own, args.called))
    if args.check:
        return print(text)
    with open(PAGE) as page:
        before, rest = page.read().split(BEGIN)
    with open(PAGE, "w") as page:
        page.write(f"{before}{BEGIN}\n{text}\n{END}{rest.split(END)[1]}")


if __name__ == "__main__":
    main()
