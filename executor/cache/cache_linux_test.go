package cache

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"executorpool.dev/executor/sandbox/scratch"
)

func open(t testing.TB, maxBytes int64) *Cache {
	t.Helper()
	c, err := Open(filepath.Join(t.TempDir(), "cache"), maxBytes)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// sibling creates an empty store on the cache's file system.
func sibling(t testing.TB, c *Cache) *scratch.Dir {
	t.Helper()
	path, err := os.MkdirTemp(filepath.Dir(c.path), "store-")
	if err != nil {
		t.Fatal(err)
	}
	store, err := scratch.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store
}

func put(t testing.TB, c *Cache, key string, size int) {
	t.Helper()
	store := sibling(t, c)
	if err := store.Write("main", []byte(strings.Repeat("x", size)), 0o500); err != nil {
		t.Fatal(err)
	}
	if err := c.Put(key, store, []string{"main"}, []byte("metadata of "+key)); err != nil {
		t.Fatal(err)
	}
}

func has(t testing.TB, c *Cache, key string) bool {
	t.Helper()
	_, ok := c.Get(key, sibling(t, c))
	return ok
}

func TestCacheGivesWhatWasPut(t *testing.T) {
	c := open(t, 1<<20)
	made, used := sibling(t, c), sibling(t, c)
	for name, content := range map[string]string{"main": "program", "Main$1.class": "class", "other": "not named"} {
		if err := made.Write(name, []byte(content), 0o500); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Put("key", made, []string{"main", "Main$1.class"}, []byte("a\nb\n")); err != nil {
		t.Fatal(err)
	}
	if err := made.Empty(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	metadata, ok := c.Get("key", used)
	if !ok || metadata != "a\nb\n" {
		t.Errorf("got metadata %q, %v", metadata, ok)
	}
	for name, want := range map[string]string{"main": "program", "Main$1.class": "class"} {
		if got, err := os.ReadFile(filepath.Join(used.Path(), name)); err != nil || string(got) != want {
			t.Errorf("%s holds %q (%v), want %q", name, got, err, want)
		}
	}
	if _, err := os.Stat(filepath.Join(used.Path(), "other")); err == nil {
		t.Error("a file that was not named came along")
	}
	if has(t, c, "another key") {
		t.Error("a key that was never put hits")
	}
}

func TestKeyDistinguishesParts(t *testing.T) {
	seen := map[string][]string{}
	for _, parts := range [][]string{{}, {""}, {"", ""}, {"a"}, {"a", ""}, {"", "a"}, {"ab"}, {"a", "b"}, {"b", "a"}, {"a", "b", ""}} {
		key := Key(parts...)
		if other, duplicate := seen[key]; duplicate {
			t.Errorf("%q and %q have the same key", parts, other)
		}
		seen[key] = parts
	}
}

func TestCacheStaysWithinItsBound(t *testing.T) {
	c := open(t, 1<<20)
	for i := range 20 {
		put(t, c, fmt.Sprint("key", i), 100<<10)
		// An entry in constant use stays.
		if !has(t, c, "key0") {
			t.Fatalf("after %d more, the entry that is in use is gone", i)
		}
		_, total, err := c.entries()
		if err != nil || total > 1<<20 {
			t.Fatalf("the cache holds %d bytes (%v), want at most %d", total, err, 1<<20)
		}
	}
	if has(t, c, "key1") || !has(t, c, "key19") {
		t.Error("the entry used longest ago must go first, the newest stay")
	}
	put(t, c, "large", 300<<10)
	if has(t, c, "large") {
		t.Error("more than a quarter of the bound was stored")
	}
	for name := range names(t, c) {
		if strings.HasPrefix(name, hiddenPrefix) && name != hiddenPrefix+"lock" {
			t.Errorf("%s was left behind", name)
		}
	}
}

func TestCacheServesManyAtOnce(t *testing.T) {
	c := open(t, 200<<10)
	another, err := Open(c.path, c.maxBytes) // as another process does
	if err != nil {
		t.Fatal(err)
	}
	defer another.Close()
	var all sync.WaitGroup
	for i := range 8 {
		holder := []*Cache{c, another}[i%2]
		all.Go(func() {
			for n := range 100 {
				key := fmt.Sprint(n % 15)
				store := sibling(t, c)
				metadata, ok := holder.Get(key, store)
				if !ok {
					put(t, holder, key, 20<<10)
					continue
				}
				info, err := os.Stat(filepath.Join(store.Path(), "main"))
				if err != nil || info.Size() != 20<<10 || metadata != "metadata of "+key {
					t.Errorf("hit of %s: %v %v, metadata %q", key, info, err, metadata)
				}
			}
		})
	}
	all.Wait()
}

func TestCacheForgetsWhatAnotherProcessRemoved(t *testing.T) {
	c := open(t, 1<<20)
	another, err := Open(c.path, c.maxBytes)
	if err != nil {
		t.Fatal(err)
	}
	defer another.Close()
	put(t, c, "key", 100)
	if !has(t, another, "key") {
		t.Fatal("another process does not find the entry")
	}
	c.discard("key")
	if has(t, another, "key") {
		t.Error("another process still returns an entry that is gone")
	}
	put(t, c, "key", 200)
	if !has(t, another, "key") {
		t.Error("another process does not find the entry that was made again")
	}
}

func names(t *testing.T, c *Cache) map[string]bool {
	t.Helper()
	listed, err := os.ReadDir(c.path)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]bool{}
	for _, l := range listed {
		all[l.Name()] = true
	}
	return all
}

func BenchmarkHit(b *testing.B) {
	c := open(b, 1<<20)
	put(b, c, "key", 100<<10)
	store := sibling(b, c)
	for b.Loop() {
		if _, ok := c.Get("key", store); !ok {
			b.Fatal("missed")
		}
		store.Clear()
	}
}
