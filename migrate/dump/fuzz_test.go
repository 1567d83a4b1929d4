package dump_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/etcdv2/client/migrate/dump"
)

// FuzzReader reads foreign bytes, as they are and with a footer that matches. What is accepted is sorted, and survives
// being written and read again.
func FuzzReader(f *testing.F) {
	file := small(f)
	f.Add(file)
	f.Add(file[:bytes.LastIndexByte(file[:len(file)-1], '\n')+1])
	f.Add([]byte("\n{}\n"))
	f.Add([]byte(strings.Replace(string(file), `"/a"`, `"/\ud800"`, 1)))
	f.Fuzz(func(t *testing.T, text []byte) {
		check(t, text)
		end := fmt.Sprintf(`{"end":true,"nodes":%d,"sha256":"%x","index":1}`+"\n", bytes.Count(text, []byte("\n"))-1, sha256.Sum256(text))
		check(t, append(slices.Clone(text), end...))
	})
}

func check(t *testing.T, text []byte) {
	r, err := dump.NewReader(bytes.NewReader(text))
	if err != nil {
		return
	}
	nodes, err := collect(r.Nodes())
	if !slices.IsSortedFunc(nodes, dump.Compare) {
		t.Errorf("%v are not sorted", nodes)
	}
	if err != nil {
		return
	}
	again, err := read(write(t, r.Header(), nodes, r.Footer()))
	if err != nil || !slices.EqualFunc(again, nodes, same) {
		t.Errorf("%v become %v (%v)", nodes, again, err)
	}
}

// same compares nodes; a time may come back with another location.
func same(a, b dump.Node) bool {
	at, bt := a.Expires, b.Expires
	a.Expires, b.Expires = expires, expires
	return a == b && at.Equal(bt)
}
