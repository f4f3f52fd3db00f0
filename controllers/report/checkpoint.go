package report

import (
	"bytes"
	"compress/flate"
	"encoding/json"
	"fmt"
	"io"
)

const (
	// maxCheckpoint bounds what is written to a Contest's status, in bytes: some 160 a replica that has worked.
	maxCheckpoint = 256 << 10
	// maxState is far more than that is unpacked.
	maxState = 64 << 20
)

// Checkpoint is the ledger in bytes, for another process to go on with. When there are so many replicas that it would be too
// long, it is without them, and what goes on from it will be incomplete.
func (l *Ledger) Checkpoint() ([]byte, error) {
	packed, err := pack(l.s)
	if err != nil || len(packed) <= maxCheckpoint {
		return packed, err
	}
	alone := l.s
	alone.Replicas = nil
	return pack(alone)
}

func pack(s state) ([]byte, error) {
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, flate.BestSpeed)
	if err != nil {
		return nil, fmt.Errorf("pack checkpoint: %w", err)
	}
	if err := json.NewEncoder(w).Encode(s); err != nil {
		return nil, fmt.Errorf("encode checkpoint: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("pack checkpoint: %w", err)
	}
	return packed.Bytes(), nil
}

// Restore makes the ledger that a checkpoint was made of.
func Restore(packed []byte) (*Ledger, error) {
	l := New(state{}.From)
	if err := json.NewDecoder(io.LimitReader(flate.NewReader(bytes.NewReader(packed)), maxState)).Decode(&l.s); err != nil {
		return nil, fmt.Errorf("decode checkpoint: %w", err)
	}
	if l.s.From.IsZero() || l.s.Total == nil || l.s.Replicas == nil || l.s.Minutes == nil {
		return nil, fmt.Errorf("decode checkpoint: it is none of a ledger")
	}
	for uid, r := range l.s.Replicas {
		if r == nil {
			return nil, fmt.Errorf("decode checkpoint: replica %.64q is empty", uid)
		}
	}
	return l, nil
}
