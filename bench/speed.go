package main

import (
	"bytes"
	"errors"
	"fmt"
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
	count   int // runs of a round
}

func (b *bench) works() []work {
	python := "print('hello')"
	return []work{
		{"static C hello", api.Request{Language: "c", Source: text("hello.c")}, []string{b.path("hello")}, 3000},
		{"Python print", api.Request{Language: "python3", Source: python}, []string{"/usr/bin/python3", "-E", "-s", "-B", "-c", python}, 200},
	}
}

// bareLoops is how long one run takes when so many loops run side by side.
func (b *bench) bareLoops(w work, loops, count int) (each time.Duration, err error) {
	var all sync.WaitGroup
	took := make([]float64, loops)
	errs := make([]error, loops)
	for i := range loops {
		all.Go(func() {
			out, err := exec.Command(b.path("bare"), append([]string{strconv.Itoa(count)}, w.bare...)...).Output()
			if err == nil {
				took[i], err = strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
			}
			errs[i] = err
		})
	}
	all.Wait()
	sum := 0.0
	for _, t := range took {
		sum += t
	}
	return time.Duration(sum / float64(loops)), errors.Join(errs...)
}

var okay = []byte(`"verdict":"OK"`)

// through is how many submissions a second so many clients get answered, and how long each took.
func (b *bench) through(request api.Request, clients, count int) (perSecond float64, took spread, err error) {
	request2 := encoded(request)
	var all sync.WaitGroup
	errs := make([]error, clients)
	times := make([]spread, clients)
	begin := time.Now()
	for i := range clients {
		all.Go(func() { times[i], errs[i] = b.submit(request2, count/clients) })
	}
	all.Wait()
	elapsed := time.Since(begin)
	for _, t := range times {
		took = append(took, t...)
	}
	return float64(len(took)) / elapsed.Seconds(), took, errors.Join(errs...)
}

func (b *bench) submit(request []byte, count int) (took spread, err error) {
	c, err := b.executor.connect()
	if err != nil {
		return nil, err
	}
	defer c.conn.Close()
	for range count {
		begin := time.Now()
		body, err := c.post(request)
		if err != nil {
			return took, err
		}
		if !bytes.Contains(body, okay) {
			return took, fmt.Errorf("not OK: %s", body)
		}
		took = append(took, millis(time.Since(begin)))
	}
	return took, nil
}

// throughput compares runs a second, two at a time, and the same with 20 runs in each submission.
func (b *bench) throughput() error {
	for _, w := range b.works() {
		if _, _, err := b.through(w.request, 2, 20); err != nil {
			return err
		}
		ratios := map[string]spread{}
		rates := map[string]spread{}
		many := w.request
		many.Runs = make([]api.RunInput, 20)
		for range b.rounds(8) {
			each, err := b.bareLoops(w, 2, w.count/2)
			if err != nil {
				return err
			}
			bare := 2 / each.Seconds()
			for _, way := range []struct {
				name    string
				clients int
				runs    float64
				request api.Request
			}{
				{"1 client", 1, 1, w.request}, {"2 clients", 2, 1, w.request}, {"8 clients", 8, 1, w.request},
				{"2 clients, 20 runs a submission", 2, 20, many}, {"8 clients, 20 runs a submission", 8, 20, many},
			} {
				perSecond, _, err := b.through(way.request, way.clients, max(way.clients, int(float64(w.count)/way.runs)))
				if err != nil {
					return err
				}
				ratios[way.name] = append(ratios[way.name], perSecond*way.runs/bare)
				rates[way.name] = append(rates[way.name], perSecond*way.runs)
			}
			rates["bare"] = append(rates["bare"], bare)
		}
		fmt.Printf("%-15s bare, 2 loops: %.0f runs/s\n", w.name, rates["bare"].at(0.5))
		for _, name := range []string{"1 client", "2 clients", "8 clients", "2 clients, 20 runs a submission", "8 clients, 20 runs a submission"} {
			fmt.Printf("%-15s %-32s %6.0f runs/s, of bare %s\n", w.name, name, rates[name].at(0.5), ratios[name])
		}
	}
	return nil
}

// latency is what the way through the API adds to a run on a machine that does nothing else.
func (b *bench) latency() error {
	for _, w := range b.works() {
		var added spread
		for range b.rounds(8) {
			each, err := b.bareLoops(w, 1, w.count/4)
			if err != nil {
				return err
			}
			_, took, err := b.through(w.request, 1, w.count/4)
			if err != nil {
				return err
			}
			added = append(added, took.at(0.5)-millis(each))
		}
		fmt.Printf("%-15s median time added by sandbox and API, ms: %s\n", w.name, added)
	}
	return nil
}

// compile compares a first compilation of a program that includes bits/stdc++.h with g++ alone, and a second with both.
func (b *bench) compile() error {
	c, err := b.executor.connect()
	if err != nil {
		return err
	}
	defer c.conn.Close()
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
		request := encoded(api.Request{Language: "cpp17", Source: source, Stdin: "1 2"})
		for _, into := range []*spread{&first, &second} {
			begin := time.Now()
			result, err := c.result(request)
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
