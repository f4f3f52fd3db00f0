package wire

import (
	"time"

	"executorpool.dev/executor/api"
	"executorpool.dev/executor/sandbox"
	"executorpool.dev/executor/settings"
)

// Settings is the first message to a worker.
type Settings struct {
	Dirs      []string // the directory of each slot
	Limits    sandbox.Limits
	Tier      sandbox.Tier
	Languages []string
	Cache     string // directory of the compile cache
	CacheSize int64  // bytes; 0 disables the cache
	ShareLock string // see sandbox.SlotConfig
	// Container reports whether the worker inherits the directory of the container's memory control
	// group, as descriptor InheritedAfter.
	Container bool
	// Priority is the priority with which the executor was started, which the worker must have too.
	Priority sandbox.Priority
	Memory   int64 // bytes that the process should use at most, without its runs
}

// Assignment gives a slot of a worker a job.
type Assignment struct {
	// Seq counts the assignments of a slot. A late Cancel names the assignment it is for, so that
	// it cannot end the next one.
	Seq     uint64
	Timeout time.Duration // the hard timeout of the submission, from its start
	Request *api.Request
}

// Completion is the answer of a slot to one assignment.
type Completion struct {
	Result *api.Result
}

// Cancel makes a worker end an assignment whose client has left. With PrefetchOnly the worker drops
// the assignment only if it has not begun, and notifies the supervisor which of both is the case.
type Cancel struct {
	Slot         int
	Seq          uint64
	PrefetchOnly bool
}

// NotificationKind is the subject of a Notification.
type NotificationKind int

const (
	// Ready: the slots accept assignments.
	Ready NotificationKind = iota + 1
	// Heartbeat proves that the process is alive.
	Heartbeat
	// StartFailed: the worker cannot start. Error is set.
	StartFailed
	// Begun: a Cancel with PrefetchOnly came after the assignment had begun. Slot and Seq are set.
	Begun
	// PrefetchCancelled: the assignment will not begin. Slot and Seq are set.
	PrefetchCancelled
)

// Notification is a message of a worker outside of its slots.
type Notification struct {
	Kind  NotificationKind
	Error string
	Slot  int
	Seq   uint64
}

const (
	// HeartbeatInterval is the time between two heartbeats of a worker.
	HeartbeatInterval = settings.Heartbeat
	// HeartbeatTimeout is the time without a byte from a worker after which the worker counts as
	// silent.
	HeartbeatTimeout = settings.Silence
)
