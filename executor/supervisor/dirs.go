package supervisor

import (
	"errors"
	"path/filepath"
	"time"

	"executorpool.dev/executor/sandbox/scratch"
)

// wipeTimeout bounds the removal of the residue of an ended worker.
const wipeTimeout = 30 * time.Second

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
