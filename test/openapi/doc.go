// Package openapi tests the HTTP API's OpenAPI document (executor/api/openapi.json) and its page
// (docs/http-api.md) against real executors.
//
// Data flow: the document is read, checked by kin-openapi and compared with what an executor
// answers to every path, to every example and to a request for each documented status. A client
// that oapi-codegen generates from the document (package generated) submits a program. The programs
// on the page run against an executor, and its tables are compared with GET /v1/info and with the
// constants of executor/api.
//
// The package is a Go module of its own, because the executor does not need its libraries. It is
// not for the comparison of the document with the Go types, which is in executor/api.
package openapi
