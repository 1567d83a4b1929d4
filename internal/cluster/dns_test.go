package cluster

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/etcdv2/client/internal/errs"
)

// The codes of a DNS reply (RFC 1035, section 4.1.1).
const (
	serverFailure = 2
	nameError     = 3
)

// oneRecord returns the answer that a name has one SRV record, which names port 2379 of a.test.
func oneRecord() (code byte, record []byte) {
	return 0, []byte("\xc0\x0c\x00\x21\x00\x01" + // of the name in the question, SRV, IN
		"\x00\x00\x00\x3c\x00\x0e" + // for a minute, 14 bytes
		"\x00\x01\x00\x01\x09\x4b" + // priority 1, weight 1, port 2379
		"\x01a\x04test\x00")
}

// nameServer answers each question with a code and a record, or none, by the first label of the name that is
// asked for, and tells the names.
func nameServer(answer func(label string) (code byte, record []byte)) (resolver *net.Resolver, asked func() []string) {
	names := make(chan string, 100)
	resolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		near, far := net.Pipe() // which is no net.PacketConn, so that messages have their length before them
		go func() {
			defer far.Close()
			var length uint16
			if binary.Read(far, binary.BigEndian, &length) != nil {
				return
			}
			message := make([]byte, length)
			if _, err := io.ReadFull(far, message); err != nil {
				return
			}
			label := string(message[13 : 13+message[12]])
			names <- label
			code, record := answer(label)
			const header, typeAndClass = 12, 4
			question := header + bytes.IndexByte(message[header:], 0) + 1 + typeAndClass
			message = append(message[:question], record...)
			message[2] |= 0x80 // a reply
			message[3] = code
			message[7] = byte(min(len(record), 1)) // how many answers
			message[11] = 0                        // no additional records; those of the client are cut off
			// The client may have gone.
			_, _ = far.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(message))), message...))
		}()
		return near, nil
	}}
	return resolver, func() []string {
		var labels []string
		for len(names) > 0 {
			labels = append(labels, <-names)
		}
		return slices.Compact(labels)
	}
}

func TestNextNameIsAskedForOnlyWhereThereIsNoSuchName(t *testing.T) {
	missing, asked := nameServer(func(string) (byte, []byte) { return nameError, nil })
	_, err := LookupEndpoints(t.Context(), missing, "example.test", "")
	if err == nil || !strings.HasPrefix(err.Error(), "etcd: discovery: example.test has no SRV records of etcd: ") {
		t.Errorf("error is %v", err)
	}
	check(t, "names", asked(), []string{"_etcd-client-ssl", "_etcd-client", "_etcd-ssl", "_etcd"})

	failing, asked := nameServer(func(label string) (byte, []byte) {
		if strings.HasSuffix(label, "-ssl") {
			return serverFailure, nil
		}
		return nameError, nil
	})
	_, err = LookupEndpoints(t.Context(), failing, "example.test", "")
	// It is not known whether there are records.
	if err == nil || !strings.HasPrefix(err.Error(), "etcd: discovery: look up SRV records of etcd in example.test: ") {
		t.Errorf("error is %v", err)
	}
	check(t, "names", asked(), []string{"_etcd-client-ssl"})
}

func TestNameOfARecordSaysTheSchemeOfItsEndpoint(t *testing.T) {
	for _, test := range []struct{ service, name, endpoint string }{
		{"", "_etcd-client-ssl", "https://a.test:2379"},
		{"", "_etcd-client", "http://a.test:2379"},
		{"", "_etcd-ssl", "https://a.test:2379"},
		{"", "_etcd", "http://a.test:2379"},
		{"dev", "_etcd-client-ssl-dev", "https://a.test:2379"},
		{"dev", "_etcd-dev", "http://a.test:2379"},
	} {
		resolver, _ := nameServer(func(label string) (byte, []byte) {
			if label == test.name {
				return oneRecord()
			}
			return nameError, nil
		})
		endpoints, err := LookupEndpoints(t.Context(), resolver, "example.test", test.service)
		check(t, test.name+": error", err, error(nil))
		check(t, test.name+": endpoints", endpoints, []string{test.endpoint})
	}
}

func TestDiscoveryDoesNotTakeTLSBack(t *testing.T) {
	found := []string{"http://plain:2379", "https://secure:2379", "https://user:pw@odd"}
	discover := func(context.Context) ([]string, error) { return found, nil }
	for name, test := range map[string]struct {
		config Config
		want   []string
	}{
		"TLS":               {Config{TLS: testTLS}, []string{"https://secure:2379"}},
		"an https endpoint": {Config{Endpoints: []string{"https://a"}}, []string{"https://a", "https://secure:2379"}},
		"neither":           {Config{}, []string{"http://plain:2379", "https://secure:2379"}},
	} {
		test.config.Discover = discover
		c := newCluster(t, test.config)
		checkIs(t, c.Discover(t.Context()), errs.ErrInvalidArgument)
		check(t, name, c.Endpoints(), test.want)
	}
}

// A call finds its members although one that was discovered cannot be used; it fails if none can.
func TestCallPassesOverWhatCannotBeUsed(t *testing.T) {
	for endpoint, want := range map[string]bool{"https://secure": true, "http://plain": false} {
		discover := func(context.Context) ([]string, error) { return []string{"http://odd", endpoint}, nil }
		c := newCluster(t, Config{TLS: testTLS, Discover: discover})
		err := c.admit(t.Context(), newCall(t, "GET", "/v2/keys/k", ""))
		check(t, endpoint, err == nil, want)
	}
}
