package server

import (
	"runtime/debug"
	"sync"
)

// heapStep is the size in bytes by which the limit of the heap changes.
const heapStep = 16 << 20

// heapLimit keeps Go's heap and the pages of large bodies, which are not part of the heap, within
// one sum. Near its limit the collector works harder and returns memory; below, it lets the heap
// grow to twice its size.
type heapLimit struct {
	total int64 // bytes; 0 sets no limit
	set   func(limit int64) int64

	mu     sync.Mutex
	mapped int64
	step   int64
}

func newHeapLimit(total int64) *heapLimit {
	h := &heapLimit{total: total, set: debug.SetMemoryLimit}
	if total > 0 {
		h.set(total)
	}
	return h
}

// add counts n bytes of pages; n is negative for pages that were returned.
func (h *heapLimit) add(n int64) {
	if n == 0 || h.total == 0 {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.mapped += n
	if step := (h.mapped + heapStep - 1) / heapStep; step != h.step {
		h.step = step
		h.set(h.total - step*heapStep)
	}
}
