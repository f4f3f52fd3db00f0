// Package monitoring tests the alerts and the dashboard of the chart. promtool's unit tests in
// testdata prove that each alert fires when it should and only then. Other tests prove that the
// manager and the executor expose every metric and label that an alert or a panel uses, because
// Prometheus does not report an error for a metric that does not exist.
//
// The package does not test the values of metrics; the packages that expose them do.
package monitoring
