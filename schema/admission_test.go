package schema

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// enter is Enter of somebody who is let in at once.
func enter(t *testing.T, a *Admission, name string) (leave func()) {
	t.Helper()
	leave, err := a.Enter(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return leave
}

// Clients take turns, however many requests one of them has waiting.
func TestAdmissionIsFair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := NewAdmission(AdmissionLimits{Running: 1, Patience: time.Hour})
		leave := enter(t, a, "greedy")
		var mu sync.Mutex
		var order []string
		var wg sync.WaitGroup
		for _, name := range []string{"greedy", "greedy", "greedy", "modest", "other"} {
			wg.Go(func() {
				leave, err := a.Enter(context.Background(), name)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				order = append(order, name)
				mu.Unlock()
				time.Sleep(time.Second)
				leave()
			})
			synctest.Wait() // so that they come in this order
		}
		if running, waiting := a.Load(); running != 1 || waiting != 5 {
			t.Errorf("%d running, %d waiting", running, waiting)
		}
		leave()
		wg.Wait()
		if diff := cmp.Diff([]string{"greedy", "modest", "other", "greedy", "greedy"}, order); diff != "" {
			t.Error(diff)
		}
		if running, waiting := a.Load(); running != 0 || waiting != 0 || len(a.clients) != 0 || len(a.queue) != 0 {
			t.Errorf("%d running, %d waiting, %d clients, %d queues", running, waiting, len(a.clients), len(a.queue))
		}
	})
}

// Who has fewer requests inside goes before who came first.
func TestAdmissionPrefersWhoHasLess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := NewAdmission(AdmissionLimits{Running: 2, Patience: time.Hour})
		first, second := enter(t, a, "greedy"), enter(t, a, "greedy")
		got := make(chan string, 2)
		for _, name := range []string{"greedy", "modest"} {
			go func() {
				leave, err := a.Enter(context.Background(), name)
				if err != nil {
					t.Error(err)
					return
				}
				got <- name
				leave()
			}()
			synctest.Wait()
		}
		first()
		if name := <-got; name != "modest" {
			t.Errorf("%s was next", name)
		}
		<-got
		second()
	})
}

func TestAdmissionRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := NewAdmission(AdmissionLimits{Running: 1, Waiting: 3, PerClient: 2, Patience: 5 * time.Second})
		leave := enter(t, a, "x")
		ctx, cancel := context.WithCancel(t.Context())
		errs := make(chan error, 4)
		wait := func(name string) {
			go func() {
				_, err := a.Enter(ctx, name)
				errs <- err
			}()
			synctest.Wait()
		}
		wait("x")
		wait("x")
		var busy *BusyError
		if _, err := a.Enter(ctx, "x"); !errors.As(err, &busy) || busy.Own != 2 || !strings.Contains(err.Error(), "1 requests are being answered and 2 wait, 2 of them yours, of which 2 may wait; try again in 5s") {
			t.Errorf("third of a client: %v", err)
		}
		wait("y")
		if _, err := a.Enter(ctx, "z"); !errors.As(err, &busy) || busy.Own != 0 || busy.Waiting != 3 {
			t.Errorf("fourth of all: %v", err)
		}
		time.Sleep(6 * time.Second)
		for range 3 {
			if err := <-errs; !errors.As(err, &busy) || busy.Waited != 5*time.Second {
				t.Errorf("after a while: %v", err)
			}
		}
		wait("y")
		cancel()
		if err := <-errs; !errors.Is(err, context.Canceled) {
			t.Errorf("one who went away: %v", err)
		}
		leave()
		if running, waiting := a.Load(); running != 0 || waiting != 0 || len(a.clients) != 0 || len(a.queue) != 0 {
			t.Errorf("%d running, %d waiting, %d clients, %d queues", running, waiting, len(a.clients), len(a.queue))
		}
	})
}

// Whatever comes and goes, no more than allowed are inside, nobody is let in
// twice or forgotten, and in the end all is empty.
func TestAdmissionProperties(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		limit := rapid.IntRange(1, 4).Draw(rt, "running")
		names := rapid.SliceOfN(rapid.IntRange(0, 5), 1, 40).Draw(rt, "clients")
		gone := rapid.SliceOfN(rapid.Bool(), len(names), len(names)).Draw(rt, "go away")
		synctest.Test(t, func(t *testing.T) {
			a := NewAdmission(AdmissionLimits{Running: limit, Waiting: 20, PerClient: 7, Patience: 3 * time.Second})
			var mu sync.Mutex
			inside, most := 0, 0
			var wg sync.WaitGroup
			for i, name := range names {
				wg.Go(func() {
					time.Sleep(time.Duration(i*37%11) * 100 * time.Millisecond)
					ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
					if gone[i] {
						ctx, cancel = context.WithTimeout(ctx, time.Duration(i)*50*time.Millisecond)
					}
					defer cancel()
					leave, err := a.Enter(ctx, fmt.Sprint(name))
					if err != nil {
						return
					}
					mu.Lock()
					inside++
					most = max(most, inside)
					mu.Unlock()
					time.Sleep(700 * time.Millisecond)
					mu.Lock()
					inside--
					mu.Unlock()
					leave()
				})
			}
			wg.Wait()
			if running, waiting := a.Load(); most > limit || running != 0 || waiting != 0 || len(a.clients) != 0 || len(a.queue) != 0 {
				t.Errorf("%d at once of %d; %d running, %d waiting, %d clients, %d queues", most, limit, running, waiting, len(a.clients), len(a.queue))
			}
		})
	})
}

