// Package monitoring proves what an admin is told by: that each alert of the chart fires when it should and is silent when it
// should not, by promtool's unit tests in testdata, and that alerts and dashboard name metrics and labels that the manager
// and the executor really expose. A query for a metric that does not exist is no error to Prometheus, only silence.
package monitoring
