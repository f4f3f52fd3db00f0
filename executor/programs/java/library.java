import java.io.*;
import java.nio.channels.*;
import java.nio.file.*;
import java.util.*;
import java.util.concurrent.*;
import java.util.stream.*;

public class Main {
	static void check(boolean ok, String what) { if (!ok) throw new IllegalStateException(what); }

	static int depth(int n) { return n == 0 ? 0 : 1 + depth(n - 1); }

	public static void main(String[] args) throws Exception {
		ExecutorService pool = Executors.newFixedThreadPool(4);
		List<Future<Integer>> results = new ArrayList<>();
		for (int i = 0; i < 4; i++) { final int k = i; results.add(pool.submit(() -> { Thread.sleep(1); return k; })); }
		int sum = 0;
		for (Future<Integer> r : results) sum += r.get();
		pool.shutdown();
		check(sum == 6 && pool.awaitTermination(10, TimeUnit.SECONDS), "threads");
		check(IntStream.range(0, 1 << 16).parallel().map(x -> x & 1).sum() == 1 << 15, "parallel streams");
		Thread deep = new Thread(null, () -> check(depth(100000) == 100000, "recursion"), "deep", 256 << 20);
		deep.start();
		deep.join();

		Path directory = Files.createDirectory(Paths.get("directory")), file = directory.resolve("file");
		Files.writeString(file, "42\n");
		check(new Scanner(file).nextInt() == 42, "file");
		try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE); FileLock lock = channel.lock()) {
			check(channel.map(FileChannel.MapMode.READ_ONLY, 0, 3).get(0) == '4' && lock.isValid(), "map");
			channel.truncate(1);
			channel.force(true);
		}
		Files.move(file, directory.resolve("other"));
		try (Stream<Path> listed = Files.list(directory)) { check(listed.count() == 1, "list"); }
		Files.delete(directory.resolve("other"));
		Files.delete(directory);
		Files.delete(Files.createTempFile(Paths.get("."), "x", "y"));

		Process child = new ProcessBuilder("/bin/echo", "x").start();
		check(new String(child.getInputStream().readAllBytes()).equals("x\n") && child.waitFor() == 0, "process");
		check(System.nanoTime() != 0 && System.currentTimeMillis() > 0 && new Random().nextInt(5) < 5, "time");
		check(java.lang.management.ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() > 0, "CPU time");
		check(new java.security.SecureRandom().nextInt(5) < 5 && java.time.LocalDate.now().getYear() > 2000, "random");
		System.gc();
		System.out.println("ok");
	}
}
