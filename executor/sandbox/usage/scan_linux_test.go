package usage

import (
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestScanFindsOwnGroup(t *testing.T) {
	s, err := NewScanner()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for begin := time.Now(); time.Since(begin) < 2*tick; {
	}
	own := unix.Getpgrp()
	groups := map[int]*Group{own: {}}
	for range 2 {
		over, err := s.Scan(groups)
		if err != nil || over != 0 {
			t.Fatal(over, err)
		}
		g := groups[own]
		if g.Threads < 1 || g.CPU < tick || len(g.Pids) < 1 || len(g.Parents) != len(g.Pids) {
			t.Errorf("got %+v", g)
		}
	}
	groups[own].MaxThreads = 1
	if over, err := s.Scan(groups); err != nil || over != own {
		t.Errorf("got %d, %v; want a scan that ends at group %d", over, err, own)
	}
}

func TestUnlinkedCountsOpenFiles(t *testing.T) {
	f, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write(make([]byte, 1<<16)); err != nil {
		t.Fatal(err)
	}
	before := UnlinkedBytes([]int{os.Getpid()})
	if err := os.Remove(f.Name()); err != nil {
		t.Fatal(err)
	}
	if after := UnlinkedBytes([]int{os.Getpid(), os.Getpid()}); after-before != 1<<16 {
		t.Errorf("counted %d bytes more, want %d once", after-before, 1<<16)
	}
}
