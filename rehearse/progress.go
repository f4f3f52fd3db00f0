package rehearse

import (
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"executorpool.dev/rehearse/summary"
)

// tally counts submissions while the plan is played.
type tally struct {
	total    int
	inFlight atomic.Int64
	done     atomic.Int64
	failed   atomic.Int64
}

func (t *tally) begin() { t.inFlight.Add(1) }

func (t *tally) end(kind summary.Kind) {
	t.inFlight.Add(-1)
	t.done.Add(1)
	if kind != summary.Right {
		t.failed.Add(1)
	}
}

func (t *tally) line(elapsed time.Duration) string {
	return fmt.Sprintf("%d/%d done, %d in flight, %d failed, %d s",
		t.done.Load(), t.total, t.inFlight.Load(), t.failed.Load(), int(elapsed.Seconds()))
}

// progress writes a line each second until stop is called. On a terminal it rewrites one line and
// clears it at the end.
func progress(w io.Writer, terminal bool, t *tally) (stop func()) {
	begun := time.Now()
	done, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		ticker := time.NewTicker(time.Second)
		defer ticker.Stop()
		for {
			select {
			case <-done:
				if terminal {
					fmt.Fprint(w, "\r\x1b[K")
				}
				return
			case <-ticker.C:
				if terminal {
					fmt.Fprint(w, "\r\x1b[K", t.line(time.Since(begun)))
				} else {
					fmt.Fprintln(w, t.line(time.Since(begun)))
				}
			}
		}
	}()
	return func() {
		close(done)
		<-stopped
	}
}
