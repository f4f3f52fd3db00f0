package supervisor

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"executorpool.dev/executor/sandbox/scratch"
)

// wipeTimeout bounds the removal of the residue of an ended worker.
const wipeTimeout = 30 * time.Second

// dirNames makes names of directories that no run can guess. Landlock does not refuse a run to look
// at a file that it cannot open: a known path shows whether the file exists, its size and its
// times, and so what runs in other slots and what others have submitted. Each directory has a part
// of its own, because a run knows the name of its slot.
type dirNames struct{ secret [32]byte }

// newDirNames returns the names of one start of the executor.
func newDirNames() (n dirNames) {
	// Read never fails (crypto/rand, since Go 1.24).
	_, _ = rand.Read(n.secret[:])
	return n
}

// name returns the label and its unguessable part.
func (n dirNames) name(label string) string {
	mac := hmac.New(sha256.New, n.secret[:])
	mac.Write([]byte(label))
	return label + "-" + hex.EncodeToString(mac.Sum(nil)[:16])
}

// earlierName matches the names of all starts.
var earlierName = regexp.MustCompile(`^(?:w[0-9]+s[0-9]+|cache)(?:-[0-9a-f]{32})?$`)

// removeEarlierDirs removes the directories of earlier starts, which a restarted container finds in
// its volume.
func (s *Supervisor) removeEarlierDirs() error {
	entries, err := os.ReadDir(s.cfg.Scratch)
	if err != nil {
		return fmt.Errorf("list the scratch directory: %w", err)
	}
	for _, entry := range entries {
		if !entry.IsDir() || !earlierName.MatchString(entry.Name()) {
			continue
		}
		if err := s.emptyDir(entry.Name()); err != nil {
			return fmt.Errorf("remove directories of an earlier start: %w", err)
		}
		if err := os.Remove(filepath.Join(s.cfg.Scratch, entry.Name())); err != nil {
			return fmt.Errorf("remove directories of an earlier start: %w", err)
		}
	}
	return nil
}

// cacheDir returns the directory of the compile cache.
func (s *Supervisor) cacheDir() string { return filepath.Join(s.cfg.Scratch, s.names.name("cache")) }

// shareLock returns the path of the file with which workers agree whose compiler may use more than
// its share of the memory. It begins with w, as everything of the workers does.
func (s *Supervisor) shareLock() string { return filepath.Join(s.cfg.Scratch, s.names.name("wait")) }

// slotDirs returns the directories of the slots of a worker.
func (s *Supervisor) slotDirs(index int) (names, paths []string) {
	for j := range s.cfg.Threads {
		name := s.names.name(fmt.Sprintf("w%ds%d", index, j))
		names = append(names, name)
		paths = append(paths, filepath.Join(s.cfg.Scratch, name))
	}
	return names, paths
}

// emptyDir makes name an empty directory in the scratch directory. It follows no symbolic link,
// because a run may have left some there.
func (s *Supervisor) emptyDir(name string) (err error) {
	dir, err := scratch.Open(filepath.Join(s.cfg.Scratch, name))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dir.Close()) }()
	return dir.Empty(time.Now().Add(wipeTimeout))
}
