package etcd

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"time"
	"unicode/utf8"

	"github.com/etcdv2/client/gen"
	"github.com/etcdv2/client/internal/cluster"
	"github.com/etcdv2/client/internal/scan"
)

// success is the head of etcd's reply to a call on keys, but for its Content-Type.
const success = "HTTP/1.1 200 OK\nX-Etcd-Cluster-Id: 7e27652122e8b2ae\nX-Etcd-Index: 20\nX-Raft-Index: 5021\nX-Raft-Term: 3\n"

// decode returns what comes of a call whose reply is resp: a read of the method GET, a write of any other.
func decode(resp *http.Response) (*Response, error) {
	want := toWrite
	if resp.Request.Method == http.MethodGet {
		want = toRead
	}
	call := newKeysCall(resp.Request, want, asked{})
	call.Wait = true // any event will do
	verdict, err := call.Sort(cluster.Reply{Response: resp})
	return call.event, errors.Join(err, verdict.Err)
}

func TestDecodeReadsEvents(t *testing.T) {
	from := func(change func(*Response)) *Response {
		r := &Response{Action: "set", Node: &Node{Key: "/k", Value: "v"}, Index: 20, RaftIndex: 5021, RaftTerm: 3, ClusterID: "7e27652122e8b2ae"}
		change(r)
		return r
	}
	tests := []struct {
		name, reply string
		want        *Response
	}{
		{
			"write over another", success + "Content-Type: application/json\n\n" +
				`{"action":"set","node":{"key":"/k","value":"v"},"prevNode":{"key":"/k","value":"old","modifiedIndex":7}}` + "\n",
			from(func(r *Response) { r.PrevNode = &Node{Key: "/k", Value: "old", ModifiedIndex: 7} }),
		},
		{
			"created", strings.Replace(success, "200 OK", "201 Created", 1) + "\n" + `{"action":"create","node":{"key":"/k","value":"v"}}`,
			from(func(r *Response) { r.Action = ActionCreate }),
		},
		{
			"action of a later server", success + "\n" + `{"action":"levitate","node":{"key":"/k","value":"v"},"more":[1]}`,
			from(func(r *Response) { r.Action = "levitate" }),
		},
		{"wrong Content-Type", success + "Content-Type: text/html\n\n" + `{"action":"set","node":{"key":"/k","value":"v"}}`, from(func(*Response) {})},
		{"no Content-Type", success + "\n" + `{"action":"set","node":{"key":"/k","value":"v"}}`, from(func(*Response) {})},
		{
			"etcd 0.4", "HTTP/1.1 200 OK\nX-Etcd-Index: 20\n\n" + `{"action":"set","node":{"key":"/k","value":"v"}}`,
			from(func(r *Response) { r.RaftIndex, r.RaftTerm, r.ClusterID = 0, 0, "" }),
		},
		{
			"headers that are no numbers", "HTTP/1.1 200 OK\nX-Etcd-Index: -1\nX-Raft-Index: many\nX-Raft-Term: 99999999999999999999\n\n" +
				`{"action":"set","node":{"key":"/k","value":"v"}}`,
			from(func(r *Response) { r.Index, r.RaftIndex, r.RaftTerm, r.ClusterID = 0, 0, 0, "" }),
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			resp, _ := wireReply(t, "PUT", test.reply)
			got, err := decode(resp)
			if err != nil {
				t.Fatal(err)
			}
			check(t, "response", got, test.want)
		})
	}
}

// Whether it is a read or a write: the reply is not etcd's, and so settles nothing.
func TestDecodeRefusesASuccessThatIsNoEvent(t *testing.T) {
	for name, body := range map[string]string{
		"empty": "", "white space": " \n", "HTML": "<html>welcome</html>", "no node": `{"action":"set"}`, "null": "null",
		"null node": `{"action":"get","node":null}`, "list": "[]", "cut": `{"action":"get","node":{"key":"/k"`,
		"two": `{"action":"get","node":{}}{"action":"get","node":{}}`, "index is text": `{"node":{"modifiedIndex":"9"}}`,
		"negative index": `{"node":{"modifiedIndex":-1}}`, "no time": `{"node":{"expiration":"tomorrow"}}`,
		"an error's JSON": `{"errorCode":100,"message":"Key not found","index":8}`,
	} {
		t.Run(name, func(t *testing.T) {
			for method, want := range map[string]intent{"GET": toRead, "PUT": toWrite} {
				resp, _ := wireReply(t, method, success+"\n"+body)
				call := newKeysCall(resp.Request, want, asked{})
				verdict, err := call.Sort(cluster.Reply{Response: resp})
				check(t, method+": error of reading", err, error(nil))
				check(t, method+": outcome", verdict.Outcome, cluster.Unknown)
				var reply *Error
				if !errors.As(verdict.Err, &reply) || reply.StatusCode != 200 || reply.Code != 0 || reply.Cause == "" {
					t.Errorf("%s returned %#v", method, verdict.Err)
				}
			}
		})
	}
}

