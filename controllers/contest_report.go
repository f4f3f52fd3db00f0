package controllers

import (
	"fmt"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"executorpool.dev/controllers/contest"
)

// pendingInterval is how soon to ask again for a report that is about to be begun or ended.
const pendingInterval = 250 * time.Millisecond

// report puts into a decision what is known of what the replicas did.
func (r *ContestReconciler) report(in contest.Input, d *contest.Decision) error {
	c := in.Contest
	if in.Now.Before(c.Spec.StartTime.Time) {
		contest.Unreport(&d.Status)
	}
	written, pending, err := r.Recorder.Record(c, in.Now, func(record contest.Record) error {
		told, recheck, err := contest.Report(&d.Status, in, record)
		d.Events = append(d.Events, told...)
		d.Sooner(recheck)
		return err
	})
	if err != nil {
		return fmt.Errorf("report on contest %s: %w", client.ObjectKeyFromObject(c), err)
	}
	over := contest.Entry(c).Phase(in.Now).Over()
	if pending && (over || (!written && !in.Now.Before(c.Spec.StartTime.Time))) {
		d.Sooner(pendingInterval)
	}
	return nil
}
