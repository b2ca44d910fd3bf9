#!/bin/sh
# Lets udev look at all devices again, now that the flists' modules and firmware are there. flistry wrote this file from
# its template coldplug.sh and the project's [zinit].
#
# It waits a while for the mounts, and continues without those that are not there by then: nothing may hang on a store that
# is down. A mount that comes later gets a run of its own.
# For busybox ash: POSIX, and only the commands of busybox, eudev and kmod.
set -u

KERNEL=$(uname -r)
# Seconds to wait for the mounts.
WAIT=60
# What to do about mounts that are not there by then: "stay" and look for them, do so in the "background", or "leave" them.
LATE=leave

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
fail() { say "$@"; exit 1; }

# Whether something is mounted on $1 and answers. The kernel answers from its cache what rfs has answered before, even when rfs
# is gone; only a name that nobody has asked for yet reaches rfs. The answer has the same words in every libc.
asked=0
mounted() {
    mountpoint -q "$1" 2>/dev/null || return 1
    asked=$((asked + 1))
    case $(LC_ALL=C cat "$1/.flistry-$$-$asked" 2>&1) in
        *'No such file'*) return 0 ;;
    esac
    return 1
}

# Sets ABSENT to the mount points on which nothing is mounted.
look() {
    ABSENT=''
    set -- /lib/modules/"$KERNEL" /usr/lib/firmware
    for target do
        mounted "$target" || ABSENT="${ABSENT:+$ABSENT, }$target"
    done
}

# Whether modprobe can use the indexes in $1: they exist, and so does every module that they name. Opens no module.
index_fits() {
    if [ ! -s "$1/modules.dep" ] || [ ! -s "$1/modules.dep.bin" ]; then return 1; fi
    while IFS=: read -r module _; do
        case $module in
            /*) [ -e "$module" ] ;;
            *) [ -e "$1/$module" ] ;;
        esac || return 1
    done <"$1/modules.dep"
}

# depmod opens every module and, on a read-only mount, fails after that: it runs only where it is needed and can write.
check_indexes() {
    set -- /lib/modules/"$KERNEL"
    for directory do
        if [ ! -d "$directory" ] || index_fits "$directory"; then continue; fi
        if touch "$directory/.flistry" 2>/dev/null; then
            rm -f "$directory/.flistry"
            root=${directory%/lib/modules/*}
            depmod -b "${root:-/}" "$KERNEL" || say "depmod could not build the indexes in $directory"
        else
            say "the indexes in $directory do not fit its modules and cannot be rebuilt on a read-only mount"
        fi
    done
}

coldplug() {
    check_indexes
    status=0
    udevadm control --reload || { status=1; say "udev does not reload its rules: is udevd running?"; }
    udevadm trigger --action=add || { status=1; say "udev does not look for devices: udevadm trigger failed"; }
    udevadm settle || { status=1; say "udev did not finish with all devices: udevadm settle failed"; }
    return "$status"
}

# One more run each time that a mount has come.
late() {
    while [ -n "$ABSENT" ]; do
        before=$ABSENT
        sleep 5
        look
        if [ "$ABSENT" != "$before" ]; then coldplug; fi
    done
}

command -v mountpoint >/dev/null 2>&1 || fail "the command mountpoint is not in PATH"
command -v udevadm >/dev/null 2>&1 || fail "the command udevadm is not in PATH"

look
waited=0
while [ -n "$ABSENT" ] && [ "$waited" -lt "$WAIT" ]; do
    sleep 1
    waited=$((waited + 1))
    look
done
[ -z "$ABSENT" ] || say "continues without what is not mounted: $ABSENT"

coldplug
result=$?
case $LATE in
    stay) late ;;
    background) late & ;;
esac
exit "$result"
