package faultproxy

import (
	"io"
	"net/http"
	"time"
)

// A Fault is what happens to one request. The zero value is Pass.
type Fault struct {
	name  string
	apply func(*exchange)
}

var (
	// Pass forwards the request and passes the reply on as it comes, long polls included.
	Pass = Fault{"pass", (*exchange).pass}

	// DropRequest resets the client's connection; the member never sees the request.
	DropRequest = Fault{"request dropped", (*exchange).reset}

	// DropReply forwards the request, waits for the whole reply, and resets the client's
	// connection without having sent a byte of it: the member has decided, the client cannot know.
	DropReply = Fault{"reply dropped", func(x *exchange) {
		x.forwardWhole()
		x.reset()
	}}

	// CutReply forwards the request and ends the connection in the middle of the reply's body.
	CutReply = Fault{"reply cut", func(x *exchange) {
		reply := x.forwardWhole()
		x.header(reply.header, reply.status)
		x.write(reply.body[:len(reply.body)/2])
		panic(http.ErrAbortHandler)
	}}

	// CutEvent passes the reply on as it comes and ends the connection in the middle of the first
	// piece of its body: of a watch's event, long after the header, and of a stream's, which
	// never comes to an end that CutReply could wait for.
	CutEvent = Fault{"event cut", (*exchange).cutEvent}

	// PassAndClose is Pass on a connection that is closed after the reply.
	PassAndClose = Fault{"pass and close", func(x *exchange) {
		x.w.Header().Set("Connection", "close")
		x.pass()
	}}

	// FailReply forwards the request, waits for the reply, and answers in its place what a member
	// answers that has given up waiting: status 500 and errorCode 300.
	FailReply = Fault{"500 after applying", func(x *exchange) {
		x.forwardWhole()
		x.w.Header().Set("Content-Type", "application/json")
		x.w.WriteHeader(http.StatusInternalServerError)
		x.write([]byte(raftTimeout))
	}}

	// GatewayTimeout forwards the request, waits for the reply, and answers in its place what a
	// gateway answers that has given up waiting: status 504 and a page.
	GatewayTimeout = Fault{"504 after applying", func(x *exchange) {
		x.forwardWhole()
		http.Error(x.w, "<html>gateway timeout</html>", http.StatusGatewayTimeout)
	}}
)

const raftTimeout = `{"errorCode":300,"message":"Raft Internal Error","cause":"etcdserver: request timed out","index":0}` + "\n"

// Delay holds the request back for d and then does what fault says.
func Delay(d time.Duration, fault Fault) Fault {
	return Fault{"delay and " + fault.String(), func(x *exchange) {
		x.pause(d)
		fault.do(x)
	}}
}

// String names the fault for summaries.
func (f Fault) String() string {
	if f.apply == nil {
		return Pass.name
	}
	return f.name
}

func (f Fault) do(x *exchange) {
	if f.apply == nil {
		f = Pass
	}
	f.apply(x)
}

// A Plan chooses the fault for a request. It may be called concurrently. The request's body has
// been read already.
type Plan func(*http.Request) Fault

// Always is the plan of one fault for everything.
func Always(fault Fault) Plan { return func(*http.Request) Fault { return fault } }

// Writes is the plan that passes reads and does with each write what choose says.
func Writes(choose func() Fault) Plan {
	return func(req *http.Request) Fault {
		if isRead(req) {
			return Pass
		}
		return choose()
	}
}

func isRead(req *http.Request) bool {
	return req.Method == http.MethodGet || req.Method == http.MethodHead
}

// pass streams the reply, so that a watch's header arrives before its body.
func (x *exchange) pass() {
	resp := x.forward(x.r.Context())
	defer resp.Body.Close()
	x.header(resp.Header, resp.StatusCode)
	buffer := make([]byte, 32<<10)
	for {
		n, err := resp.Body.Read(buffer)
		x.write(buffer[:n])
		switch {
		case err == io.EOF:
			return
		case err != nil:
			panic(http.ErrAbortHandler) // the client sees what it would without a proxy
		}
	}
}

func (x *exchange) cutEvent() {
	resp := x.forward(x.r.Context())
	defer resp.Body.Close()
	x.header(resp.Header, resp.StatusCode)
	buffer := make([]byte, 32<<10)
	// Whether the member ends the reply here or not, the client sees it broken.
	n, _ := resp.Body.Read(buffer)
	x.write(buffer[:n/2])
	panic(http.ErrAbortHandler)
}