func TestDecodeReturnsACallsErrorAsItIs(t *testing.T) {
	failed := errors.New("failed")
	discover := func(context.Context) ([]string, error) { return nil, failed }
	client, err := newClient(Config{}, cluster.Config{Discover: discover})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	resp, err := client.onKeys(t.Context(), gen.NewGetKeyRequest("k", nil), toRead, asked{})
	check(t, "response", resp, (*Response)(nil))
	check(t, "error", err, failed)
}

func TestDecodeReportsABodyThatBreaks(t *testing.T) {
	resp := httptest.NewRecorder().Result()
	broken := errors.New("broken")
	resp.Request = httptest.NewRequest("GET", "/v2/keys/k", nil)
	resp.Body = &brokenBody{broken}
	if _, err := decode(resp); !errors.Is(err, broken) {
		t.Errorf("decode returned %v", err)
	}
}

type brokenBody struct{ err error }

func (b *brokenBody) Read([]byte) (int, error) { return 0, b.err }
func (b *brokenBody) Close() error             { return nil }

func TestDecodeErrorReadsReplies(t *testing.T) {
	const member = "http://10.0.0.1:2379"
	page := "<html>\n<head><title>502 Bad Gateway</title></head>" + strings.Repeat("é", 300)
	tests := []struct {
		name, method, reply string
		want                Error // Method, Path and Endpoint are filled in below
		is                  error // nil for an error without code
	}{
		{
			"errorCode", "GET", "HTTP/1.1 404 Not Found\nX-Etcd-Index: 8\n\n" + `{"errorCode":100,"message":"Key not found","cause":"/k","index":8}` + "\n",
			Error{Code: 100, Message: "Key not found", Cause: "/k", Index: 8, StatusCode: 404},
			ErrKeyNotFound,
		},
		{
			"code 401 in status 400", "GET", "HTTP/1.1 400 Bad Request\n\n" +
				`{"errorCode":401,"message":"The event in requested index is outdated and cleared","cause":"the requested history has been cleared [104/103]","index":1103}`,
			Error{
				Code: 401, Message: "The event in requested index is outdated and cleared",
				Cause: "the requested history has been cleared [104/103]", Index: 1103, StatusCode: 400,
			},
			ErrEventIndexCleared,
		},
		{
			"status 401 is code 110", "PUT", "HTTP/1.1 401 Unauthorized\n\n" + `{"errorCode":110,"message":"The request requires user authentication","cause":"Insufficient credentials","index":0}`,
			Error{Code: 110, Message: "The request requires user authentication", Cause: "Insufficient credentials", StatusCode: 401},
			ErrUnauthorized,
		},
		{
			"unknown errorCode", "PUT", "HTTP/1.1 400 Bad Request\n\n" + `{"errorCode":777,"message":"Lucky","index":1}`,
			Error{Code: 777, Message: "Lucky", Index: 1, StatusCode: 400},
			ErrorCode(777),
		},
		{
			"message alone", "GET", "HTTP/1.1 500 Internal Server Error\n\n" + `{"message":"Internal Server Error"}`,
			Error{Message: "Internal Server Error", StatusCode: 500},
			nil,
		},
		{
			"as text/plain", "GET", "HTTP/1.1 404 Not Found\nContent-Type: text/plain\n\n" + `{"errorCode":100,"message":"Key not found","index":8}`,
			Error{Code: 100, Message: "Key not found", Index: 8, StatusCode: 404},
			ErrKeyNotFound,
		},
		{
			"page not found", "GET", "HTTP/1.1 404 Not Found\nContent-Type: text/plain\n\n404 page not found\n",
			Error{Message: "404 page not found", StatusCode: 404},
			nil,
		},
		{"empty", "PUT", "HTTP/1.1 501 Not Implemented\n\n", Error{Message: "Not Implemented", StatusCode: 501}, nil},
		{"JSON without a message", "GET", "HTTP/1.1 503 Service Unavailable\n\n{}", Error{Message: "{}", StatusCode: 503}, nil},
		{"bytes that are no text", "GET", "HTTP/1.1 502 Bad Gateway\n\na\xff\xfeb", Error{Message: "a\uFFFDb", StatusCode: 502}, nil},
		{
			"moved", "PUT", "HTTP/1.1 301 Moved Permanently\nLocation: /v2/keys/a/b\n\n<a href=…>",
			Error{Message: "Moved Permanently", Cause: "redirect not followed: /v2/keys/a/b", StatusCode: 301},
			nil,
		},
		{
			"head of a missing key", "HEAD", "HTTP/1.1 404 Not Found\nX-Etcd-Index: 8\n\n",
			Error{Code: 100, Message: "Not Found", Index: 8, StatusCode: 404},
			ErrKeyNotFound,
		},
		{
			"head below a file", "HEAD", "HTTP/1.1 400 Bad Request\nX-Etcd-Index: 8\n\n",
			Error{Code: 104, Message: "Bad Request", Index: 8, StatusCode: 400},
			ErrNotDir,
		},
		{
			"head without credentials", "HEAD", "HTTP/1.1 401 Unauthorized\nX-Etcd-Index: 0\n\n",
			Error{Code: 110, Message: "Unauthorized", StatusCode: 401},
			ErrUnauthorized,
		},
		{
			"head of something else than etcd", "HEAD", "HTTP/1.1 404 Not Found\n\n",
			Error{Message: "Not Found", StatusCode: 404},
			nil,
		},
		{
			"head with a status that has no code", "HEAD", "HTTP/1.1 500 Internal Server Error\nX-Etcd-Index: 0\n\n",
			Error{Message: "Internal Server Error", StatusCode: 500},
			nil,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			resp, body := wireReply(t, test.method, test.reply)
			got := decodeError(cluster.Reply{Response: resp, Endpoint: member}, body)
			test.want.Method, test.want.Path, test.want.Endpoint = test.method, "/v2/keys/k", member
			check(t, "error", *got, test.want)
			if test.is != nil {
				checkIs(t, got, test.is)
			} else if errors.Unwrap(got) != nil {
				t.Errorf("unwraps to %v", errors.Unwrap(got))
			}
		})
	}
	t.Run("page", func(t *testing.T) {
		resp, body := wireReply(t, "GET", "HTTP/1.1 502 Bad Gateway\nContent-Type: text/html\n\n"+page)
		got := decodeError(cluster.Reply{Response: resp}, body)
		// An error goes into a log: a proxy's page must not fill it.
		if !strings.Contains(got.Message, "502 Bad Gateway") || len(got.Message) > 210 || !strings.HasSuffix(got.Message, "é…") || !utf8.ValidString(got.Message) {
			t.Errorf("message is %q", got.Message)
		}
	})
}

