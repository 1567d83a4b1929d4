package etcd

import (
	"flag"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/etcdv2/client/internal/cluster"
)

var (
	replySeed  = flag.Uint64("reply.seed", 0, "seed of the random replies; 0 for some by chance")
	replyCount = flag.Int("reply.count", 1_000, "how many random replies there are")
)

// writer writes replies as etcd writes them, or nearly so: chances, drawn with one seed.
type writer struct{ *rand.Rand }

// one returns one of choices.
func (w writer) one(choices ...string) string { return choices[w.IntN(len(choices))] }

// body returns an event, sometimes with a byte that is changed, missing or too much, or without its end.
func (w writer) body() string {
	body := `{"action":` + w.text() + `,"node":` + w.node(0) + w.one("", `,"prevNode":`+w.node(0)) + "}" + w.one("", "\n")
	if w.IntN(4) > 0 {
		return body
	}
	at := w.IntN(len(body))
	odd := w.one("{", "}", "[", "]", ",", ":", `"`, `\`, " ", "\x00", "\xff", "e")
	return w.one(body[:at]+odd+body[at+1:], body[:at]+body[at+1:], body[:at]+odd+body[at:], body[:at])
}

// node returns a node that is so deep in others.
func (w writer) node(depth int) string {
	var fields []string
	field := func(percent int, name string, value func() string) {
		if w.IntN(100) < percent {
			fields = append(fields, strconv.Quote(name)+":"+value())
		}
	}
	field(95, "key", w.text)
	field(80, "value", w.text)
	field(20, "dir", func() string { return w.one("true", "true", "true", "true", "false", "null") })
	field(20, "expiration", w.moment)
	field(20, "ttl", w.number)
	field(40-8*depth, "nodes", func() string {
		nodes := make([]string, w.IntN(4))
		for i := range nodes {
			nodes[i] = w.node(depth + 1)
		}
		return "[" + strings.Join(nodes, ",") + "]"
	})
	field(90, "modifiedIndex", w.number)
	field(90, "createdIndex", w.number)
	return "{" + strings.Join(fields, ",") + "}"
}

// text returns a string, which may be long and have escapes; of fifty one has what etcd never writes.
func (w writer) text() string {
	length, odd, escapes := w.IntN(12), w.IntN(50) == 0, w.IntN(2) == 0
	if w.IntN(100) == 0 {
		length = w.IntN(70_000)
	}
	text := []byte{'"'}
	for range length {
		switch chance := w.IntN(100); {
		case chance < 5 && odd:
			text = append(text, byte(w.IntN(0x100)))
		case chance < 10 && odd:
			text = append(text, w.one(`\ud83d\ude00`, `\ud83d`, `\u12`, `\x`, "\t")...)
		case chance < 10 && escapes:
			text = append(text, w.one(`\n`, `\"`, `\\`, `\/`, `\b`, `\u00e9`, `\u2028`, `\u003C`)...)
		case chance < 15:
			text = append(text, w.one("é", "😀")...)
		default:
			text = append(text, byte('a'+w.IntN(26)))
		}
	}
	return string(append(text, '"'))
}

// number returns one that fits, or one at an edge.
func (w writer) number() string {
	if w.IntN(50) > 0 {
		return strconv.FormatUint(w.Uint64()>>(1+w.IntN(63)), 10)
	}
	return w.one("0", "-0", "-1", "00", "1e2", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
		"18446744073709551615", "18446744073709551616", strings.Repeat("9", 1+w.IntN(22)))
}

// moment returns a time, or what is not quite one.
func (w writer) moment() string {
	const one = `"2026-11-22T17:53:55.329658113+09:00"`
	return w.one(one, one, one, one, one, one, one, one, one, `"2026-11-22T17:53:55Z"`, `"0001-01-01T00:00:00Z"`, `"2026-13-22T17:53:55Z"`, `"2026-11-22t17:53:55z"`,
		`"2026-11-22T17:53:55,5Z"`, `"2026-11-22T17:53:5\u0035Z"`, `"2026-11-22T17:53:55+25:00"`, `"10000-11-22T17:53:55Z"`, `""`, "null")
}

// inPieces is a source that brings up to most bytes at once, and its end with the last of them or after it.
type inPieces struct {
	writer
	left string
	most int
}

func (p *inPieces) Read(into []byte) (int, error) {
	n := copy(into[:min(len(into), 1+p.IntN(p.most))], p.left)
	if p.left = p.left[n:]; p.left == "" && (n == 0 || p.IntN(2) == 0) {
		return n, io.EOF
	}
	return n, nil
}

// Replies as etcd writes them, spoiled a little and in pieces of any size, are decoded as encoding/json does it.
func TestRandomRepliesAreDecodedAsByEncodingJSON(t *testing.T) {
	t.Parallel() // it computes for long
	seed := *replySeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	w := writer{rand.New(rand.NewPCG(seed, 0))}
	reply := cluster.Reply{Response: &http.Response{StatusCode: 200, Request: httptest.NewRequest("GET", "/v2/keys/k", nil)}}
	t.Logf("-reply.seed=%d", seed)
	fast, refused := 0, 0
	count := *replyCount
	if testing.Short() {
		count /= 4
	}
	for range count {
		text := w.body()
		body, err := readAll(&inPieces{w, text, 1 << w.IntN(18)})
		if err != nil {
			t.Fatal(err)
		}
		if body.event != nil {
			fast++
		}
		got, err := body.decode(reply)
		if err != nil {
			refused++
		}
		body.release()
		if checkDecoded(t, []byte(text), got, err); t.Failed() {
			t.Fatalf("of %.1000q", text)
		}
	}
	t.Logf("%d replies, %d decoded by fastDecoder, %d refused", count, fast, refused)
}
