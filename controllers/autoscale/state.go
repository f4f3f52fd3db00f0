package autoscale

// State is what a decision wants back with the next input. It holds no pointers: a copy is a copy.
type State struct {
	begun bool
	// last is what was decided last, replicas the admin's number at that time.
	last, replicas int32
}
