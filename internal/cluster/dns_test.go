package cluster

import (
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

// nameServer answers each question with a code, by the first label of the name that is asked for, and tells
// the names.
func nameServer(code func(label string) byte) (resolver *net.Resolver, asked func() []string) {
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
			message[2] |= 0x80 // a reply
			message[3] = code(label)
			// The client may have gone.
			_, _ = far.Write(append(binary.BigEndian.AppendUint16(nil, length), message...))
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
	missing, asked := nameServer(func(string) byte { return nameError })
	_, err := LookupEndpoints(t.Context(), missing, "example.test", "")
	if err == nil || !strings.HasPrefix(err.Error(), "etcd: no SRV records of etcd in example.test: ") {
		t.Errorf("error is %v", err)
	}
	check(t, "names", asked(), []string{"_etcd-client-ssl", "_etcd-client", "_etcd-ssl", "_etcd"})

	failing, asked := nameServer(func(label string) byte {
		if strings.HasSuffix(label, "-ssl") {
			return serverFailure
		}
		return nameError
	})
	_, err = LookupEndpoints(t.Context(), failing, "example.test", "")
	// It is not known whether there are records.
	if err == nil || !strings.HasPrefix(err.Error(), "etcd: look up SRV records of etcd in example.test: ") {
		t.Errorf("error is %v", err)
	}
	check(t, "names", asked(), []string{"_etcd-client-ssl"})
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
