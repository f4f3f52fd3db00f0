package api

import _ "embed"

// OpenAPI is the OpenAPI 3.1 document of the executor's HTTP API, in JSON. The executor serves it
// at GET /openapi.json. Tests compare it with the types and constants of this package, and with a
// running executor (test/openapi).
//
//go:embed openapi.json
var OpenAPI string
