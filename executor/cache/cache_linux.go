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
	// manifestFile is the file of an entry with the metadata and the names of the artifacts. No
	// artifact may have its name.
	manifestFile = ".made"
	// useMark is the name by which Touch changes an entry. No artifact may have its name.
	useMark = ".used"
	// hiddenPrefix marks entries that are being created or removed; no key starts with it.
	hiddenPrefix = "."
	// maxEntries bounds the work of evict.
	maxEntries = 1024
)

// Cache is one worker process's handle of the shared directory. It is safe for concurrent use, also
// by several processes.
type Cache struct {
	path     string
	fd       int
	maxBytes int64

	mu sync.Mutex
	// manifests are the manifests that this process has read. Entries do not change, so a hit need
	// not read them again; linking finds that an entry is gone.
	manifests map[string]*manifest
	puts      int
}

// manifest is the content of an entry's manifestFile.
type manifest struct {
	names    []string
	metadata string
	// touched is when this process last marked the entry as used, and puts the number of entries
	// that the process had created by then.
	touched time.Time
	puts    int
}

// maxOrderLag bounds how old an entry's mark of use may be compared with its last use.
const maxOrderLag = time.Second

// Open opens the directory, and creates it if it does not exist. maxBytes bounds the allocated
// bytes.
func Open(path string, maxBytes int64) (*Cache, error) {
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, fmt.Errorf("make the compile cache: %w", err)
	}
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open the compile cache: %w", err)
	}
	return &Cache{path: path, fd: fd, maxBytes: maxBytes, manifests: map[string]*manifest{}}, nil
}

// Close closes the descriptor.
func (c *Cache) Close() error { return unix.Close(c.fd) }

// Key returns the key of the parts. The length of each part is hashed, so two different lists have
// different keys.
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

// Get links the artifacts of the entry into the store, which must be empty, and returns the
// metadata that was put with them. It returns false if there is no such entry; the store may then
// hold some artifacts of an entry that is being removed.
func (c *Cache) Get(key string, store *scratch.Dir) (metadata string, ok bool) {
	entry := c.lookup(key)
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
	return entry.metadata, true
}

// lookup returns the manifest of an entry, or nil if there is none.
func (c *Cache) lookup(key string) *manifest {
	c.mu.Lock()
	defer c.mu.Unlock()
	entry := c.manifests[key]
	if entry == nil {
		if entry = c.read(key); entry == nil {
			return nil
		}
		if len(c.manifests) >= maxEntries {
			clear(c.manifests)
		}
		c.manifests[key] = entry
	}
	return entry
}

// Touch marks the entry as used. A caller that uses the linked artifacts again without Get must
// call it.
func (c *Cache) Touch(key string) {
	if c.needsTouch(key) {
		// A new name in the entry sets its modification time, by which evict orders. The filter of
		// a slot's thread refuses to set times directly. A failure means that the entry is gone, and
		// has no order, or that another process marks it.
		name := key + "/" + useMark
		_ = unix.Mkdirat(c.fd, name, 0o700)
		_ = unix.Unlinkat(c.fd, name, unix.AT_REMOVEDIR)
	}
}

// needsTouch reports whether the entry must be marked as used; the caller must then do so.
func (c *Cache) needsTouch(key string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	entry := c.manifests[key]
	now := time.Now()
	if entry == nil || entry.puts == c.puts && now.Sub(entry.touched) <= maxOrderLag {
		return false
	}
	entry.touched, entry.puts = now, c.puts
	return true
}

func (c *Cache) forget(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.manifests, key)
}

func (c *Cache) read(key string) *manifest {
	content, err := readAt(c.fd, key+"/"+manifestFile)
	if err != nil {
		return nil
	}
	names, metadata, found := strings.Cut(string(content), "\n")
	if !found {
		return nil
	}
	return &manifest{names: strings.Split(names, "/"), metadata: metadata}
}

// Put stores the named files of the store under the key, with metadata. Artifacts larger than a
// quarter of the cache's bound are not stored, nor is an existing key. After an error nothing is
// stored.
//
// The caller may be a slot's thread, for which locks have no effect. So a thread without a filter
// does the work.
func (c *Cache) Put(key string, store *scratch.Dir, names []string, metadata []byte) error {
	done := make(chan error)
	go func() { done <- c.put(key, store, names, metadata) }()
	return <-done
}

func (c *Cache) put(key string, store *scratch.Dir, names []string, metadata []byte) (err error) {
	size, err := allocatedBytes(store.FD(), names)
	if err != nil {
		return fmt.Errorf("cache artifacts: %w", err)
	}
	if size > c.maxBytes/4 {
		return nil
	}
	temporary := hiddenPrefix + rand.Text()
	if err := unix.Mkdirat(c.fd, temporary, 0o700); err != nil {
		return fmt.Errorf("cache artifacts: %w", err)
	}
	if err := c.fill(temporary, store, names, metadata); err != nil {
		c.discard(temporary)
		return fmt.Errorf("cache artifacts: %w", err)
	}
	err = unix.Renameat2(c.fd, temporary, c.fd, key, unix.RENAME_NOREPLACE)
	if err != nil {
		c.discard(temporary)
	}
	if err != nil && !errors.Is(err, unix.EEXIST) {
		return fmt.Errorf("cache artifacts: %w", err)
	}
	c.mu.Lock()
	c.puts++
	c.mu.Unlock()
	return c.evict()
}

func (c *Cache) fill(temporary string, store *scratch.Dir, names []string, metadata []byte) error {
	entry, err := unix.Openat(c.fd, temporary, unix.O_PATH|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(entry)
	for _, name := range names {
		if name == manifestFile || name == useMark {
			return fmt.Errorf("an artifact must not be called %s", name)
		}
		if err := unix.Linkat(store.FD(), name, entry, name, 0); err != nil {
			return err
		}
	}
	content := append([]byte(strings.Join(names, "/")+"\n"), metadata...)
	return os.WriteFile(filepath.Join(c.path, temporary, manifestFile), content, 0o400)
}

// discard removes an entry. It renames the entry first, so that no process finds a part of it. A
// process that has read the manifest finds that a file is missing.
func (c *Cache) discard(name string) {
	if !strings.HasPrefix(name, hiddenPrefix) {
		hidden := hiddenPrefix + rand.Text()
		if unix.Renameat2(c.fd, name, c.fd, hidden, unix.RENAME_NOREPLACE) != nil {
			return // another process removes it
		}
		name = hidden
	}
	_ = os.RemoveAll(filepath.Join(c.path, name)) // the next start of the executor removes the rest
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

func allocatedBytes(dir int, names []string) (bytes int64, err error) {
	for _, name := range names {
		var stat unix.Stat_t
		if err := unix.Fstatat(dir, name, &stat, unix.AT_SYMLINK_NOFOLLOW); err != nil {
			return 0, err
		}
		bytes += stat.Blocks * 512
	}
	return bytes, nil
}
