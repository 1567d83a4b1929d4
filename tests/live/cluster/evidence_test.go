package cluster_test

import (
	"bufio"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/internal/live"
)

// What a cluster advertises may lead to another one from here, as http://localhost:2379 does. Nothing may be
// written there.
func TestSyncTakesOnNoMemberOfAnotherCluster(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		other := etcdtest.Start(t).Endpoints()[0]
		ours := newSwitchboard(t, s.Endpoint)
		machines := fmt.Sprintf("unix://localhost:2379, %s, %s", other, ours.url)
		front := naming(t, s.Endpoint, func() string { return machines })
		client := live.Client(t, front)
		err := client.Sync(t.Context())
		if !errors.Is(err, etcd.ErrInvalidArgument) || !strings.Contains(err.Error(), "unix://localhost:2379") {
			t.Errorf("Sync does not tell what it passed over: %v", err)
		}
		if got := client.Endpoints(); !slices.Equal(got, []string{front, ours.url}) {
			t.Errorf("endpoints: %v", got)
		}
		must(t)(client.Set(t.Context(), "/order", "1"))
		if _, err := live.Client(t, other).Get(t.Context(), "/order"); !errors.Is(err, etcd.ErrKeyNotFound) {
			t.Errorf("the other cluster: %v", err)
		}
	})
}

// spoil is a relay in front of a TLS server. After the record that holds the first request it puts one that does not
// decrypt, once for all connections: the server answers with an alert, and may have applied the request.
func spoil(t *testing.T, target string, once *atomic.Bool) (addr string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			go spoilConnection(near, target, once)
		}
	}()
	return listener.Addr().String()
}

func spoilConnection(near net.Conn, target string, once *atomic.Bool) {
	defer near.Close()
	far, err := net.Dial("tcp", target)
	if err != nil {
		return
	}
	defer far.Close()
	go func() {
		_, _ = io.Copy(near, far)
		near.Close()
	}()
	const applicationData, request = 23, 2 // the first such record ends the handshake
	records := 0
	for r := bufio.NewReader(near); ; {
		record := make([]byte, 5)
		if _, err := io.ReadFull(r, record); err != nil {
			return
		}
		body := make([]byte, binary.BigEndian.Uint16(record[3:]))
		if _, err := io.ReadFull(r, body); err != nil {
			return
		}
		record = append(record, body...)
		if record[0] == applicationData {
			records++
		}
		if records == request && once.CompareAndSwap(false, true) {
			record = append(record, append([]byte{applicationData, 3, 3, 0, 32}, make([]byte, 32)...)...)
		}
		if _, err := far.Write(record); err != nil {
			return
		}
	}
}

// A TLS alert on a new connection says that nothing was read only if it is about the client's certificate.
func TestAlertAfterTheRequestDoesNotSendAWriteTwice(t *testing.T) {
	ca := etcdtest.NewCA(t)
	cluster := etcdtest.Start(t, etcdtest.WithMembers(3), etcdtest.WithTLS(ca))
	trust := &tls.Config{RootCAs: ca.Pool(), MinVersion: tls.VersionTLS13}
	direct := live.Connect(t, etcd.Config{Endpoints: cluster.Endpoints(), TLS: trust})
	for i := range 10 {
		var once atomic.Bool
		var endpoints []string
		for _, endpoint := range cluster.Endpoints() {
			endpoints = append(endpoints, "https://"+spoil(t, strings.TrimPrefix(endpoint, "https://"), &once))
		}
		dir := fmt.Sprintf("/queue/%d", i)
		_, err := live.Connect(t, etcd.Config{Endpoints: endpoints, TLS: trust}).CreateInOrder(t.Context(), dir, "job")
		if !once.Load() {
			t.Fatal("no connection was spoiled")
		}
		if err != nil && !errors.Is(err, etcd.ErrOutcomeUnknown) {
			t.Errorf("run %d: %v", i, err)
		}
		resp, err := direct.Get(t.Context(), dir, etcd.WithQuorum())
		if err == nil && len(resp.Node.Nodes) > 1 {
			t.Errorf("run %d: one call made %d jobs", i, len(resp.Node.Nodes))
		}
	}
}

// A tls.Config that the program uses for another client, too, which has put HTTP/2 into it.
func TestTLSConfigThatAnotherClientHasUsed(t *testing.T) {
	ca := etcdtest.NewCA(t)
	cluster := etcdtest.Start(t, etcdtest.WithTLS(ca))
	shared := &tls.Config{RootCAs: ca.Pool()}
	transport := &http.Transport{TLSClientConfig: shared, ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	resp, err := (&http.Client{Transport: transport}).Get(cluster.Endpoints()[0] + "/version")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	must(t)(live.Connect(t, etcd.Config{Endpoints: cluster.Endpoints(), TLS: shared}).Set(t.Context(), "/a", "1"))
}