// A server that is full says so with the numbers, and is not full for what
// needs no work.
func TestBusyHandler(t *testing.T) {
	s := schemaOf(t, small(t), Options{})
	a := NewAdmission(AdmissionLimits{Running: 1, Waiting: 1, PerClient: 1, Patience: time.Hour})
	h := NewHandler(s, HandlerOptions{Admission: a})
	const target = "/?query={stats{papers}}"
	got, _ := call(t, h, "GET", target, "")
	tag := got.Header.Get("ETag")
	leave := enter(t, a, "somebody")
	waiting, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		r := httptest.NewRequestWithContext(waiting, "GET", target, nil)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if body := w.Body.String(); !strings.Contains(body, "CANCELLED") {
			t.Errorf("one who goes away while it waits: %s", body)
		}
	})
	for n := 0; n == 0; _, n = a.Load() {
		time.Sleep(time.Millisecond)
	}
	got, body := call(t, h, "GET", target, "")
	if got.StatusCode != 503 || got.Header.Get("Retry-After") != "3600" || !strings.Contains(body, "1 requests are being answered and 1 wait") || !strings.Contains(body, "UNAVAILABLE") {
		t.Errorf("%d %v %s", got.StatusCode, got.Header, body)
	}
	if got, _ := call(t, h, "GET", target, "", "If-None-Match", tag); got.StatusCode != 304 {
		t.Errorf("what the client has: %d", got.StatusCode)
	}
	cancel()
	wg.Wait()
	leave()
	if got, _ := call(t, h, "GET", target, ""); got.StatusCode != 200 {
		t.Errorf("afterwards: %d", got.StatusCode)
	}
	if running, waiting := a.Load(); running != 0 || waiting != 0 {
		t.Errorf("%d running, %d waiting", running, waiting)
	}
}

func TestClientAddress(t *testing.T) {
	for _, tt := range []struct {
		remote    string
		forwarded []string
		proxy     bool
		want      string
	}{
		{"192.0.2.1:1234", nil, false, "192.0.2.1"},
		{"[2001:db8:1:2:3:4:5:6]:1234", nil, false, "2001:db8:1:2::/64"},
		{"[::ffff:192.0.2.1]:1234", nil, true, "192.0.2.1"},
		{"[fe80::1%eth0]:1", nil, false, "fe80::/64"},
		{"192.0.2.1:1234", []string{"198.51.100.7"}, false, "192.0.2.1"},
		{"192.0.2.1:1234", []string{"198.51.100.7"}, true, "198.51.100.7"},
		{"192.0.2.1:1234", []string{"10.0.0.1", "made-up, 198.51.100.8"}, true, "198.51.100.8"},
		{"192.0.2.1:1234", []string{"nonsense"}, true, "nonsense"},
		{"@", nil, false, "@"},
	} {
		r := &http.Request{RemoteAddr: tt.remote, Header: http.Header{}}
		for _, f := range tt.forwarded {
			r.Header.Add("X-Forwarded-For", f)
		}
		if got := ClientAddress(r, tt.proxy); got != tt.want {
			t.Errorf("%q, forwarded %q, proxy %v: %q, want %q", tt.remote, tt.forwarded, tt.proxy, got, tt.want)
		}
	}
}

// What entering costs where nobody waits, and where many do.
func BenchmarkAdmission(b *testing.B) {
	b.Run("free", func(b *testing.B) {
		a := NewAdmission(AdmissionLimits{Running: 4})
		b.ReportAllocs()
		for b.Loop() {
			leave, err := a.Enter(b.Context(), "client")
			if err != nil {
				b.Fatal(err)
			}
			leave()
		}
	})
	b.Run("full", func(b *testing.B) {
		a := NewAdmission(AdmissionLimits{Running: 4, Waiting: 1000, PerClient: 1000, Patience: time.Hour})
		names := slices.Collect(func(yield func(string) bool) {
			for i := range 50 {
				if !yield(fmt.Sprint(i)) {
					return
				}
			}
		})
		b.ReportAllocs()
		b.SetParallelism(50)
		b.RunParallel(func(pb *testing.PB) {
			for i := 0; pb.Next(); i++ {
				leave, err := a.Enter(context.Background(), names[i%len(names)])
				if err != nil {
					b.Error(err)
					return
				}
				leave()
			}
		})
	})
}
