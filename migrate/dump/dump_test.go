package dump_test

import (
	"bytes"
	"errors"
	"iter"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/etcdv2/client/migrate/dump"
)

var expires = time.Date(2026, 11, 30, 10, 0, 30, 500_000_000, time.UTC)

// odd are nodes that a format may get wrong, in order.
var odd = []dump.Node{
	{Key: "/\x01 control\n", Value: "\x00\r\n\t\"\\"},
	{Key: "/a", Dir: true, Created: 3, Modified: 4},
	{Key: "/a.b", Value: "<>&\u2028\u2029"},
	{Key: "/a/%2F%zz ", Value: ""},
	{Key: "/a/" + strings.Repeat("long", 1000), Value: strings.Repeat("x", 1<<20)},
	{Key: "/a/\xff\xfe", Value: "\xff binary \xc0"},
	{Key: "/b", Value: "v", TTL: 30, Expires: expires, Created: 1 << 62, Modified: 1<<63 + 1},
	{Key: "/c", Dir: true, TTL: -1, Expires: expires},
	{Key: "/d", Value: "expires now", Expires: expires},
	{Key: "/ключ/日本", Value: "значение \U0001F600 \ufffd"},
}

var header = dump.Header{
	Cluster: "cdf818194e3a8c32", Server: "2.3.8", Index: 7, Root: "/", Hidden: []string{"/_locks", "_x"}, Started: expires.Truncate(time.Second),
}

