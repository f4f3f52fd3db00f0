package server

import (
	"slices"
	"testing"
)

func TestHeapLimitLeavesMappedPages(t *testing.T) {
	var limits []int64
	h := &heapLimit{total: 100 << 20, set: func(limit int64) int64 {
		limits = append(limits, limit>>20)
		return 0
	}}
	for _, n := range []int64{1, heapStep - 1, 1, -1, -heapStep + 1, -1} {
		h.add(n)
	}
	if want := []int64{84, 68, 84, 100}; !slices.Equal(limits, want) || h.mapped != 0 {
		t.Errorf("the limits are %d MiB, want %d; %d bytes are left", limits, want, h.mapped)
	}
}
