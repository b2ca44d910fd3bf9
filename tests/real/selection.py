"""What the scripts on selections of a Debian kernel's modules share. Not a test itself."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
FLISTRY = Path(sys.argv[1]).resolve()


def fail(what):
    sys.exit(f"{Path(sys.argv[0]).name}: {what}")


def run(*command):
    """What a command prints; it has to end well."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        fail(f"{' '.join(map(str, command))}: {done.stderr or done.stdout}")
    return done.stdout


def debian():
    """The kernel's tree and its version."""
    found = dict(line.split("=", 1) for line in run(ROOT / "tests/setup/debian", "small").splitlines())
    return Path(found["MODULES_TREE"]), found["KERNEL_VERSION"]


def name_of(path):
    """A module's name as modprobe has it."""
    return re.sub(r"\.ko(\.\w+)?$", "", Path(path).name).replace("-", "_")


def build(project, tree, kernel, settings, kernel_config=""):
    """Builds the flist of a selection with these settings of the plugin, `kernel.config` having these lines; returns it."""
    (project / "config").mkdir(parents=True)
    version, _, rest = kernel.partition("+")
    (project / "config/build.conf").write_text(f'KERNEL_VERSION="{version}"\n')
    (project / "config/kernel.config").write_text(f'{kernel_config}\nCONFIG_LOCALVERSION="+{rest}"\n')
    (project / "config/flistry.toml").write_text(f"""
[plugin.selection]
component = "builtin:modules-select"
{settings}

[flist.modules]
contents = "modules"
source = ["{tree}"]
filters = ["module-links", "selection"]
naming = "zos-naming"
""")
    run(FLISTRY, "build", "--quiet", "--project", project)
    return project / f"dist/flists/modules-{kernel}.fl"