func write(t testing.TB, h dump.Header, nodes []dump.Node, f dump.Footer) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := dump.NewWriter(&b, h)
	for _, n := range nodes {
		if err == nil {
			err = w.Write(n)
		}
	}
	if err == nil {
		err = w.Close(f)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func collect(nodes iter.Seq2[dump.Node, error]) (all []dump.Node, err error) {
	for n, err := range nodes {
		if err != nil {
			return all, err
		}
		all = append(all, n)
	}
	return all, nil
}

func TestRoundTrip(t *testing.T) {
	file := write(t, header, odd, dump.Footer{Index: 9, PointInTime: true})
	r, err := dump.NewReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Header(); !reflect.DeepEqual(got, header) {
		t.Errorf("the header is %+v, want %+v", got, header)
	}
	got, err := collect(r.Nodes())
	if err != nil || !slices.Equal(got, odd) {
		t.Errorf("the nodes are %.300v (%v), want %.300v", got, err, odd)
	}
	if f := r.Footer(); f.Nodes != len(odd) || f.Index != 9 || !f.PointInTime {
		t.Errorf("the footer is %+v", f)
	}
}

// A small file, which can be damaged at each byte.
func small(t testing.TB) []byte {
	nodes := []dump.Node{{Key: "/a", Dir: true}, {Key: "/a/b", Value: "\xff", Expires: expires, TTL: 2}, {Key: "/c", Value: "c"}}
	return write(t, header, nodes, dump.Footer{Index: 9})
}

func read(file []byte) ([]dump.Node, error) {
	r, err := dump.NewReader(bytes.NewReader(file))
	if err != nil {
		return nil, err
	}
	return collect(r.Nodes())
}

func TestCutAnywhere(t *testing.T) {
	file := small(t)
	for n := range file {
		if _, err := read(file[:n]); !errors.Is(err, dump.ErrIncomplete) {
			t.Errorf("the first %d of %d bytes: %v, want ErrIncomplete", n, len(file), err)
		}
	}
	if _, err := read(file); err != nil {
		t.Error(err)
	}
}

func TestChangedAnywhere(t *testing.T) {
	file := small(t)
	body := bytes.LastIndexByte(file[:len(file)-1], '\n')
	for n := range file[:body] {
		changed := slices.Clone(file)
		changed[n] ^= 1
		if _, err := read(changed); err == nil {
			t.Errorf("a change of byte %d is not noticed", n)
		}
	}
	if _, err := read(append(slices.Clone(file), '\n')); err == nil {
		t.Error("a file that goes on after its footer is accepted")
	}
}

func TestRefusedLines(t *testing.T) {
	const head = `{"format":"etcd-v2-tree","version":1,"index":1,"root":"/","started":"2026-11-30T10:00:00Z"}` + "\n"
	for name, lines := range map[string]string{
		"another format":   `{"format":"x","version":1,"index":1,"root":"/","started":"2026-11-30T10:00:00Z"}`,
		"another version":  `{"format":"etcd-v2-tree","version":2}`,
		"no root":          `{"format":"etcd-v2-tree","version":1}`,
		"not JSON":         head + "x",
		"two values":       head + `{"key":"/a","value":"1"} {}`,
		"unknown field":    head + `{"key":"/a","value":"1","lease":1}`,
		"no value":         head + `{"key":"/a"}`,
		"two values of it": head + `{"key":"/a","value":"","value64":"eA=="}`,
		"two keys":         head + `{"key":"/a","key64":"eA==","value":""}`,
		"a directory's":    head + `{"key":"/a","dir":true,"value":""}`,
		"no key":           head + `{"value":""}`,
		"the root":         head + `{"key":"/","dir":true}`,
		"no slash":         head + `{"key":"a","value":""}`,
		"a bare TTL":       head + `{"key":"/a","value":"","ttl":3}`,
		"the footer's":     head + `{"key":"/a","value":"","index":3}`,
		"unsorted":         head + `{"key":"/b","value":""}` + "\n" + `{"key":"/a","value":""}`,
		"twice":            head + `{"key":"/a","value":""}` + "\n" + `{"key":"/a","value":""}`,
		"invalid UTF-8":    head + "{\"key\":\"/a\xff\",\"value\":\"\"}",
		"a wrong sum":      head + `{"end":true,"nodes":0,"sha256":"00","index":1}`,
		"a wrong count":    head + `{"end":true,"nodes":1,"sha256":"00","index":1}`,
		"no count":         head + `{"end":true}`,
		"below the root":   strings.Replace(head, `"/"`, `"/app"`, 1) + `{"key":"/apple","value":""}`,
	} {
		if _, err := read([]byte(lines + "\n")); err == nil || errors.Is(err, dump.ErrIncomplete) {
			t.Errorf("%s: %v, want it refused", name, err)
		}
	}
}

func TestCountMustMatch(t *testing.T) {
	file := small(t)
	if _, err := read(bytes.Replace(file, []byte(`"nodes":3`), []byte(`"nodes":4`), 1)); err == nil {
		t.Error("a footer that counts one node more is accepted")
	}
}

func TestWriterRefuses(t *testing.T) {
	for name, nodes := range map[string][]dump.Node{
		"unsorted":              {{Key: "/b"}, {Key: "/a"}},
		"twice":                 {{Key: "/b"}, {Key: "/b"}},
		"the root":              {{Key: "/", Dir: true}},
		"a directory's value":   {{Key: "/d", Dir: true, Value: "v"}},
		"a TTL without an end":  {{Key: "/d", TTL: 1}},
		"a key without a slash": {{Key: "d"}},
	} {
		w, err := dump.NewWriter(&bytes.Buffer{}, dump.Header{Root: "/"})
		for _, n := range nodes {
			if err == nil {
				err = w.Write(n)
			}
		}
		if err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestLifetimes(t *testing.T) {
	soon, later := expires, expires.Add(time.Hour)
	var lives dump.Lifetimes
	for _, step := range []struct {
		node dump.Node
		want time.Time
	}{
		{dump.Node{Key: "/a", Dir: true, Expires: later}, time.Time{}},
		{dump.Node{Key: "/a.b", Dir: true, Expires: soon}, time.Time{}},
		{dump.Node{Key: "/a.b/x"}, soon},
		{dump.Node{Key: "/a/d", Dir: true, Expires: soon}, later},
		{dump.Node{Key: "/a/d/x"}, soon},
		{dump.Node{Key: "/a/dx"}, later},
		{dump.Node{Key: "/b"}, time.Time{}},
	} {
		if got := lives.Above(step.node); !got.Equal(step.want) {
			t.Errorf("%s ends with its directory at %v, want %v", step.node.Key, got, step.want)
		}
	}
}
