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

// work is a program on both sides of the comparison.
type work struct {
	name    string
	request api.Request
	bare    []string
	seconds float64 // that a round of throughput takes two bare loops; see doc.go
	count   int     // runs of a round, by sized
}

// sized is the work with as many runs a round as this machine does in its seconds.
func (b *bench) sized(w work, seconds float64) (work, error) {
	w.count = 20
	for _, part := range []float64{0.25, 1} { // the first rate counts the time to read the program from the disk
		perSecond, err := b.bareLoops("fork", w, 2)
		if err != nil {
			return w, err
		}
		w.count = max(20, int(perSecond*seconds*part))
	}
	return w, nil
}

// works are the programs. Both sides start Python in the same way, with the flags of the table and from a file: that takes it a
// third of a millisecond longer than -c, since it looks first whether the path is a package.
func (b *bench) works() []work {
	return []work{
		{"static C hello", api.Request{Language: "c", Source: text("hello.c")}, []string{b.path("hello")}, 1, 0},
		{"Python print", api.Request{Language: "python3", Source: text("print.py")}, []string{"/usr/bin/python3", "-E", "-s", "-B", b.path("print.py")}, 3, 0},
		{"Java hello", api.Request{Language: "java", Source: text("Main.java")}, append(b.java(), "-cp", b.dir, "Main"), 3, 0},
	}
}

// java is the table's way to start a Java program, without the sandbox.
func (b *bench) java() []string {
	return []string{"/usr/bin/java", "-Xshare:auto", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData"}
}

// bareLoops is how many programs a second so many loops start side by side, by "fork" or by "vfork".
func (b *bench) bareLoops(how string, w work, loops int) (perSecond float64, err error) {
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

// through is how many submissions a second so many clients get answered, and the median time of one in milliseconds.
func (b *bench) through(request api.Request, clients, count int) (perSecond, median float64, err error) {
	return b.load(b.executor, request, clients, count)
}

// load is through for any executor.
func (b *bench) load(e *executor, request api.Request, clients, count int) (perSecond, median float64, err error) {
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

// throughput compares runs a second on two cores: two bare loops, by fork and by vfork, and the executor's two slots with one
// run a submission and with 20, as a problem with 20 tests has.
func (b *bench) throughput() error {
	for _, w := range b.works() {
		w, err := b.sized(w, w.seconds)
		if err != nil {
			return err
		}
		many := w.request
		many.Runs = make([]api.RunInput, 20)
		ways := []struct {
			name    string
			clients int
			runs    float64
			request api.Request
		}{
			{"1 client", 1, 1, w.request}, {"2 clients", 2, 1, w.request}, {"8 clients", 8, 1, w.request},
			{"2 clients, 20 runs a submission", 2, 20, many}, {"8 clients, 20 runs a submission", 8, 20, many},
		}
		if _, _, err := b.through(w.request, 2, 20); err != nil {
			return err
		}
		rates, ofFork, ofVfork := map[string]spread{}, map[string]spread{}, map[string]spread{}
		for range b.rounds(12) {
			for _, how := range []string{"fork", "vfork"} {
				rate, err := b.bareLoops(how, w, 2)
				if err != nil {
					return err
				}
				rates[how] = append(rates[how], rate)
			}
			for _, way := range ways {
				rate, _, err := b.through(way.request, way.clients, int(float64(w.count)/way.runs))
				if err != nil {
					return err
				}
				rate *= way.runs
				rates[way.name] = append(rates[way.name], rate)
				ofFork[way.name] = append(ofFork[way.name], rate/last(rates["fork"]))
				ofVfork[way.name] = append(ofVfork[way.name], rate/last(rates["vfork"]))
			}
		}
		fmt.Printf("%s: 2 bare loops, fork+exec+wait: %.0f runs/s; vfork+exec+wait: %.0f runs/s (%d rounds: median, quarter to three quarters)\n",
			w.name, rates["fork"].at(0.5), rates["vfork"].at(0.5), len(rates["fork"]))
		for _, way := range ways {
			fmt.Printf("  %-32s %6.0f runs/s, of fork %s, of vfork %s\n", way.name, rates[way.name].at(0.5), ofFork[way.name], ofVfork[way.name])
		}
	}
	return nil
}

func last(s spread) float64 { return s[len(s)-1] }

// latency is what the way through the API adds to a run on a machine that does nothing else.
func (b *bench) latency() error {
	for _, w := range b.works() {
		w, err := b.sized(w, w.seconds/9)
		if err != nil {
			return err
		}
		var added spread
		for range b.rounds(24) {
			bare, err := b.bareLoops("fork", w, 1)
			if err != nil {
				return err
			}
			_, median, err := b.through(w.request, 1, w.count)
			if err != nil {
				return err
			}
			added = append(added, median-1e3/bare)
		}
		fmt.Printf("%-15s median time added by sandbox and API, ms: %s\n", w.name, added)
	}
	return nil
}

// compile compares a first compilation of a program that includes bits/stdc++.h with g++ alone, and a second with both.
func (b *bench) compile() error {
	c := b.executor.client()
	defer c.CloseIdleConnections()
	var first, second spread
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
		for _, into := range []*spread{&first, &second} {
			begin := time.Now()
			result, err := c.ExecuteEncoded(context.Background(), request)
			if err != nil {
				return err
			}
			if result.Verdict != api.OK || result.Compile.Cached != (into == &second) {
				return fmt.Errorf("got %+v, compiled %+v", result, result.Compile)
			}
			*into = append(*into, share(time.Since(begin), bare))
		}
	}
	fmt.Printf("C++ with bits/stdc++.h, compiled and run once, of g++ -O2 alone: %s\n", first)
	fmt.Printf("the same source again, which is not compiled:                    %s\n", second)
	return nil
}
