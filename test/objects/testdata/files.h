// Makers of files, directories, locks and descriptors.
#include <dirent.h>
#include <sys/file.h>
#include <sys/sendfile.h>

static int make(int flags) { return open(name(), O_RDWR | O_CREAT | O_EXCL | flags, 0600); }

static long fill(int fd, long kib) {
	long bytes = 0;
	while (bytes < kib * KIB) {
		long left = kib * KIB - bytes, r = write(fd, block, left < (long)sizeof block ? left : (long)sizeof block);
		if (r <= 0) break;
		bytes += r;
	}
	return bytes;
}

static long one_file(long kib) {
	int fd = make(0);
	if (fd < 0) return 0;
	fill(fd, kib);
	close(fd);
	return 1;
}
static long op_files(long n, long kib) { return times(n, one_file, kib); }

static long one_unlinked(long kib) {
	const char *f = name();
	int fd = open(f, O_RDWR | O_CREAT | O_EXCL, 0600);
	if (fd < 0) return 0;
	unlink(f);
	fill(fd, kib);
	return 1;
}
static long op_unlinked(long n, long kib) { return times(n, one_unlinked, kib); }

static long op_unnamed(long kib, long b) {
	int fd = open(".", O_RDWR | O_TMPFILE, 0600);
	if (fd < 0) return 0;
	return fill(fd, kib) > 0;
}

static long op_unlinked_maps(long n, long kib) {
	long made = 0;
	while (made < n && op_shared_file(kib, 1)) made++;
	return made;
}

static long op_sparse(long n, long mib) {
	int fd = make(0);
	long made = 0;
	for (; fd >= 0 && made < n; made++)
		if (pwrite(fd, "x", 1, made * mib * MIB) != 1) break;
	return made;
}

static long op_fallocate(long kib, long keep_size) {
	int fd = make(0);
	return fd >= 0 && !fallocate(fd, keep_size ? FALLOC_FL_KEEP_SIZE : 0, 0, kib * KIB);
}

static long op_punch(long n, long kib) {
	int fd = make(0);
	long made = 0;
	if (fd < 0) return 0;
	fill(fd, kib);
	for (; made < n; made++)
		if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, made * 2 * PAGE, PAGE)) break;
	return made;
}

static long op_directories(long n, long deep) {
	long made = 0;
	int here = open(".", O_RDONLY | O_DIRECTORY);
	for (; made < n; made++) {
		const char *f = name();
		if (mkdir(f, 0700)) break;
		if (deep && chdir(f)) break;
	}
	if (here >= 0 && fchdir(here)) return 0;
	return made;
}

static long one_link(long symbolic) {
	static __thread char from[48];
	if (!from[0]) {
		strcpy(from, name());
		close(open(from, O_RDWR | O_CREAT, 0600));
	}
	const char *to = name();
	return !(symbolic ? symlink("/proc/self/exe", to) : link(from, to));
}
static long op_links(long n, long symbolic) { return times(n, one_link, symbolic); }

static long one_fifo(long b) {
	const char *f = name();
	return !mkfifo(f, 0600) && open(f, O_RDWR | O_NONBLOCK) >= 0;
}
static long op_fifos(long n, long b) { return times(n, one_fifo, 0); }

static long one_open(long b) {
	static const char *paths[] = {"/dev/null", ".", "/dev/zero", "/proc/self/exe"};
	return open(paths[b % 4], O_RDONLY) >= 0;
}
static long op_opens(long n, long b) { return times(n, one_open, b); }

static long one_duplicate(long b) { return dup(1) >= 0; }
static long op_duplicates(long n, long b) { return times(n, one_duplicate, 0); }

// Locks of every second byte, which the kernel cannot merge.
static long op_locks(long n, long flocks) {
	int fd = make(0);
	long made = 0;
	if (fd < 0) return 0;
	for (; made < n; made++) {
		struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = made * 2, .l_len = 1};
		if (flocks ? flock(made ? make(0) : fd, LOCK_EX | LOCK_NB) : fcntl(fd, F_SETLK, &lock)) break;
	}
	return made;
}

static long op_list(long n, long b) {
	long made = 0;
	for (; made < n; made++) {
		DIR *d = opendir(".");
		if (!d) break;
		while (readdir(d)) {}
	}
	return made;
}

static long op_rename(long n, long b) {
	char from[48];
	long made = 0;
	strcpy(from, name());
	close(open(from, O_RDWR | O_CREAT, 0600));
	for (; made < n; made++) {
		const char *to = name();
		if (rename(from, to)) break;
		strcpy(from, to);
	}
	return made;
}

static long op_send_file(long kib, long b) {
	int from = make(0), to = make(0);
	if (from < 0 || to < 0) return 0;
	fill(from, kib);
	off_t offset = 0;
	return sendfile(to, from, &offset, kib * KIB) > 0;
}
