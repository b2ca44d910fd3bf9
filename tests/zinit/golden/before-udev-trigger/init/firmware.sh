#!/bin/sh
# Mounts the flist firmware on a node. flistry wrote this file from its template mount.sh and the project's [zinit].
#
#   firmware.sh         mounts; supervised, it then stays for as long as the mount does, and oneshot, it returns
#   firmware.sh test    whether the mount is there and answers
#
# RFS_BIN names another rfs, RFS_CACHE another cache directory, FIRMWARE_FLIST another flist.
# For busybox ash: POSIX, and only the commands of busybox.
set -u

KERNEL=$(uname -r)
TARGET=/usr/lib/firmware
MANIFESTS=/etc/rfs
FORM=supervised
RFS=rfs
CACHE=/var/cache/rfs
OVERRIDE="${FIRMWARE_FLIST:-}"
[ -z "${RFS_BIN:-}" ] || RFS=$RFS_BIN
[ -z "${RFS_CACHE:-}" ] || CACHE=$RFS_CACHE

# The flist's file name for the kernel $1.
manifest() { printf '%s' firmware-latest.fl; }

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

# Where $1 is once every symlink is followed; its parent exists. `readlink -f` would fail on a dead mount.
followed() {
    path=$1
    hops=0
    while :; do
        parent=$(cd -P -- "${path%/*}/" 2>/dev/null && pwd -P) || return 1
        path=${parent%/}/${path##*/}
        [ -L "$path" ] || break
        points_to=$(readlink "$path") || return 1
        case $points_to in
            /*) path=${points_to%/} ;;
            *) path=${parent%/}/${points_to%/} ;;
        esac
        hops=$((hops + 1))
        [ "$hops" -le 20 ] || return 1
    done
    printf '%s\n' "$path"
}

# Whether the kernel lists a mount on $1 that does not answer: the process behind it is gone ("Transport endpoint is not
# connected", in words that differ from libc to libc).
dead() {
    listed=$(printf '%s' "$1" | sed 's/\\/\\134/g; s/ /\\040/g')
    while read -r _ where _; do
        [ "$where" = "$listed" ] || continue
        mounted "$1" && return 1
        return 0
    done </proc/mounts
    return 1
}

clear_dead() {
    layers=0
    while dead "$1"; do
        layers=$((layers + 1))
        if [ "$layers" -gt 16 ] || ! umount -l "$1" 2>/dev/null; then
            fail "cannot unmount the dead mount on $1"
        fi
        say "cleared a dead mount on $1"
    done
}

# Sets FLIST to the flist's path, or says what is wrong.
find_flist() {
    if [ -n "$OVERRIDE" ]; then
        FLIST=$OVERRIDE
        [ -f "$FLIST" ] || fail "there is no $FLIST, which FIRMWARE_FLIST names"
        return
    fi
    FLIST=$MANIFESTS/$(manifest "$KERNEL")
    [ ! -f "$FLIST" ] || return 0
    pattern=$(manifest '*')
    [ "$pattern" != "$(manifest "$KERNEL")" ] || fail "there is no flist $FLIST"
    others=''
    # An flist's name has no character but * that a pattern gives a meaning.
    # shellcheck disable=SC2086
    for file in "$MANIFESTS"/$pattern; do
        [ ! -f "$file" ] || others="$others ${file##*/}"
    done
    fail "the running kernel is $KERNEL, and there is no flist for it in $MANIFESTS; there is:${others:- none}"
}

case ${1:-} in
    '') ;;
    test) mounted "$TARGET"; exit ;;
    *) fail "usage: ${0##*/} [test]" ;;
esac

command -v mountpoint >/dev/null 2>&1 || fail "the command mountpoint is not in PATH"
mkdir -p "${TARGET%/*}/" 2>/dev/null
target=$(followed "$TARGET") || fail "there is no directory to mount on: $TARGET"

while :; do
    clear_dead "$target"
    mounted "$target" || break
    if [ "$FORM" = oneshot ]; then
        say "$target is mounted already"
        exit 0
    fi
    # Returning would have the supervisor start this again and again.
    say "$target is mounted already; waiting for as long as it is"
    while mounted "$target"; do sleep 2; done
done

# Before /lib/modules is mounted over: afterwards the initramfs's own fuse module is out of reach.
grep -qw fuse /proc/filesystems 2>/dev/null || modprobe fuse 2>/dev/null
[ -c /dev/fuse ] || fail "there is no /dev/fuse: the kernel's fuse module is not loaded"
command -v "$RFS" >/dev/null 2>&1 || fail "there is no $RFS to mount with; RFS_BIN can name it"
find_flist
mkdir -p "$CACHE" 2>/dev/null || fail "cannot create the cache directory $CACHE"
[ -d "$target" ] || mkdir "$target" 2>/dev/null || fail "cannot create the directory $target"

if [ "$FORM" = supervised ]; then
    exec "$RFS" mount -m "$FLIST" -c "$CACHE" "$target"
fi
"$RFS" mount -d -m "$FLIST" -c "$CACHE" "$target"
status=$?
tries=0
until mounted "$target"; do
    tries=$((tries + 1))
    [ "$tries" -le 10 ] || fail "rfs did not mount $FLIST on $target (exit code $status)"
    sleep 1
done
