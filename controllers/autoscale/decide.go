package autoscale

// Decide says how many replicas the pool is to have now.
func Decide(in Input) Decision {
	state := in.State
	state.begun, state.replicas, state.last = true, in.Policy.Replicas, max(in.Policy.Floor, 0)
	return Decision{Replicas: state.last, Reason: in.Policy.FloorReason, Cause: CauseFloor, Fresh: in.Sample.Problem == "", State: state}
}
