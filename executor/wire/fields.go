package wire

import "executorpool.dev/executor/api"

func (s *Settings) fields(c *codec) {
	list(c, &s.Dirs, text[string])
	for _, limit := range s.Limits.Fields() {
		number(c, limit)
	}
	number(c, &s.Tier)
	list(c, &s.Languages, text[string])
	text(c, &s.Cache)
	number(c, &s.CacheSize)
	text(c, &s.ShareLock)
	flag(c, &s.Container)
	number(c, &s.Priority.Policy)
	number(c, &s.Priority.Nice)
	number(c, &s.Priority.CPUs)
	number(c, &s.Memory)
}

func (a *Assignment) fields(c *codec) {
	number(c, &a.Seq)
	number(c, &a.Timeout)
	if a.Request == nil {
		a.Request = &api.Request{}
	}
	r := a.Request
	text(c, &r.Language)
	text(c, &r.Source)
	list(c, &r.Files, func(c *codec, f *api.File) {
		text(c, &f.Name)
		text(c, &f.Content)
		text(c, &f.Encoding)
	})
	text(c, &r.Stdin)
	list(c, &r.Args, text[string])
	list(c, &r.Runs, func(c *codec, run *api.RunInput) {
		text(c, &run.Stdin)
		list(c, &run.Args, text[string])
	})
	text(c, &r.StopOnFailure)
	for _, limit := range r.Limits.Fields() {
		number(c, limit.Value)
	}
	text(c, &r.Encoding)
}

func (m *Completion) fields(c *codec) {
	if m.Result == nil {
		m.Result = &api.Result{}
	}
	r := m.Result
	text(c, &r.ID)
	text(c, &r.Verdict)
	text(c, &r.Cause)
	compiled := r.Compile != nil
	if flag(c, &compiled); compiled {
		if r.Compile == nil {
			r.Compile = &api.Stage{}
		}
		stageFields(c, r.Compile)
	}
	list(c, &r.Runs, stageFields)
	number(c, &r.QueueMillis)
	text(c, &r.Tier)
}

func stageFields(c *codec, s *api.Stage) {
	text(c, &s.Verdict)
	text(c, &s.Cause)
	number(c, &s.ExitCode)
	text(c, &s.Signal)
	text(c, &s.Stdout)
	text(c, &s.Stderr)
	flag(c, &s.StdoutTruncated)
	flag(c, &s.StderrTruncated)
	number(c, &s.CPUMillis)
	number(c, &s.WallMillis)
	number(c, &s.MemoryKiB)
	flag(c, &s.Cached)
}

func (m *Cancel) fields(c *codec) {
	number(c, &m.Slot)
	number(c, &m.Seq)
	flag(c, &m.PrefetchOnly)
}

func (n *Notification) fields(c *codec) {
	number(c, &n.Kind)
	text(c, &n.Error)
	number(c, &n.Slot)
	number(c, &n.Seq)
}
