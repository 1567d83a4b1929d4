package etcd

import (
	"bytes"
	"fmt"
	"io"

	"github.com/etcdv2/client/internal/cluster"
	"github.com/etcdv2/client/internal/scan"
)

// bufferedBody is the body of a reply on keys that readAll has read to its end.
type bufferedBody struct {
	text  *scan.Buffer
	event *Response // the event in text; nil unless text has the form that etcd writes
}

// readAll reads body to its end. It decodes an event while the rest is still arriving. The caller must
// release the result.
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

// limited returns body, or an error in its place after the limit of the call.
func (k *keysCall) limited(body io.Reader) io.Reader {
	if k.most == 0 {
		return body
	}
	return &limitedBody{body, k.most, k.most}
}

// limitedBody fails once more than most bytes have been read.
type limitedBody struct {
	io.Reader
	left, most int64
}

func (l *limitedBody) Read(p []byte) (int, error) {
	n, err := l.Reader.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return 0, fmt.Errorf("the reply is longer than %d bytes, the limit of Config.MaxReplyBytes", l.most)
	}
	return n, err
}

// decode returns the event in b, with the fields of the reply's header. It returns an *Error if there is no
// event: something other than etcd answered.
func (b bufferedBody) decode(reply cluster.Reply) (*Response, error) {
	if b.event != nil {
		return b.event.withHeader(reply.Response), nil
	}
	return decodeEvent(reply, b.text.Bytes())
}

// blank reports whether b is empty or has only white space.
func (b bufferedBody) blank() bool {
	return b.event == nil && len(bytes.TrimSpace(b.text.Bytes())) == 0
}

// release makes the memory of b available to other replies.
func (b bufferedBody) release() { b.text.Release() }
