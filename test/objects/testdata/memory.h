// Makers of mappings, page tables and areas of virtual memory.

static char *map(long size, int protection, int flags, int fd) {
	return mmap(0, size, protection, flags, fd, 0);
}

static long op_heap(long kib, long b) {
	char *p = malloc(kib * KIB);
	if (!p) return 0;
	touch(p, kib * KIB, PAGE);
	return 1;
}

static long op_private(long kib, long b) {
	char *p = map(kib * KIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	if (!keep(p, kib * KIB)) return 0;
	touch(p, kib * KIB, PAGE);
	return 1;
}

// Reserves without the right to use it.
static long op_reserve(long mib, long b) {
	return keep(map(mib * MIB, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1), mib * MIB);
}

// Reads one page in each 2 MiB: a page table each, and no resident memory.
static long op_page_tables(long n, long b) {
	char *p = map(n * HUGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
	if (!keep(p, n * HUGE)) return 0;
	madvise(p, n * HUGE, MADV_NOHUGEPAGE);
	volatile char sum = 0;
	for (long i = 0; i < n; i++) sum += p[i * HUGE];
	return n;
}

static long op_huge(long n, long b) {
	char *p = map((n + 1) * HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	if (!keep(p, (n + 1) * HUGE)) return 0;
	char *aligned = (char *)(((uintptr_t)p + HUGE - 1) & ~(uintptr_t)(HUGE - 1));
	madvise(aligned, n * HUGE, MADV_HUGEPAGE);
	touch(aligned, n * HUGE, HUGE);
	return n;
}

static long op_shared_file(long kib, long unlinked) {
	const char *f = name();
	int fd = open(f, O_RDWR | O_CREAT | O_EXCL, 0600);
	if (fd < 0) return 0;
	if (unlinked) unlink(f);
	char *p = ftruncate(fd, kib * KIB) ? MAP_FAILED : map(kib * KIB, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
	close(fd);
	if (!keep(p, kib * KIB)) return 0;
	touch(p, kib * KIB, PAGE);
	return 1;
}

static long op_shared_anonymous(long kib, long b) {
	char *p = map(kib * KIB, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1);
	if (!keep(p, kib * KIB)) return 0;
	touch(p, kib * KIB, PAGE);
	return 1;
}

static long op_memfd(long kib, long b) {
	int fd = syscall(SYS_memfd_create, "m", 0);
	if (fd < 0 || ftruncate(fd, kib * KIB)) return 0;
	char *p = map(kib * KIB, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
	if (!keep(p, kib * KIB)) return 0;
	touch(p, kib * KIB, PAGE);
	return 1;
}

// Splits a reservation into areas.
static long op_areas(long n, long b) {
	char *p = map(n * 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
	if (!keep(p, n * 2 * PAGE)) return 0;
	long made = 0;
	while (made < n && !mprotect(p + made * 2 * PAGE, PAGE, PROT_READ)) made++;
	return made;
}

// Grows a mapping in steps, and lets the kernel move it.
static long op_remap(long n, long kib) {
	long size = PAGE, made = 0;
	char *p = map(size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	for (; made < n && p != MAP_FAILED; made++) {
		char *q = mremap(p, size, size + kib * KIB, MREMAP_MAYMOVE);
		if (q == MAP_FAILED) break;
		p = q;
		size += kib * KIB;
		p[size - 1] = 1;
	}
	keep(p, size);
	return made;
}

// Holds the lock of the address space, by changes of the rights of the last mapping.
static long op_protect(long ms, long b) {
	if (!last) op_page_tables(512, 0);
	long made = 0;
	for (double end = now() + ms / 1e3; now() < end; made++) {
		mprotect(last, last_size, PROT_NONE);
		mprotect(last, last_size, PROT_READ | PROT_WRITE);
	}
	return made;
}

static long op_advise(long n, long b) {
	static const int advice[] = {MADV_DONTNEED, MADV_FREE, MADV_WILLNEED, MADV_HUGEPAGE, MADV_NOHUGEPAGE, MADV_MERGEABLE,
		MADV_DONTFORK, MADV_WIPEONFORK, MADV_COLD, 21 /* MADV_PAGEOUT */, 23 /* MADV_POPULATE_WRITE */, 25 /* MADV_COLLAPSE */};
	if (!last) op_private(256, 0);
	return !madvise(last, last_size, advice[n % (sizeof advice / sizeof *advice)]);
}

static long op_unmap(long n, long b) {
	if (!last) return 0;
	long made = !munmap(last, last_size);
	last = 0;
	return made;
}

static long op_lock(long kib, long all) {
	if (all) return !mlockall(MCL_CURRENT | MCL_FUTURE);
	char *p = map(kib * KIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	return keep(p, kib * KIB) && !mlock(p, kib * KIB);
}

static long __attribute__((noinline)) op_stack(long kib, long b) {
	volatile char frame[4 * KIB];
	frame[0] = 1;
	return kib <= 4 ? frame[0] : op_stack(kib - 4, b) + frame[0];
}

static long op_break(long kib, long b) {
	char *p = sbrk(kib * KIB);
	if (p == (void *)-1) return 0;
	touch(p, kib * KIB, PAGE);
	return 1;
}
