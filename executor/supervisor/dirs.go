package supervisor

import (
	"errors"
	"path/filepath"
	"time"

	"executorpool.dev/executor/sandbox/scratch"
)

// emptyPatience bounds the removal of what a dead worker's runs left.
const emptyPatience = 30 * time.Second

// freshDir makes name an empty directory below the scratch directory, following nothing that a run may have left there.
func (s *Supervisor) freshDir(name string) (err error) {
	dir, err := scratch.Open(filepath.Join(s.cfg.Scratch, name))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dir.Close()) }()
	return dir.Empty(time.Now().Add(emptyPatience))
}
