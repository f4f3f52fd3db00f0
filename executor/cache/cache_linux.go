package cache

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"executorpool.dev/executor/sandbox/scratch"
)

const (
	// manifest is the entry's file that holds the caller's words and the names of the artifacts. No artifact is called so.
	manifest = ".made"
	// unfinished marks what is being made or removed; keys do not begin so.
	unfinished = "."
	// maxEntries bounds what making room has to look at.
	maxEntries = 1024
)

// Cache is one worker process's hold of the shared directory. It is for concurrent use, also by other processes.
type Cache struct {
	path  string
	fd    int
	bound int64

	mu sync.Mutex
	// known is what this process has read of entries. They do not change, so that a hit need not read them again; that one
	// is gone shows when it is linked.
	known map[string]*known
	puts  int
}

// known is an entry's manifest.
type known struct {
	names []string
	words string
	// touched is when this process last moved the entry to the end of the order of going, puts how many entries it had then
	// made.
	touched time.Time
	puts    int
}

// stale is how far behind the order of going may be for what other processes make.
const stale = time.Second

// Open holds the directory, which it makes when it does not exist. bound is in bytes, as allocated.
func Open(path string, bound int64) (*Cache, error) {
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, fmt.Errorf("make the compile cache: %w", err)
	}
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open the compile cache: %w", err)
	}
	return &Cache{path: path, fd: fd, bound: bound, known: map[string]*known{}}, nil
}

// Close frees the descriptor.
func (c *Cache) Close() error { return unix.Close(c.fd) }

// Key names what the parts decide. Parts are told apart by their lengths: no two lists of parts have the same key.
func Key(parts ...string) string {
	hash := sha256.New()
	var length [8]byte
	for _, part := range parts {
		binary.LittleEndian.PutUint64(length[:], uint64(len(part)))
		hash.Write(length[:])
		hash.Write([]byte(part))
	}
	return hex.EncodeToString(hash.Sum(nil))
}

// Get links the artifacts of the entry into the store, which must be empty, and gives back the words put with them. False:
// there is no such entry; the store may then hold part of one that was being removed.
func (c *Cache) Get(key string, store *scratch.Dir) (words string, ok bool) {
	entry := c.look(key)
	if entry == nil {
		return "", false
	}
	for _, name := range entry.names {
		if store.Link(c.fd, key+"/"+name, name) != nil {
			c.forget(key)
			return "", false
		}
	}
	c.Touch(key)
	return entry.words, true
}

// look finds an entry; nil when there is none.
func (c *Cache) look(key string) *known {
	c.mu.Lock()
	defer c.mu.Unlock()
	entry := c.known[key]
	if entry == nil {
		if entry = c.read(key); entry == nil {
			return nil
		}
		if len(c.known) >= maxEntries {
			clear(c.known)
		}
		c.known[key] = entry
	}
	return entry
}

// Touch moves the entry to the end of the order of going, for who uses what Get has linked once more.
func (c *Cache) Touch(key string) {
	if c.behind(key) {
		// An entry that is gone meanwhile has no place in the order.
		_ = unix.UtimesNanoAt(c.fd, key, nil, unix.AT_SYMLINK_NOFOLLOW)
	}
}

// behind tells whether the entry is to be touched, which the caller then does.
func (c *Cache) behind(key string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	entry := c.known[key]
	now := time.Now()
	if entry == nil || entry.puts == c.puts && now.Sub(entry.touched) <= stale {
		return false
	}
	entry.touched, entry.puts = now, c.puts
	return true
}

func (c *Cache) forget(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.known, key)
}

func (c *Cache) read(key string) *known {
	content, err := readAt(c.fd, key+"/"+manifest)
	if err != nil {
		return nil
	}
	names, words, found := strings.Cut(string(content), "\n")
	if !found {
		return nil
	}
	return &known{names: strings.Split(names, "/"), words: words}
}

// Put keeps the named files of the store under the key, with words. What takes more than a quarter of the bound is not
// kept, nor what is there already. An error means that nothing was kept.
func (c *Cache) Put(key string, store *scratch.Dir, names []string, words []byte) (err error) {
	size, err := allocated(store.FD(), names)
	if err != nil {
		return fmt.Errorf("cache artifacts: %w", err)
	}
	if size > c.bound/4 {
		return nil
	}
	fresh := unfinished + rand.Text()
	if err := unix.Mkdirat(c.fd, fresh, 0o700); err != nil {
		return fmt.Errorf("cache artifacts: %w", err)
	}
	if err := c.fill(fresh, store, names, words); err != nil {
		c.discard(fresh)
		return fmt.Errorf("cache artifacts: %w", err)
	}
	err = unix.Renameat2(c.fd, fresh, c.fd, key, unix.RENAME_NOREPLACE)
	if err != nil {
		c.discard(fresh)
	}
	if err != nil && !errors.Is(err, unix.EEXIST) {
		return fmt.Errorf("cache artifacts: %w", err)
	}
	c.mu.Lock()
	c.puts++
	c.mu.Unlock()
	return c.makeRoom()
}

func (c *Cache) fill(fresh string, store *scratch.Dir, names []string, words []byte) error {
	entry, err := unix.Openat(c.fd, fresh, unix.O_PATH|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(entry)
	for _, name := range names {
		if name == manifest {
			return fmt.Errorf("an artifact must not be called %s", manifest)
		}
		if err := unix.Linkat(store.FD(), name, entry, name, 0); err != nil {
			return err
		}
	}
	content := append([]byte(strings.Join(names, "/")+"\n"), words...)
	return os.WriteFile(filepath.Join(c.path, fresh, manifest), content, 0o400)
}

// discard removes an entry. It is first made unfinished, so that nobody finds half of it; who has it open already finds
// that a file is missing.
func (c *Cache) discard(name string) {
	if !strings.HasPrefix(name, unfinished) {
		hidden := unfinished + rand.Text()
		if unix.Renameat2(c.fd, name, c.fd, hidden, unix.RENAME_NOREPLACE) != nil {
			return // another process was faster
		}
		name = hidden
	}
	_ = os.RemoveAll(filepath.Join(c.path, name)) // what stays is removed when the executor starts next
}

func readAt(dir int, name string) ([]byte, error) {
	fd, err := unix.Openat(dir, name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	var stat unix.Stat_t
	if err := unix.Fstat(fd, &stat); err != nil {
		return nil, err
	}
	content := make([]byte, stat.Size)
	n, err := unix.Read(fd, content)
	return content[:max(n, 0)], err
}

func allocated(dir int, names []string) (bytes int64, err error) {
	for _, name := range names {
		var stat unix.Stat_t
		if err := unix.Fstatat(dir, name, &stat, unix.AT_SYMLINK_NOFOLLOW); err != nil {
			return 0, err
		}
		bytes += stat.Blocks * 512
	}
	return bytes, nil
}
