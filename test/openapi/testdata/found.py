"""Prints what a run finds and may do, one line for each row of the page's table."""
import errno
import mmap
import multiprocessing
import os
import resource
import socket
import subprocess
import sys
import tempfile
import threading


def show(name, do):
    try:
        print(name + ":", do())
    except OSError as error:
        print(name + ":", "refused" if error.errno in (errno.EPERM, errno.EACCES, errno.ENOENT, errno.ENOSYS, errno.EROFS) else error)


def write(path):
    with open(path, "w") as file:
        file.write("x")
    return "written"


def thread():
    done = []
    one = threading.Thread(target=lambda: done.append("ran"))
    one.start()
    one.join()
    return done[0]


here, store = os.getcwd(), os.path.dirname(sys.argv[0])
show("working directory", lambda: os.listdir("."))
show("file in the working directory", lambda: write("file"))
show("home", lambda: os.environ["HOME"] == here)
show("temporary directory", lambda: os.environ["TMPDIR"] == here and tempfile.gettempdir() == here)
for path in ("/tmp", "/var", "/dev/shm", "/etc", "/proc/self", "/home"):
    show(path, lambda: os.listdir(path))
show("source", lambda: "main.py" in os.listdir(store))
show("write beside the source", lambda: write(store + "/file"))
for path in ("/usr", "/usr/lib", "/usr/bin", "/lib", "/bin", "/sys/devices/system/cpu"):
    show(path, lambda: len(os.listdir(path)) > 0)
for path in ("/etc/localtime", "/etc/passwd", "/etc/group", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/version", "/sys/kernel/osrelease", "/etc/shadow", "/etc/hostname"):
    show(path, lambda: len(open(path).read()) > 0)
for path in ("/dev/null", "/dev/full", "/dev/random", "/dev/urandom", "/dev/zero"):
    show(path, lambda: open(path, "rb") is not None)
show("environment", lambda: " ".join(sorted(os.environ)))
show("stdin", lambda: repr(sys.stdin.read()))
show("terminal", lambda: os.isatty(1))
show("thread", thread)
show("child", lambda: subprocess.run(["/bin/echo", "ran"], capture_output=True, text=True).stdout.strip())
show("open files", lambda: resource.getrlimit(resource.RLIMIT_NOFILE)[0])
show("stack", lambda: resource.getrlimit(resource.RLIMIT_STACK)[0] >> 20)
show("core dumps", lambda: resource.getrlimit(resource.RLIMIT_CORE)[0])
for family in ("AF_INET", "AF_INET6", "AF_UNIX"):
    show(family, lambda: socket.socket(getattr(socket, family)) is not None)
show("socket pair", lambda: len(socket.socketpair()))
show("shared memory", lambda: mmap.mmap(-1, 4096) is not None)
show("memfd", lambda: os.memfd_create("x"))
show("multiprocessing", lambda: multiprocessing.Lock())
show("signal to itself", lambda: os.kill(os.getpid(), 0))
show("signal to the parent", lambda: os.kill(os.getppid(), 0))
show("chmod", lambda: os.chmod("file", 0o755))
show("setsid", lambda: os.setsid())