// wireEvent and wireNode read the JSON of an event on their own, to compare with.
type wireEvent struct {
	Action   string    `json:"action"`
	Node     *wireNode `json:"node"`
	PrevNode *wireNode `json:"prevNode"`
}

type wireNode struct {
	Key           string     `json:"key"`
	Value         *string    `json:"value"`
	Dir           bool       `json:"dir"`
	Nodes         []wireNode `json:"nodes"`
	TTL           *int64     `json:"ttl"`
	Expiration    *wireTime  `json:"expiration"`
	ModifiedIndex uint64     `json:"modifiedIndex"`
	CreatedIndex  uint64     `json:"createdIndex"`
}

// wireTime is a time, or the empty text for none.
type wireTime struct{ time.Time }

func (wire *wireTime) UnmarshalJSON(text []byte) error {
	if wire.Time = (time.Time{}); string(text) == `""` {
		return nil
	}
	return wire.Time.UnmarshalJSON(text)
}

// agrees fails where node is not what wire says.
func (wire *wireNode) agrees(t *testing.T, node *Node) {
	t.Helper()
	if wire == nil || node == nil {
		if wire != nil || node != nil {
			t.Errorf("node %v from %v", node, wire)
		}
		return
	}
	if wire.Key == "" {
		wire.Key = "/"
	}
	if wire.Value == nil {
		wire.Value = new(string)
	}
	if node.Key != wire.Key || node.Value != *wire.Value || node.Dir != wire.Dir ||
		node.ModifiedIndex != wire.ModifiedIndex || node.CreatedIndex != wire.CreatedIndex {
		t.Errorf("node %+v from %+v", node, wire)
	}
	if wire.Expiration == nil {
		wire.Expiration = new(wireTime)
	}
	if !node.Expiration.Equal(wire.Expiration.Time) {
		t.Errorf("expiration %v from %v", node.Expiration, wire.Expiration)
	}
	const centuries = 200 * 365 * 24 * 60 * 60 // seconds that every Duration holds
	if wire.TTL == nil {
		wire.TTL = new(int64)
	}
	if ttl := *wire.TTL; ttl > -centuries && ttl < centuries && node.TTL != time.Duration(ttl)*time.Second ||
		ttl > 0 && node.TTL <= 0 || ttl < 0 && node.TTL >= 0 {
		t.Errorf("TTL %v from %d", node.TTL, ttl)
	}
	if len(node.Nodes) != len(wire.Nodes) {
		t.Errorf("%d nodes from %d", len(node.Nodes), len(wire.Nodes))
		return
	}
	for i := range wire.Nodes {
		wire.Nodes[i].agrees(t, node.Nodes[i])
	}
}

