package supervisor

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDirectoryNamesCannotBeGuessed compares the names of slots of one start and of two.
func TestDirectoryNamesCannotBeGuessed(t *testing.T) {
	seen := map[string]string{}
	for range 2 {
		s := &Supervisor{cfg: Config{Scratch: "/scratch", Threads: 3}, names: newDirNames()}
		names, paths := s.slotDirs(1)
		again, _ := s.slotDirs(1)
		for i, name := range append(names, filepath.Base(s.cacheDir())) {
			label, random, _ := strings.Cut(name, "-")
			if i < len(names) && (name != again[i] || paths[i] != "/scratch/"+name) {
				t.Errorf("slot %d has the directories %s, %s and %s, want one", i, name, again[i], paths[i])
			}
			if !earlierName.MatchString(name) || len(random) != 32 || seen[random] != "" {
				t.Errorf("the name %s has the random part of %q", name, seen[random])
			}
			seen[random] = label
		}
	}
}

// TestStartRemovesEarlierDirectories starts in the volume of a container that was restarted.
func TestStartRemovesEarlierDirectories(t *testing.T) {
	dir := t.TempDir()
	earlier := &Supervisor{cfg: Config{Scratch: dir, Threads: 1}, names: newDirNames()}
	names, paths := earlier.slotDirs(0)
	for _, path := range append(paths, earlier.cacheDir(), filepath.Join(dir, "w0s0"), filepath.Join(dir, "another's")) {
		if err := os.MkdirAll(filepath.Join(path, "box", "closed"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink("/etc/passwd", filepath.Join(path, "link")); err != nil {
			t.Fatal(err)
		}
	}
	s := &Supervisor{cfg: Config{Scratch: dir, Threads: 1}, names: newDirNames()}
	if err := s.removeEarlierDirs(); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 || left[0].Name() != "another's" {
		t.Errorf("left are %v (%v), want only another's; the earlier names were %v", left, err, names)
	}
}
