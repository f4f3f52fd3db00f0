package report

import (
	"bytes"
	"compress/flate"
	"encoding/json"
	"fmt"
	"io"
)

const (
	// maxCheckpoint is the highest length of a checkpoint in a Contest's status, in bytes. A
	// replica takes about 160.
	maxCheckpoint = 256 << 10
	// maxState is the highest length of an unpacked checkpoint, in bytes.
	maxState = 64 << 20
)

// Checkpoint returns the ledger in a packed form for the next process. A checkpoint that would
// exceed maxCheckpoint leaves the replicas out; a report that continues from it is incomplete.
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

// Restore returns the ledger of a checkpoint.
func Restore(packed []byte) (*Ledger, error) {
	l := New(state{}.From)
	if err := json.NewDecoder(io.LimitReader(flate.NewReader(bytes.NewReader(packed)), maxState)).Decode(&l.s); err != nil {
		return nil, fmt.Errorf("decode checkpoint: %w", err)
	}
	if l.s.From.IsZero() || l.s.Total == nil || l.s.Replicas == nil || l.s.Minutes == nil {
		return nil, fmt.Errorf("decode checkpoint: it is not one of a ledger")
	}
	for uid, r := range l.s.Replicas {
		if r == nil {
			return nil, fmt.Errorf("decode checkpoint: replica %.64q is empty", uid)
		}
	}
	return l, nil
}
