package cache

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// evict removes the least recently used entries until the cache is within its bounds. It reads
// every entry, which costs little compared with the compilation before.
func (c *Cache) evict() error {
	// One process at a time: two at once would each remove enough. The lock ends with the
	// descriptor.
	lock, err := unix.Openat(c.fd, hiddenPrefix+"lock", unix.O_RDWR|unix.O_CREAT|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return fmt.Errorf("evict from the compile cache: %w", err)
	}
	defer unix.Close(lock)
	if err := unix.Flock(lock, unix.LOCK_EX); err != nil {
		return fmt.Errorf("evict from the compile cache: %w", err)
	}
	entries, total, err := c.entries()
	if err != nil {
		return fmt.Errorf("evict from the compile cache: %w", err)
	}
	slices.SortFunc(entries, func(a, b entry) int { return a.used.Compare(b.used) })
	for left := len(entries); left > 0 && (total > c.maxBytes || left > maxEntries); left-- {
		oldest := entries[len(entries)-left]
		c.discard(oldest.key)
		total -= oldest.bytes
	}
	return nil
}

type entry struct {
	key   string
	used  time.Time
	bytes int64
}

func (c *Cache) entries() (all []entry, total int64, err error) {
	listed, err := os.ReadDir(c.path)
	if err != nil {
		return nil, 0, err
	}
	for _, l := range listed {
		if strings.HasPrefix(l.Name(), hiddenPrefix) {
			continue
		}
		info, err := l.Info()
		if err != nil {
			continue // another process removed it
		}
		e := entry{key: l.Name(), used: info.ModTime()}
		files, _ := os.ReadDir(filepath.Join(c.path, l.Name()))
		for _, f := range files {
			var stat unix.Stat_t
			if unix.Lstat(filepath.Join(c.path, l.Name(), f.Name()), &stat) == nil {
				e.bytes += stat.Blocks * 512
			}
		}
		all = append(all, e)
		total += e.bytes
	}
	return all, total, nil
}
