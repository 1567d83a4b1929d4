package faultproxy

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

// A Link is a TCP connection to a member that can be broken without anybody being told. Use NewLink.
// One fault holds at a time, for connections that are open and for new ones, until Heal. A Link accepts
// nothing more once the process was out of files: toxiproxy does not try again. A Relay does.
type Link struct {
	proxy *toxiproxy.Proxy
}

// NewLink starts a link to targetURL that passes everything, and stops it when the test ends.
func NewLink(tb testing.TB, targetURL string) *Link {
	tb.Helper()
	target, err := url.Parse(targetURL)
	if err != nil || target.Scheme != "http" {
		tb.Fatalf("faultproxy: %q is not an http URL", targetURL)
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

// A LinkFault is what a Link does to the bytes that pass.
type LinkFault struct {
	name   string
	toxics [2]string // one will do
}

var (
	// LoseRequests is a black hole: connections stay open and what the client sends is lost.
	LoseRequests = linkFault("requests into a black hole", "timeout", "upstream", `"timeout":0`)

	// LoseReplies lets requests through; what the member answers is lost.
	LoseReplies = linkFault("replies into a black hole", "timeout", "downstream", `"timeout":0`)

	// LoseAll is a black hole in both directions.
	LoseAll = LinkFault{"everything into a black hole", [2]string{LoseRequests.toxics[0], LoseReplies.toxics[0]}}

	// ResetRequests cuts the connection when the client sends something, which is lost.
	ResetRequests = linkFault("connection reset by a request", "reset_peer", "upstream", `"timeout":0`)

	// ResetReplies cuts the connection when the member answers; the answer is lost.
	ResetReplies = linkFault("connection reset by a reply", "reset_peer", "downstream", `"timeout":0`)
)

// Latency holds every packet of the replies back for d.
func Latency(d time.Duration) LinkFault {
	return linkFault("latency", "latency", "downstream", fmt.Sprintf(`"latency":%d`, d.Milliseconds()))
}

// SlowClose keeps the client's connection open for d after the member has closed it.
func SlowClose(d time.Duration) LinkFault {
	return linkFault("slow close", "slow_close", "downstream", fmt.Sprintf(`"delay":%d`, d.Milliseconds()))
}

func linkFault(name, kind, stream, attributes string) LinkFault {
	toxic := fmt.Sprintf(`{"name":%q,"type":%q,"stream":%q,"attributes":{%s}}`, stream, kind, stream, attributes)
	return LinkFault{name, [2]string{toxic}}
}

// String names the fault for summaries.
func (f LinkFault) String() string { return f.name }

// Break makes fault hold, in place of the one before.
func (l *Link) Break(fault LinkFault) error {
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