// readByTheByte fails if a body that comes byte by byte is not the same as one that is there at once, or if
// it is not where it goes on in another piece after so many bytes.
func readByTheByte(t *testing.T, body []byte) {
	t.Helper()
	b, err := readAll(iotest.OneByteReader(bytes.NewReader(body)))
	if err != nil {
		t.Fatal(err)
	}
	defer b.release()
	at := decodeFast(body)
	if text := b.text.Bytes(); !bytes.Equal(text, body) {
		t.Errorf("read by the byte: %.200q", text)
	}
	if !reflect.DeepEqual(b.event, at) {
		t.Errorf("%.200q, read by the byte, is %.200v; at once: %.200v", body, b.event, at)
	}
	for first := range min(len(body), 16) {
		if event := decodeInPieces(body, first); !reflect.DeepEqual(event, at) {
			t.Errorf("%.200q, in pieces after %d, is %.200v; at once: %.200v", body, first, event, at)
		}
	}
}

// decodeInPieces decodes a body of which so many bytes are at the end of a scanner's first piece.
func decodeInPieces(body []byte, first int) *Response {
	const piece = 1 << 10
	before := fmt.Sprintf("%q", strings.Repeat("x", piece-first-len(`""`)))
	source := io.MultiReader(strings.NewReader(before), iotest.OneByteReader(bytes.NewReader(body)))
	d := fastDecoder{Scanner: scan.NewBuffer().Scan(source)}
	d.Text()
	return d.event()
}

// A text across the seams of pieces, each of which comes to lie at any of its bytes.
func TestReadAllAtAnySeam(t *testing.T) {
	const some = `é\"\n0`
	for shift := range len(some) {
		t.Run(strconv.Itoa(shift), func(t *testing.T) {
			t.Parallel() // the race detector makes it slow
			for _, length := range []int{1_000, 10_000, 10_000} {
				key := "/" + strings.Repeat("k", shift)
				text := strings.Repeat(some, length)
				readByTheByte(t, []byte(`{"action":"get","node":{"key":"`+key+`","value":"`+text+`","modifiedIndex":4}}`))
			}
		})
	}
}

// Bodies that take several reads and pieces, with a text across each seam.
func TestReadAll(t *testing.T) {
	t.Parallel() // it computes for long
	long := strings.Repeat(`é\"0`, 30_000)
	for name, body := range map[string][]byte{
		"tree":       cannedTree(300),
		"long value": []byte(`{"action":"get","node":{"key":"/k","value":"` + long + `","modifiedIndex":4}}`),
		"never ends": []byte(`{"action":"get","node":{"key":"/k","value":"` + long),
	} {
		t.Run(name, func(t *testing.T) { readByTheByte(t, body) })
	}
}

