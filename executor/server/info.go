package server

import (
	"encoding/json"

	"github.com/valyala/fasthttp"

	"executorpool.dev/executor/api"
)

// info returns the document of GET /v1/info, rendered.
func (s *Server) info() []byte {
	ids := s.ids
	if ids == nil {
		ids = []string{}
	}
	document, err := json.Marshal(api.Info{
		Version: s.cfg.Version, Tier: s.cfg.Tier.String(), Slots: s.cfg.Slots.Slots(),
		TimeoutMillis: s.cfg.Bounds.Limits.WallMillis,
		QueueCapacity: s.cfg.Queue.Capacity(), QueueWaitMillis: s.cfg.QueueWait.Milliseconds(),
		Ceilings: s.cfg.Bounds.Limits, Request: api.NewRequestLimits(s.cfg.MaxBody),
		Languages: ids,
	})
	if err != nil {
		// Only our own types are encoded; an error is a fault of the program.
		panic(err)
	}
	return document
}

// static returns a handler that answers with the same JSON document each time.
func static(document []byte) fasthttp.RequestHandler {
	return func(ctx *fasthttp.RequestCtx) {
		ctx.SetContentType(api.ContentTypeJSON)
		ctx.Response.SetBodyRaw(document)
	}
}
