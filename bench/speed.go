package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"

	"executorpool.dev/executor/api"
)

// workload is a program that both sides of a comparison run.
type workload struct {
	name    string
	request api.Request
	bare    []string // the command of the bare loops
	seconds float64  // the time that a round of throughput takes two bare loops; see doc.go
	count   int      // the runs of a round, set by withCount
}

// withCount returns w with the number of runs that two bare loops do on this machine in the given
// time.
func (b *bench) withCount(w workload, seconds float64) (workload, error) {
	w.count = 20
	for _, part := range []float64{0.25, 1} { // the first rate includes reading the program from the disk
		perSecond, err := b.bareLoops("fork", w, 2)
		if err != nil {
			return w, err
		}
		w.count = max(20, int(perSecond*seconds*part))
	}
	return w, nil
}

// workloads returns the workloads. Both sides start Python with the flags of the language table and
// from a file. Starting from a file takes a third of a millisecond longer than with -c, because
// Python first checks whether the path is a package.
func (b *bench) workloads() []workload {
	return []workload{
		{"static C hello", api.Request{Language: "c", Source: text("hello.c")}, []string{b.path("hello")}, 1, 0},
		{"Python print", api.Request{Language: "python3", Source: text("print.py")}, []string{"/usr/bin/python3", "-E", "-s", "-B", b.path("print.py")}, 3, 0},
		{"Java hello", api.Request{Language: "java", Source: text("Main.java")}, append(b.java(), "-cp", b.dir, "Main"), 3, 0},
	}
}

