//go:build linux

package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// What the server of a store costs per request over HTTP, warm: a closed loop
// of clients, each of which asks again as soon as it has its answer, for every
// query of testdata/load. The server is a process of its own, on loopback, and
// the CPU time is its alone, with its garbage collection. Nothing is
// compressed, and no answer is one that the client has already.
//
// .ci/bench-http prints it as a table. PAPERGRAPH_BENCH_STORE is the store to
// serve; without it that of the corpus is.
func BenchmarkHTTP(b *testing.B) {
	dir := os.Getenv("PAPERGRAPH_BENCH_STORE")
	if dir == "" {
		dir = copyStore(b, corpusStore(b))
	}
	files, err := filepath.Glob("testdata/load/*.graphql")
	if err != nil {
		b.Fatal(err)
	}
	s := startServer(b, "serve", "--store", dir)
	if err := process(s.cmd.Process.Pid).settle(time.Minute); err != nil {
		b.Fatal(err)
	}
	subjects := readSubjects(b, s.url)
	for _, file := range files {
		query, err := os.ReadFile(file)
		if err != nil {
			b.Fatal(err)
		}
		bodies := subjects.requests(b, string(query))
		for _, clients := range []int{1, 8} {
			name := strings.TrimSuffix(filepath.Base(file), ".graphql")
			b.Run(fmt.Sprintf("%s/clients=%d", name, clients), func(b *testing.B) {
				l := load{url: s.url + "/graphql", bodies: bodies, clients: clients}
				l.measure(b, process(s.cmd.Process.Pid))
			})
		}
	}
	if code := s.stop(b); code != 0 {
		b.Errorf("the server ends with %d:\n%s", code, s.stderr)
	}
}

// subject is what one request is about: the values of its variables. Every
// query takes those that it declares.
type subject struct {
	Concept string // one that many papers concern
	Other   string // another concept of Paper
	Paper   string // a paper that concerns Concept
	Words   string // the first ones of its title
}

type subjects []subject

// readSubjects asks a server what there is to ask it about: papers of the
// concepts that most papers concern.
func readSubjects(b *testing.B, url string) subjects {
	b.Helper()
	var got struct {
		Data struct {
			Concepts struct {
				Nodes []struct {
					ID     string
					Papers struct {
						Nodes []struct {
							ID, Title string
							Concerns  struct{ Nodes []struct{ ID string } }
						}
					}
				}
			}
		}
	}
	const query = `{ concepts(first: 25) { nodes { id papers(first: 4) { nodes { id title concerns(first: 5) { nodes { id } } } } } } }`
	body, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		b.Fatal(err)
	}
	answer, err := post(http.DefaultClient, url+"/graphql", body)
	if err != nil {
		b.Fatal(err)
	}
	if err := json.Unmarshal(answer, &got); err != nil {
		b.Fatalf("%v in %s", err, answer)
	}
	var list subjects
	for _, concept := range got.Data.Concepts.Nodes {
		for _, paper := range concept.Papers.Nodes {
			words := strings.Fields(paper.Title)
			s := subject{Concept: concept.ID, Other: concept.ID, Paper: paper.ID, Words: strings.Join(words[:min(4, len(words))], " ")}
			for _, c := range paper.Concerns.Nodes {
				if c.ID != s.Concept {
					s.Other = c.ID
				}
			}
			list = append(list, s)
		}
	}
	if len(list) == 0 {
		b.Fatalf("the store has no paper that concerns a concept: %s", answer)
	}
	return list
}

// requests are the bodies of requests with a query, one about each subject.
func (s subjects) requests(b *testing.B, query string) [][]byte {
	b.Helper()
	bodies := make([][]byte, len(s))
	for i, about := range s {
		variables := make(map[string]string)
		for name, value := range map[string]string{"concept": about.Concept, "other": about.Other, "paper": about.Paper, "words": about.Words} {
			if strings.Contains(query, "$"+name+":") {
				variables[name] = value
			}
		}
		var err error
		if bodies[i], err = json.Marshal(map[string]any{"query": query, "variables": variables}); err != nil {
			b.Fatal(err)
		}
	}
	return bodies
}

// load is a closed loop of clients.
type load struct {
	url     string
	bodies  [][]byte // of the requests, in turn
	clients int
}

