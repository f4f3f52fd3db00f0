// Package api holds the executor's HTTP contract: what a client sends to POST /v1/execute, what it gets back, how a
// request is validated and which problem (RFC 9457) answers a bad one.
//
// Data flows one way: bytes -> Decode -> Request (validated, defaults filled in) -> the queue and a worker -> Result ->
// bytes. The package is pure: it reads no clock, file or environment, so the gateway and client programs import it too.
// It does not know which languages exist; the server checks Request.Language against its table.
package api