// FuzzDecode compares decodeEvent with another reading of the same bytes.
func FuzzDecode(f *testing.F) {
	for _, body := range []string{
		"", "null", "{}", "[]", `{"node":null}`, `{"action":"get","node":{}}`, `{"action":1,"node":{}}`,
		`{"action":"set","node":{"key":"/c/a","value":"v1","modifiedIndex":9,"createdIndex":9}}` + "\n",
		`{"action":"set","node":{"key":"/k","value":"v"},"prevNode":{"key":"/k","value":"old","modifiedIndex":9}}`,
		`{"action":"delete","node":{"key":"/k","modifiedIndex":16,"createdIndex":10},"prevNode":{"key":"/k","value":""}}`,
		`{"action":"get","node":{"dir":true,"nodes":[{"key":"/a","dir":true,"nodes":[{"key":"/a/b","value":"1"}]},null]}}`,
		`{"action":"get","node":{"key":"/a","expiration":"2026-11-22T17:53:55.329658113+09:00","ttl":-1}}`,
		`{"action":"get","node":{"key":"/a","ttl":9223372036854775807}}`, `{"node":{"ttl":1e3}}`, `{"node":{"ttl":-8446744073}}`,
		`{"node":{"modifiedIndex":18446744073709551615,"createdIndex":18446744073709551616}}`,
		`{"NODE":{"Key":"/a"},"node":{"value":"b","key":"/c"}}`, `{"node":{"nodes":[{"key":"/a"}],"nodes":[{}]}}`,
		`{"errorCode":100,"message":"Key not found","cause":"/k","index":8}`, "{\"node\":{\"key\":\"\xff\\ud800\"}}", "{\"node\":{}} x",
		"<html>502</html>",
		// What differs from etcd's own form by a little.
		`{"node":{"key":"/a","key":"/b"}}`, `{"node":{"value":"b","key":"/c"}}`, `{"node":{"key":"/a" }}`, `{"node":{,"key":"/a"}}`,
		`{"node":{"key":"/a",}}`, `{"node":{"key":"/a""value":""}}`, `{"node":{"nodes":[{},]}}`, `{"node":{"nodes":[,{}]}}`,
		`{"node":{"nodes":[{}{}]}}`, `{"node":{"nodes":[{}]}}` + "\n\n", `{"node":{"modifiedIndex":01}}`, `{"node":{"modifiedIndex":-1}}`,
		`{"node":{"ttl":-0}}`, `{"node":{"ttl":9999999999999999999}}`, `{"node":{"value":null}}`, `{"node":{"dir":truer}}`,
		`{"node":{"key":"\"\\\/\b\f\n\r\t\u003c\u00e9\u2028"}}`, `{"node":{"key":"\u12"}}`, `{"node":{"key":"\x"}}`, `{"node":{"key":"\ud83d\ude00"}}`,
		"{\"node\":{\"key\":\"a\tb\"}}", `{"node":{"key":"é😀\`, `{"node":{"expiration":"2026-11-22"}}`,
		`{"node":{"expiration":""}}`, `{"node":{"expiration":null}}`, `{"node":{"expiration":"","expiration":"2026-11-22T17:53:55Z"}}`,
		`{"node":{"expiration":"2026-11-22T17:53:55Z","expiration":""}}`, `{"node":{"expiration":12}}`, `{"node":{"expiration":"\u0020"}}`,
		`{"node":{"nodes":[{"key":"/a","expiration":"","modifiedIndex":3},{"Expiration":"","expiration":null}]}}`, `{"node":{"key":"\`,
		// Invalid UTF-8, which encoding/json replaces, without escapes and with them.
		"{\"node\":{\"key\":\"\xff\"}}", "{\"node\":{\"value\":\"é\xc3\"}}", "{\"action\":\"\xed\xa0\x80\",\"node\":{}}",
		"{\"node\":{\"key\":\"\xff\\u0041\"}}",
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		resp := &http.Response{StatusCode: 200, Request: httptest.NewRequest("GET", "/v2/keys/k", nil)}
		readByTheByte(t, body)
		got, err := decodeEvent(cluster.Reply{Response: resp}, body)
		checkDecoded(t, body, got, err)
	})
}

// checkDecoded compares what was decoded with another reading of the same bytes.
func checkDecoded(t *testing.T, body []byte, got *Response, err error) {
	t.Helper()
	var want wireEvent
	refused := json.Unmarshal(body, &want) != nil || want.Node == nil
	if (err != nil) != refused {
		t.Errorf("error %v, refused %t", err, refused)
		return
	}
	if err != nil {
		if got != nil || !utf8.ValidString(err.Error()) {
			t.Errorf("%v with error %q", got, err)
		}
		return
	}
	if string(got.Action) != want.Action {
		t.Errorf("action %q from %q", got.Action, want.Action)
	}
	want.Node.agrees(t, got.Node)
	want.PrevNode.agrees(t, got.PrevNode)
}

// An event that has arrived whole is not an answer if the reply breaks off behind it.
func TestReadAllWantsTheEnd(t *testing.T) {
	event := `{"action":"get","node":{"key":"/k","value":"v","modifiedIndex":4,"createdIndex":4}}`
	if _, err := readAll(io.MultiReader(strings.NewReader(event), iotest.ErrReader(io.ErrUnexpectedEOF))); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("error is %v", err)
	}
}
