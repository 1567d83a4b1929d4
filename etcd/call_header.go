package etcd

import (
	"net/http"

	"github.com/etcdv2/client/internal/cluster"
)

// headerCall is a call on keys whose caller needs more of the header than an event tells.
type headerCall struct {
	keysCall
	reply *http.Response // the last one; its body has been read
}

func newHeaderCall(req *http.Request, want intent, what asked) *headerCall {
	h := &headerCall{keysCall: *newKeysCall(req, want, what)}
	h.Answer = h
	return h
}

// Sort reads a reply and keeps it.
func (h *headerCall) Sort(reply cluster.Reply) (cluster.Verdict, error) {
	h.reply = reply.Response
	return h.keysCall.Sort(reply)
}
