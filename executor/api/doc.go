// Package api is the executor's HTTP contract: paths, headers, limits, the documents of requests
// and answers, the validation of a request, and the problems (RFC 9457) that answer an invalid one.
//
// Data flows one way: bytes -> Decode -> Request (validated, with defaults) -> the queue and a
// worker -> Result -> bytes. The package is pure: it reads no clock, file or environment, so that
// the gateway and clients import it too. Package client calls the API.
//
// The package does not know which languages exist: the server checks Request.Language against its
// table. It is not for the messages between the supervisor and its workers.
package api