// measure reports what the server that a process is does under the load.
func (l load) measure(b *testing.B, server process) {
	client := &http.Client{Transport: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: l.clients}}
	defer client.CloseIdleConnections()
	for _, body := range l.bodies { // which warms the server up
		if _, err := post(client, l.url, body); err != nil {
			b.Fatal(err)
		}
	}
	if err := server.resetPeak(); err != nil {
		b.Fatal(err)
	}
	before, err := server.cpu()
	if err != nil {
		b.Fatal(err)
	}
	work := make(chan []byte)
	results := make([]result, l.clients)
	var running sync.WaitGroup
	for i := range results {
		running.Go(func() { results[i] = ask(client, l.url, work) })
	}
	n := 0
	for b.Loop() {
		work <- l.bodies[n%len(l.bodies)]
		n++
	}
	close(work)
	running.Wait()
	after, err := server.cpu()
	if err != nil {
		b.Fatal(err)
	}
	peak, err := server.peak()
	if err != nil {
		b.Fatal(err)
	}
	var all result
	for _, r := range results {
		if r.err != nil {
			b.Fatal(r.err)
		}
		all.times = append(all.times, r.times...)
		all.bytes += r.bytes
	}
	slices.Sort(all.times)
	at := func(quantile float64) float64 {
		return all.times[int(quantile*float64(len(all.times)-1))].Seconds() * 1e3
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "req/s")
	b.ReportMetric(at(0.5), "p50-ms")
	b.ReportMetric(at(0.95), "p95-ms")
	b.ReportMetric(at(0.99), "p99-ms")
	b.ReportMetric((after-before).Seconds()*1e3/float64(n), "cpu-ms/req")
	b.ReportMetric(float64(all.bytes)/float64(n)/1e3, "kB/req")
	b.ReportMetric(float64(peak)/(1<<20), "peak-MiB")
}

// result is what a client saw.
type result struct {
	times []time.Duration // of its requests
	bytes int             // of the answers
	err   error           // of the first request that failed
}

// ask is a client: it sends requests, one after the other, until there are no
// more.
func ask(client *http.Client, url string, requests <-chan []byte) result {
	var r result
	for body := range requests {
		start := time.Now()
		answer, err := post(client, url, body)
		r.times = append(r.times, time.Since(start))
		r.bytes += len(answer)
		r.err = cmp.Or(r.err, err)
	}
	return r
}

// post sends a request and reads the answer, which must be one without errors.
func post(client *http.Client, url string, body []byte) ([]byte, error) {
	response, err := client.Post(url, "application/json", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK || bytes.HasPrefix(answer, []byte(`{"errors"`)) {
		return nil, fmt.Errorf("%s to %s: %s", response.Status, body, answer)
	}
	return answer, nil
}

// process is a running process, by its number.
type process int

// clockTick is the unit of times in /proc, the same on every architecture
// that Go has.
const clockTick = 10 * time.Millisecond

// cpu is how long the process has used a CPU, in its own code and in the
// kernel.
func (p process) cpu() (time.Duration, error) {
	stat, err := os.ReadFile(p.file("stat"))
	if err != nil {
		return 0, err
	}
	// The second field is a name in brackets, which may have spaces in it.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	const user, system = 11, 12
	ticks := 0
	for _, i := range []int{user, system} {
		n, err := strconv.Atoi(fields[i])
		if err != nil {
			return 0, fmt.Errorf("CPU time of process %d: %w", p, err)
		}
		ticks += n
	}
	return time.Duration(ticks) * clockTick, nil
}

// settle waits until the process does next to nothing, for a while at most: what
// a build left in the store is put in order when it is opened next.
func (p process) settle(patience time.Duration) error {
	before, err := p.cpu()
	for start := time.Now(); err == nil && time.Since(start) < patience; {
		const pause = 500 * time.Millisecond
		time.Sleep(pause)
		var after time.Duration
		if after, err = p.cpu(); after-before < pause/20 {
			break
		}
		before = after
	}
	return err
}

// peak is the most memory that the process had in use, in bytes.
func (p process) peak() (int, error) {
	status, err := os.ReadFile(p.file("status"))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kB, err := strconv.Atoi(strings.Fields(rest)[0])
			return kB << 10, err
		}
	}
	return 0, fmt.Errorf("process %d: no VmHWM in %s", p, status)
}

// resetPeak makes peak begin at what is in use now.
func (p process) resetPeak() error { return os.WriteFile(p.file("clear_refs"), []byte("5"), 0) }

func (p process) file(name string) string { return fmt.Sprintf("/proc/%d/%s", int(p), name) }
