package etcd

import (
	"bytes"
	"io"

	"github.com/etcdv2/client/internal/cluster"
	"github.com/etcdv2/client/internal/scan"
)

// bufferedBody is the body of a reply on keys that has been read to its end, by readAll.
type bufferedBody struct {
	text  *scan.Buffer
	event *Response // what it says, where it is in the form that etcd writes
}

// readAll reads body to its end. An event is decoded while the rest is still under way. The caller releases
// the result.
func readAll(body io.Reader) (bufferedBody, error) {
	b := bufferedBody{text: scan.NewBuffer()}
	d := fastDecoder{Scanner: b.text.Scan(body)}
	b.event = d.event()
	if err := b.text.Fill(&d.Scanner); err != nil {
		b.release()
		return bufferedBody{}, err
	}
	return b, nil
}

// decode returns the event that b is, with the reply's header. A body that is none is an *Error: something
// else than etcd answered.
func (b bufferedBody) decode(reply cluster.Reply) (*Response, error) {
	if b.event != nil {
		return b.event.withHeader(reply.Response), nil
	}
	return decodeEvent(reply, b.text.Bytes())
}

// blank reports whether there is nothing in b.
func (b bufferedBody) blank() bool {
	return b.event == nil && len(bytes.TrimSpace(b.text.Bytes())) == 0
}

// release gives the room to another reply.
func (b bufferedBody) release() { b.text.Release() }
