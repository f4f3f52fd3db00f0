package worker

import "executorpool.dev/executor/wire"

// prefetched reports whether another assignment waits in the pipe of a slot.
func prefetched(conn *wire.Conn, pipes wire.BlockingPipes) bool {
	return conn.Buffered() || pipes.Readable()
}

// answerCancel cancels a prefetch and notifies the supervisor whether the assignment had begun.
func (s *slot) answerCancel(control *wire.Control, c wire.Cancel) error {
	n := wire.Notification{Kind: wire.Begun, Slot: c.Slot, Seq: c.Seq}
	if s.cancelPrefetch(c.Seq) {
		n.Kind = wire.PrefetchCancelled
	}
	return control.Send(&n)
}

// cancelPrefetch cancels an assignment that has not begun. It reports false when it has begun.
func (s *slot) cancelPrefetch(seq uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seq >= seq {
		return false
	}
	s.cancelledPrefetch = seq
	return true
}
