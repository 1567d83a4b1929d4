package cluster

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// keepAliveMargin is how long before the time that a server names its connection is given up. The request needs some of
// that to get there, and a request that meets the end of the connection has an unknown outcome if it is a write.
const keepAliveMargin = time.Second

// idleLimit returns how long after resp its connection may be idle, by the header Keep-Alive, which some proxies send
// and no version of etcd does. It returns 0 if the header is missing or names no time.
func idleLimit(resp *http.Response) time.Duration {
	if resp.ProtoMajor != 1 {
		return 0
	}
	for _, line := range resp.Header.Values("Keep-Alive") {
		for parameter := range strings.SplitSeq(line, ",") {
			name, value, _ := strings.Cut(strings.TrimSpace(parameter), "=")
			seconds, err := strconv.ParseUint(strings.Trim(value, `" `), 10, 31)
			if strings.EqualFold(strings.TrimSpace(name), "timeout") && err == nil {
				timeout := time.Duration(seconds) * time.Second
				return max(timeout-keepAliveMargin, timeout/2, 1)
			}
		}
	}
	return 0
}

// keep records for how long the connection of a may be idle from now on.
func (a *attempt) keep(resp *http.Response) {
	if t := trackedOf(a.conn); t != nil {
		t.mostIdle.Store(int64(idleLimit(resp)))
	}
}
