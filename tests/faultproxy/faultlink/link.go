// Package faultlink puts a connection between a client and an etcd member that loses bytes, holds them
// back or is cut, on command. It is a module of its own, because it needs toxiproxy.
package faultlink

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// A Link is a TCP connection to a member that can be broken without anybody being told. Use New.
// One fault holds at a time, for connections that are open and for new ones, until Heal. A Link accepts
// nothing more once the process was out of files: toxiproxy does not try again. A Relay does.
type Link struct {
	proxy *toxiproxy.Proxy
}

// New starts a link to targetURL that passes everything, and stops it when the test ends.
func New(tb testing.TB, targetURL string) *Link {
	tb.Helper()
	target, err := url.Parse(targetURL)
	if err != nil || target.Scheme != "http" {
		tb.Fatalf("faultlink: %q is not an http URL", targetURL)
	}
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	proxy := toxiproxy.NewProxy(server, "link", "127.0.0.1:0", target.Host)
	if err := proxy.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(proxy.Stop)
	return &Link{proxy}
}

// URL returns the URL to send requests to, in place of the target's own.
func (l *Link) URL() string { return "http://" + l.proxy.Listen }

// A Fault is what a Link does to the bytes that pass.
type Fault struct {
	name   string
	toxics [2]string // one will do
}

var (
	// LoseRequests is a black hole: connections stay open and what the client sends is lost.
	LoseRequests = newFault("requests into a black hole", "timeout", "upstream", `"timeout":0`)

	// LoseReplies lets requests through; what the member answers is lost.
	LoseReplies = newFault("replies into a black hole", "timeout", "downstream", `"timeout":0`)

	// LoseAll is a black hole in both directions.
	LoseAll = Fault{"everything into a black hole", [2]string{LoseRequests.toxics[0], LoseReplies.toxics[0]}}

	// ResetRequests cuts the connection when the client sends something, which is lost.
	ResetRequests = newFault("connection reset by a request", "reset_peer", "upstream", `"timeout":0`)

	// ResetReplies cuts the connection when the member answers; the answer is lost.
	ResetReplies = newFault("connection reset by a reply", "reset_peer", "downstream", `"timeout":0`)
)

// Latency holds every packet of the replies back for d.
func Latency(d time.Duration) Fault {
	return newFault("latency", "latency", "downstream", fmt.Sprintf(`"latency":%d`, d.Milliseconds()))
}

// SlowClose keeps the client's connection open for d after the member has closed it.
func SlowClose(d time.Duration) Fault {
	return newFault("slow close", "slow_close", "downstream", fmt.Sprintf(`"delay":%d`, d.Milliseconds()))
}

func newFault(name, kind, stream, attributes string) Fault {
	toxic := fmt.Sprintf(`{"name":%q,"type":%q,"stream":%q,"attributes":{%s}}`, stream, kind, stream, attributes)
	return Fault{name, [2]string{toxic}}
}

// String names the fault for summaries.
func (f Fault) String() string { return f.name }

// Break makes fault hold, in place of the one before.
func (l *Link) Break(fault Fault) error {
	l.Heal()
	for _, toxic := range fault.toxics {
		if toxic == "" {
			continue
		}
		if _, err := l.proxy.Toxics.AddToxicJson(strings.NewReader(toxic)); err != nil {
			return err
		}
	}
	return nil
}

// Heal ends the fault. Connections that have lost something are closed then.
func (l *Link) Heal() { l.proxy.Toxics.ResetToxics(context.Background()) }
