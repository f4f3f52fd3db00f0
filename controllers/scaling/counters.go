package scaling

import "executorpool.dev/controllers/sampling"

// Counters are the counters of a sample that the status of a pool shows.
type Counters struct {
	QueueDepth, BusySlots float64
}

// CountersOf returns the counters of a reading.
func CountersOf(reading sampling.Reading) Counters {
	return Counters{QueueDepth: reading.Sample.Waiting, BusySlots: reading.Sample.Busy}
}
