package scratch

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

func open(t *testing.T, path string) *Dir {
	t.Helper()
	d, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// deepen creates a chain of directories that is longer than PATH_MAX.
func deepen(t *testing.T, d *Dir, levels int) {
	t.Helper()
	fd, err := unix.Openat(d.FD(), ".", unix.O_RDONLY|unix.O_DIRECTORY, 0)
	must(t, err)
	for range levels {
		must(t, unix.Mkdirat(fd, "deeper", 0o700))
		next, err := unix.Openat(fd, "deeper", unix.O_RDONLY|unix.O_DIRECTORY, 0)
		must(t, err)
		unix.Close(fd)
		fd = next
	}
	must(t, unix.Mkfifoat(fd, "fifo", 0))
	unix.Close(fd)
}

func TestEmptyRemovesWhatResists(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "outside")
	must(t, os.WriteFile(outside, []byte("kept"), 0o600))
	d := open(t, filepath.Join(t.TempDir(), "box"))
	deepen(t, d, 3000)
	must(t, os.Symlink(outside, filepath.Join(d.Path(), "link")))
	must(t, os.Symlink(filepath.Dir(outside), filepath.Join(d.Path(), "directory link")))
	must(t, os.Mkdir(filepath.Join(d.Path(), ".lifted-1"), 0o700))
	must(t, os.WriteFile(filepath.Join(d.Path(), ".lifted-1", "x"), nil, 0))
	must(t, os.Chmod(filepath.Join(d.Path(), ".lifted-1"), 0))
	for i := range 3000 {
		must(t, d.Write(strconv.Itoa(i), nil, 0))
	}
	must(t, os.Chmod(d.Path(), 0))

	must(t, d.Empty(time.Now().Add(time.Minute)))
	left, err := os.ReadDir(d.Path())
	must(t, err)
	if len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	if text, err := os.ReadFile(outside); err != nil || string(text) != "kept" {
		t.Errorf("a link was followed: %q, %v", text, err)
	}
}

func TestEmptyGivesUpAtDeadline(t *testing.T) {
	d := open(t, filepath.Join(t.TempDir(), "box"))
	must(t, d.Write("x", nil, 0o600))
	if err := d.Empty(time.Now().Add(-time.Second)); err == nil {
		t.Error("no error past the deadline")
	}
}

func TestTakeMovesPlainFilesOnly(t *testing.T) {
	box, store := open(t, filepath.Join(t.TempDir(), "box")), open(t, filepath.Join(t.TempDir(), "store"))
	at := func(name string) string { return filepath.Join(box.Path(), name) }
	must(t, box.Write("a.class", []byte("a"), 0o600))
	must(t, box.Write("other", nil, 0o600))
	must(t, box.Write("b.class", nil, 0o600))
	must(t, os.Link(at("b.class"), at("second name")))
	must(t, os.Symlink("/etc/passwd", at("c.class")))
	must(t, unix.Mkfifo(at("d.class"), 0o600))
	must(t, os.Mkdir(at("e.class"), 0o700))
	moved, err := store.MoveFrom(box, []string{"*.class"})
	must(t, err)
	if diff := cmp.Diff([]string{"a.class"}, moved); diff != "" {
		t.Errorf("taken (-want +got):\n%s", diff)
	}
	info, err := os.Stat(filepath.Join(store.Path(), "a.class"))
	must(t, err)
	if info.Mode() != 0o500 {
		t.Errorf("mode %v, want 0500", info.Mode())
	}
}

func TestWriteRefusesWhatIsThere(t *testing.T) {
	d := open(t, filepath.Join(t.TempDir(), "box"))
	must(t, os.Symlink("/tmp/nowhere", filepath.Join(d.Path(), "link")))
	for _, name := range []string{"link", "", ".", "..", "a/b", "../a"} {
		if err := d.Write(name, nil, 0o600); err == nil {
			t.Errorf("%q was written", name)
		}
	}
}

func TestMeasureSeesHiddenFiles(t *testing.T) {
	d := open(t, filepath.Join(t.TempDir(), "box"))
	hidden := filepath.Join(d.Path(), "hidden")
	must(t, os.Mkdir(hidden, 0o700))
	must(t, os.WriteFile(filepath.Join(hidden, "f"), slices.Repeat([]byte("x"), 1<<16), 0o600))
	must(t, os.Chmod(hidden, 0))
	if size := d.Measure(100); size.Entries != 2 || size.Bytes < 1<<16 || size.Truncated {
		t.Errorf("got %+v", size)
	}
	if size := d.Measure(1); !size.Truncated {
		t.Errorf("got %+v, want it cut", size)
	}
	deepen(t, d, maxDepth+1)
	if size := d.Measure(1000); !size.Truncated {
		t.Errorf("got %+v, want it cut", size)
	}
}
