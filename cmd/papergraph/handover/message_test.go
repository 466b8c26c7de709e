package handover

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// What is sent is what is received.
func TestMessages(t *testing.T) {
	kinds := []kind{kindAbout, kindRefusal, kindStdout, kindStderr, kindNote, kindWant, kindExit, kindRequest, kindStdin, kindStdinEnd, kindInterrupt}
	rapid.Check(t, func(t *rapid.T) {
		type message struct {
			Kind kind
			Body []byte
		}
		var sent, received []message
		var b bytes.Buffer
		to := &sender{w: &b}
		for range rapid.IntRange(0, 10).Draw(t, "messages") {
			k := rapid.SampledFrom(kinds).Draw(t, "kind")
			limit, _ := bodyLimit(k)
			m := message{k, rapid.SliceOfN(rapid.Byte(), 0, int(min(limit, 1000))).Draw(t, "body")}
			if err := to.send(m.Kind, m.Body); err != nil {
				t.Fatal(err)
			}
			sent = append(sent, m)
		}
		for {
			k, body, err := readMessage(&b)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			received = append(received, message{k, append([]byte{}, body...)})
		}
		if d := cmp.Diff(sent, received); d != "" {
			t.Errorf("(-sent +received):\n%s", d)
		}
	})
}

func TestMessageTooLong(t *testing.T) {
	to := &sender{w: io.Discard}
	for k, size := range map[kind]int{kindStdout: maxBody + 1, kindExit: 2, kindWant: 1, kindRequest: maxRequest + 1, 'z': 0} {
		if err := to.send(k, make([]byte, size)); err == nil {
			t.Errorf("kind %q: %d bytes were sent", byte(k), size)
		}
	}
}

// Any request comes back as it was.
func TestRequest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) })
		want := Request{
			Version: rapid.String().Draw(t, "version"), Args: rapid.SliceOfN(text, 1, 5).Draw(t, "args"), Dir: text.Draw(t, "dir"),
			Env: map[string]string{"A": text.Draw(t, "value")}, Process: rapid.IntRange(0, 1<<22).Draw(t, "process"),
		}
		b, err := encodeRequest(want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := decodeRequest(b)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
	})
}

// Whatever arrives is a message within its bounds, or an error.
func FuzzReadMessage(f *testing.F) {
	var b bytes.Buffer
	to := &sender{w: &b}
	body, err := encodeRequest(Request{Version: "v1", Args: []string{"build", "papers"}, Dir: "/", Process: 1})
	if err := errors.Join(err, to.send(kindRequest, body), to.send(kindInterrupt, nil), to.send(kindStdin, []byte("{}"))); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte("A\x00\x00\x00\x12{\"version\":\"v1\"}!!X\x00\x00\x00\x01\x00"))
	f.Add([]byte("R\xff\xff\xff\xff"))
	f.Add([]byte("GET / HTTP/1.1\r\n\r\n"))
	f.Fuzz(func(t *testing.T, input []byte) {
		r := bytes.NewReader(input)
		for {
			before := r.Len()
			k, body, err := readMessage(r)
			if err != nil {
				if errors.Is(err, io.EOF) && before != 0 {
					t.Errorf("the end of the stream is seen %d bytes before it", before)
				}
				return
			}
			if limit, ok := bodyLimit(k); !ok || len(body) > int(limit) {
				t.Fatalf("a message of kind %q with %d bytes", byte(k), len(body))
			}
			var again bytes.Buffer
			if err := (&sender{w: &again}).send(k, body); err != nil {
				t.Fatal(err)
			}
			from := len(input) - before
			if !bytes.Equal(again.Bytes(), input[from:from+again.Len()]) {
				t.Fatalf("%q is read as %q", input[from:], again.Bytes())
			}
			if request, err := decodeRequest(body); err == nil {
				if _, err := encodeRequest(request); err != nil {
					t.Error(err)
				}
			}
			if _, err := decodeAbout(body); err != nil && !errors.Is(err, errProtocol) {
				t.Error(err)
			}
		}
	})
}