// java returns the command by which the language table starts Java programs.
func (b *bench) java() []string {
	return []string{"/usr/bin/java", "-Xshare:auto", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData"}
}

// bareLoops returns the number of programs per second that the given number of concurrent loops
// start together. how is "fork" or "vfork".
func (b *bench) bareLoops(how string, w workload, loops int) (perSecond float64, err error) {
	var all sync.WaitGroup
	took := make([]float64, loops)
	errs := make([]error, loops)
	for i := range loops {
		all.Go(func() {
			count := strconv.Itoa(max(1, w.count/loops))
			out, err := exec.Command(b.path("bare"), append([]string{how, count}, w.bare...)...).Output()
			if err == nil {
				took[i], err = strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
			}
			errs[i] = err
		})
	}
	all.Wait()
	for _, t := range took {
		perSecond += 1e9 / t
	}
	return perSecond, errors.Join(errs...)
}

// submit submits a request count times from concurrent clients. It returns the number of answers
// per second and the median time of a submission in milliseconds.
func (b *bench) submit(request api.Request, clients, count int) (perSecond, median float64, err error) {
	return b.submitTo(b.executor, request, clients, count)
}

// submitTo is submit for the given executor.
func (b *bench) submitTo(e *executor, request api.Request, clients, count int) (perSecond, median float64, err error) {
	file := b.path("request")
	if err := os.WriteFile(file, encoded(request), 0o600); err != nil {
		return 0, 0, err
	}
	_, port, err := net.SplitHostPort(e.address)
	if err != nil {
		return 0, 0, err
	}
	load := exec.Command(b.path("load"), port, strconv.Itoa(clients), strconv.Itoa(max(clients, count)), file)
	load.Stderr = os.Stderr
	out, err := load.Output()
	if err != nil {
		return 0, 0, fmt.Errorf("load the executor: %w", err)
	}
	_, err = fmt.Sscan(string(out), &perSecond, &median)
	return perSecond, median / 1e6, err
}

// throughput compares the runs per second on two cores of two bare loops, with fork and with vfork,
// and of the two slots of the executor. A submission has 1 run, or 20 runs as for a problem with 20
// tests.
func (b *bench) throughput() error {
	for _, w := range b.workloads() {
		w, err := b.withCount(w, w.seconds)
		if err != nil {
			return err
		}
		many := w.request
		many.Runs = make([]api.RunInput, 20)
		variants := []struct {
			name    string
			clients int
			runs    float64
			request api.Request
		}{
			{"1 client", 1, 1, w.request}, {"2 clients", 2, 1, w.request}, {"8 clients", 8, 1, w.request},
			{"2 clients, 20 runs a submission", 2, 20, many}, {"8 clients, 20 runs a submission", 8, 20, many},
		}
		if _, _, err := b.submit(w.request, 2, 20); err != nil {
			return err
		}
		rates, ofFork, ofVfork := map[string]measurements{}, map[string]measurements{}, map[string]measurements{}
		for range b.rounds(12) {
			for _, how := range []string{"fork", "vfork"} {
				rate, err := b.bareLoops(how, w, 2)
				if err != nil {
					return err
				}
				rates[how] = append(rates[how], rate)
			}
			for _, variant := range variants {
				rate, _, err := b.submit(variant.request, variant.clients, int(float64(w.count)/variant.runs))
				if err != nil {
					return err
				}
				rate *= variant.runs
				rates[variant.name] = append(rates[variant.name], rate)
				ofFork[variant.name] = append(ofFork[variant.name], rate/last(rates["fork"]))
				ofVfork[variant.name] = append(ofVfork[variant.name], rate/last(rates["vfork"]))
			}
		}
		fmt.Printf("%s: 2 bare loops with fork: %.0f runs/s; with vfork: %.0f runs/s (%d rounds: median, quartiles)\n",
			w.name, rates["fork"].quantile(0.5), rates["vfork"].quantile(0.5), len(rates["fork"]))
		for _, variant := range variants {
			fmt.Printf("  %-32s %6.0f runs/s, divided by fork %s, by vfork %s\n", variant.name, rates[variant.name].quantile(0.5), ofFork[variant.name], ofVfork[variant.name])
		}
	}
	return nil
}

// last returns the newest measurement.
func last(s measurements) float64 { return s[len(s)-1] }

// latency prints the time that the sandbox and the API add to a run on an idle machine: the median
// time of a submission less that of a bare start.
func (b *bench) latency() error {
	for _, w := range b.workloads() {
		w, err := b.withCount(w, w.seconds/9)
		if err != nil {
			return err
		}
		var added measurements
		for range b.rounds(24) {
			bare, err := b.bareLoops("fork", w, 1)
			if err != nil {
				return err
			}
			_, median, err := b.submit(w.request, 1, w.count)
			if err != nil {
				return err
			}
			added = append(added, median-1e3/bare)
		}
		fmt.Printf("%-15s median time added by sandbox and API, ms: %s\n", w.name, added)
	}
	return nil
}

// compile compares the first and the second submission of a C++ program that includes bits/stdc++.h
// with a bare g++. The second submission uses the compile cache.
func (b *bench) compile() error {
	c := b.executor.client()
	defer c.CloseIdleConnections()
	var first, second measurements
	for i := range b.rounds(12) {
		source := fmt.Sprintf("// round %d of %d\n%s", i, time.Now().UnixNano(), text("contest.cpp"))
		begin := time.Now()
		plain := exec.Command("g++", "-std=gnu++17", "-O2", "-x", "c++", "-o", b.path("contest"), "-")
		plain.Stdin = strings.NewReader(source)
		if err := plain.Run(); err != nil {
			return err
		}
		bare := time.Since(begin)
		request := body(api.Request{Language: "cpp17", Source: source, Stdin: "1 2"})
		for _, into := range []*measurements{&first, &second} {
			begin := time.Now()
			result, err := c.ExecuteEncoded(context.Background(), request)
			if err != nil {
				return err
			}
			if result.Verdict != api.OK || result.Compile.Cached != (into == &second) {
				return fmt.Errorf("got %+v, compiled %+v", result, result.Compile)
			}
			*into = append(*into, ratio(time.Since(begin), bare))
		}
	}
	fmt.Printf("C++ with bits/stdc++.h, compiled and run once, divided by a bare g++ -O2: %s\n", first)
	fmt.Printf("the same source again, from the compile cache:                           %s\n", second)
	return nil
}
