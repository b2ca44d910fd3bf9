"""The measurements of tests/bench/run, which sets the environment and calls this with a work directory and a number of
pairs. Runs that are compared alternate, so that a slower minute of the machine hits both."""

import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

WORK, PAIRS = Path(sys.argv[1]), int(sys.argv[2])
FLISTRY, LIMIT, RFS = os.environ["FLISTRY"], os.environ["LIMIT"], os.environ.get("RFS_BIN")
KERNEL = os.environ["KERNEL_VERSION"]
TREES = {"modules": Path(os.environ["MODULES_TREE"]), "firmware": Path(os.environ["FIRMWARE_TREE"])}

# The goals: at most so many times the limit, so many megabytes.
PACK_RATIO, REPACK_RATIO, PEAK_MB = 2.0, 3.0, 150


# --- What flistry's command line and report are called: the place to adapt. ---

def build_command(project, flist, cached):
    return [FLISTRY, "build", "--project", str(project), flist] + ([] if cached else ["--no-cache"])


def report_of(project, flist):
    """The report of the build that just ended: the newest NAME.fl.report.json that begins with the flist's name."""
    reports = sorted((project / "dist/flists").glob(f"{flist}-*.report.json"), key=lambda p: p.stat().st_mtime)
    return json.loads(reports[-1].read_text())


def stage_seconds(report, name):
    return sum(stage["seconds"] for stage in report["stages"] if stage["name"] == name)


MANIFEST_STAGE = "manifest"
# What makes an flist of a tree; what comes after proves and publishes it.
PACK_STAGES = ["plugins", "scan", "filter", "normalize", "naming", "post-pack", "pack", MANIFEST_STAGE]

# ------------------------------------------------------------------------------


def run(command, **options):
    """Wall seconds, peak resident megabytes and output of a command that has to succeed."""
    with open(WORK / "output", "w+b") as output:
        start = time.monotonic()
        child = subprocess.Popen([str(part) for part in command], stdout=output, stderr=subprocess.STDOUT, **options)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - start
        output.seek(0)
        text = output.read().decode(errors="replace")
    if child.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{text[-4000:]}")
    # Linux counts in KiB.
    return seconds, usage.ru_maxrss / 1024, text


def project_of(flist, tree):
    """A project around the tree. Links are enough: nothing is copied but names."""
    project = WORK / f"project-{flist}"
    (project / "config").mkdir(parents=True)
    base, _, local = KERNEL.partition("+")
    (project / "config/build.conf").write_text(f'KERNEL_VERSION="{base}"\n')
    (project / "config/kernel.config").write_text(f'CONFIG_LOCALVERSION="+{local}"\n')
    (project / "config/flistry.toml").write_text(
        f'output = "dist/flists"\n[store]\nblobs = ["dist/blobs"]\n'
        f'[plugin.bench]\ncomponent = "builtin:zos-naming"\nconfig.file = "{flist}-bench.fl"\n'
        f'[flist.{flist}]\ncontents = "{flist}"\nsource = ["{tree}"]\nnaming = "bench"\n')
    return project


def empty(directory):
    shutil.rmtree(directory, ignore_errors=True)
    # What was written before shall not be written back during the next run.
    os.sync()


def warm(tree):
    for path in tree.rglob("*"):
        if path.is_file() and not path.is_symlink():
            with open(path, "rb") as file:
                while file.read(1 << 20):
                    pass


def median(values):
    return statistics.median(values)


def spread(values):
    return f"{median(values):7.3f} s  (from {min(values):.3f} to {max(values):.3f})"


def measure(flist, tree, verdicts):
    print(f"\n== {flist}: {tree}")
    project = project_of(flist, tree)
    warm(tree)

    limits, builds, rss, steps = [], [], [], []
    for _ in range(PAIRS):
        scratch = WORK / "scratch"
        empty(scratch)
        seconds, _, text = run([LIMIT, "pack", tree, scratch])
        answer = json.loads(text)
        limits.append(answer["seconds"])
        steps.append(answer["cpu"])
        empty(scratch)

        empty(project / "dist")
        seconds, peak, _ = run(build_command(project, flist, cached=False))
        builds.append(seconds)
        rss.append(peak)
        stages = report_of(project, flist)["stages"]
    print(f"   {answer['entries']} entries, {answer['files']} files, {answer['bytes_read'] / 1e6:.0f} MB, "
          f"{answer['blobs']} blobs")
    print(f"limit, 2 threads      {spread(limits)}")
    print("   its steps, summed over threads: "
          + ", ".join(f"{step} {median([run[step] for run in steps]):.2f}" for step in steps[0]))
    print(f"flistry build         {spread(builds)}")
    print("   stages of its last run: " + ", ".join(f"{s['name']} {s['seconds']:.2f}" for s in stages))
    verdicts.append((f"{flist}: build to limit", median(builds) / median(limits), PACK_RATIO, "times"))
    verdicts.append((f"{flist}: peak memory", max(rss), PEAK_MB, "MB"))

    # Unchanged tree. The first of these builds fills the cache.
    run(build_command(project, flist, cached=True))
    walks, manifests, again, repacks = [], [], [], []
    for _ in range(PAIRS):
        walks.append(json.loads(run([LIMIT, "walk", tree])[2])["seconds"])
        again.append(run(build_command(project, flist, cached=True))[0])
        report = report_of(project, flist)
        manifests.append(stage_seconds(report, MANIFEST_STAGE))
        repacks.append(sum(stage_seconds(report, stage) for stage in PACK_STAGES))
    floor = median(walks) + median(manifests)
    print(f"lstat walk            {spread(walks)}")
    print(f"writing the manifest  {spread(manifests)}")
    print(f"unchanged, pack       {spread(repacks)}")
    print(f"unchanged, all        {spread(again)}  (with the read-back and publishing: {median(again) / floor:.1f} times)")
    if median(manifests) == 0:
        sys.exit(f"the report has no stage {MANIFEST_STAGE!r}: adapt MANIFEST_STAGE in tests/bench/compare.py")
    verdicts.append((f"{flist}: unchanged pack to walk + manifest", median(repacks) / floor, REPACK_RATIO, "times"))

    if RFS:
        times = []
        for _ in range(PAIRS):
            store = WORK / "rfs-store"
            empty(store)
            store.mkdir()
            (WORK / "rfs.fl").unlink(missing_ok=True)
            times.append(run([RFS, "pack", "-m", WORK / "rfs.fl", "-s", f"dir://{store}", tree])[0])
        print(f"stock rfs pack        {spread(times)}  ({median(times) / median(builds):.1f} times flistry's)")
        empty(WORK / "rfs-store")
    else:
        print("stock rfs             not measured: no RFS_BIN, and no rfs in PATH")
    empty(project)


def main():
    print(f"{os.cpu_count()} cores, {PAIRS} pairs of runs, medians; page cache warm")
    verdicts = []
    for flist, tree in TREES.items():
        measure(flist, tree, verdicts)
    print()
    for what, value, goal, unit in verdicts:
        print(f"{'ok    ' if value <= goal else 'MISSED'} {what}: {value:.2f} {unit} (goal: at most {goal:g})")
    sys.exit(any(value > goal for _, value, goal, _ in verdicts))


main()
