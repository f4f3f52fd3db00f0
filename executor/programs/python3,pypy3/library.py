import asyncio, collections, fcntl, itertools, json, math, os, queue, random, re, resource, select, shutil, signal, socket, subprocess, sys
import tempfile, threading, time
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction

sys.setrecursionlimit(1 << 16)
threading.stack_size(4 << 20)
waiting = queue.Queue()
workers = [threading.Thread(target=lambda: waiting.put(1)) for _ in range(4)]
for worker in workers:
    worker.start()
for worker in workers:
    worker.join()
assert waiting.qsize() == 4
with ThreadPoolExecutor(2) as pool:
    assert list(pool.map(abs, [-1, 2])) == [1, 2]

os.mkdir("directory")
with open("directory/file", "w+") as file:
    fcntl.flock(file, fcntl.LOCK_EX)
    fcntl.lockf(file, fcntl.LOCK_EX)
    file.write("42\n")
    file.flush()
    os.fsync(file.fileno())
    file.seek(0)
    assert file.read() == "42\n"
os.replace("directory/file", "directory/other")
assert os.listdir("directory") == ["other"] and list(os.scandir("directory"))[0].is_file()
shutil.copyfile("directory/other", "directory/copy")
shutil.rmtree("directory")
with tempfile.TemporaryFile() as file:
    file.write(b"x")
with tempfile.TemporaryDirectory() as name:
    assert os.path.isdir(name)

assert subprocess.run(["/bin/echo", "x"], stdout=subprocess.PIPE).stdout == b"x\n"
assert os.system("exit 3") >> 8 == 3
child = os.fork()
if child == 0:
    os._exit(7)
assert os.WEXITSTATUS(os.waitpid(child, 0)[1]) == 7
left, right = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
left.sendall(b"x")
assert select.select([right], [], [], 10)[0] and right.recv(1) == b"x"

caught = []
signal.signal(signal.SIGALRM, lambda number, frame: caught.append(number))
signal.setitimer(signal.ITIMER_REAL, 0.001)
time.sleep(0.01)
signal.raise_signal(signal.SIGALRM)
assert caught
assert time.perf_counter() > 0 and time.process_time() > 0 and time.thread_time() > 0
assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > 0


async def both():
    return await asyncio.gather(asyncio.sleep(0.001, 1), asyncio.to_thread(abs, -2) if hasattr(asyncio, "to_thread") else asyncio.sleep(0, 2))


assert asyncio.run(both()) == [1, 2]
assert random.random() < 1 and len(os.urandom(8)) == 8
assert json.loads("[1]") == [1] and math.isqrt(16) == 4 and re.findall("a", "aba") == ["a", "a"] and Fraction(1, 2) * 2 == 1
print("ok")
