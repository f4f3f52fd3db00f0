package server

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/valyala/fasthttp"

	"executorpool.dev/executor/api"
)

func TestInfoIsTheConfiguration(t *testing.T) {
	s := newServer(fixedSlots{slots: 3})
	var got api.Info
	if err := json.Unmarshal(s.info(), &got); err != nil {
		t.Fatal(err)
	}
	want := api.Info{
		Version: "test", Tier: "Restricted", Slots: 3, TimeoutMillis: 1000, QueueCapacity: 2, QueueWaitMillis: 10,
		Ceilings: s.cfg.Bounds.Limits, Request: api.NewRequestLimits(1000), Languages: []string{"c", "python3"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("info (-want +got):\n%s", diff)
	}
}

func TestStaticDocumentsAllocateNothing(t *testing.T) {
	handler := static(newServer(fixedSlots{}).info())
	var ctx fasthttp.RequestCtx
	if n := testing.AllocsPerRun(100, func() { handler(&ctx) }); n > 0 {
		t.Errorf("an answer takes %g allocations", n)
	}
}
