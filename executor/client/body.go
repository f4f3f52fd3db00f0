package client

import (
	"errors"
	"io"
	"sync"
)

// errCallEnded is what a transport reads that still reads the body after the call has failed.
var errCallEnded = errors.New("the call has ended")

// submission is the body of a request. It knows whether a transport has read it to its end: until
// then the executor cannot have it. After end nothing more is read, so that the answer is final.
type submission struct {
	content []byte

	mu     sync.Mutex
	handed bool // some reader handed its last byte over
	ended  bool
}

// reader returns a reader from the beginning. A transport gets another one for each try.
func (s *submission) reader() (io.ReadCloser, error) { return &bodyReader{of: s}, nil }

// end ends all reading, and reports whether a transport has the whole body.
func (s *submission) end() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	return s.handed
}

type bodyReader struct {
	of   *submission
	next int
}

func (r *bodyReader) Read(p []byte) (int, error) {
	s := r.of
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.next == len(s.content) {
		return 0, io.EOF
	}
	if s.ended {
		return 0, errCallEnded
	}
	n := copy(p, s.content[r.next:])
	r.next += n
	if r.next == len(s.content) {
		s.handed = true
		return n, io.EOF
	}
	return n, nil
}

func (r *bodyReader) Close() error { return nil }
