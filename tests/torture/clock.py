"""A machine's clock that is set, as far as the programs on it see one."""

import random
import shutil
import struct
import subprocess
from pathlib import Path

from tests.missing import missing

HOUR = 3600
# Tells a program another time of day. How long something takes stays true, and so do the times of files.
OTHER_TIME = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>

static volatile long long *seconds;

__attribute__((constructor)) static void begin(void)
{
    int file = open(getenv("OTHER_TIME"), O_RDONLY | O_CLOEXEC);
    seconds = mmap(0, sizeof *seconds, PROT_READ, MAP_SHARED, file, 0);
}

int clock_gettime(clockid_t clock, struct timespec *at)
{
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
    int failed = real(clock, at);
    if (!failed && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) at->tv_sec += *seconds;
    return failed;
}

int gettimeofday(struct timeval *at, void *zone)
{
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    at->tv_sec = now.tv_sec;
    at->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *at)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return at ? *at = now.tv_sec : now.tv_sec;
}
"""


class Clock:
    """``put`` sets the clock of all programs that were started with ``environ`` so many seconds beside the true one."""

    def __init__(self, folder: Path) -> None:
        compiler = shutil.which("cc")
        if compiler is None:
            missing("A CLOCK THAT IS SET", "it takes a C compiler")
        self._file, source, library = folder / "seconds", folder / "other_time.c", folder / "other_time.so"
        source.write_text(OTHER_TIME)
        subprocess.run([compiler, "-shared", "-fPIC", "-O2", "-o", str(library), str(source), "-ldl"], check=True)
        self.environ = {"LD_PRELOAD": str(library), "OTHER_TIME": str(self._file)}
        self.seconds, self.steps = 0, -1
        self._file.write_bytes(bytes(8))
        self.put(0)

    def put(self, seconds: int) -> None:
        self.seconds, self.steps = seconds, self.steps + 1
        with self._file.open("r+b") as file:
            file.write(struct.pack("q", seconds))

    def set_at_random(self, chance: random.Random) -> None:
        """To another hour, up to two beside the true one."""
        self.put(chance.choice([hours for hours in (-2, -1, 0, 1, 2) if hours * HOUR != self.seconds]) * HOUR)
