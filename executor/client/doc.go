// Package client is the Go client of the executor's HTTP API, whose documents are the types of
// package executorpool.dev/executor/api. A program imports both packages:
//
//	c, err := client.New("http://demo:8000")
//	// ...
//	result, err := c.Execute(ctx, &api.Request{Language: "python3", Source: "print(6*7)"})
//
// A submission is an [api.Request]: its program is Source or a list of [api.File], its inputs are a
// list of [api.RunInput], and its limits are [api.Limits]. The answer is an [api.Result] with one
// [api.Stage] for each run. The other documents are [api.State], [api.Totals], [api.Language],
// [api.Info], [api.Readiness] and, in an [AnswerError], [api.Problem].
//
// Data flows one way: a call encodes its request, sends it once, reads one bounded answer and
// decodes it into the document of the API. A Client keeps no state of an executor, so that one
// Client serves a whole fleet: At returns it for another address at the cost of a small copy, and
// all copies share the connections of one http.Client.
//
// Each call ends in one of four ways:
//
//   - the document of the API;
//   - an *[AnswerError]: the executor answered something else. It wraps the *[api.Problem] of the
//     answer, where there is one, and has the HTTP status and the Retry-After;
//   - a *[ConnectionError]: no complete answer came. Its field MayBeAccepted reports whether the
//     executor may have accepted the submission nevertheless;
//   - another error: the request could not be encoded, and nothing was sent.
//
// Answers are not trusted. A redirect is not followed, an answer of another content type than the
// API's is an error, and so is an answer over the Client's limits. One answer takes at most about
// four times its limit in memory.
//
// The package does not retry, does not choose an executor and does not judge what a document
// says: all three depend on the caller. Two things are not retries of this package but of
// net/http: it sends a request again on another connection where nothing of it had been written
// to a kept one, and it sends a GET again where a kept connection ended before the answer began.
// An executor closes a connection that is idle for two minutes, so that a Transport should keep
// none for as long; NewTransport keeps them for 90 s.
//
// Timeouts are those of the context and of the http.Client. The package imports the standard
// library and executor/api alone.
package client
