package etcd

import (
	"bytes"
	"encoding/json"
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

// readBody reads the body of a success, or the part of it that the call needs.
func (k *keysCall) readBody(body io.Reader) (bufferedBody, error) {
	if k.asked.brief {
		return readBeginning(body)
	}
	if k.most > 0 {
		body = &limitedBody{body, k.most, k.most}
	}
	return readAll(body)
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

// readBeginning reads no more than the beginning of body. If there is more, the event has only its action and
// the key of its node.
func readBeginning(body io.Reader) (bufferedBody, error) {
	text, err := io.ReadAll(io.LimitReader(body, mostRefusalBytes))
	if err != nil {
		return bufferedBody{}, err
	}
	b, err := readAll(bytes.NewReader(text))
	if err == nil && b.event == nil && len(text) == mostRefusalBytes {
		b.event = beginningOfEvent(text)
	}
	return b, err
}

// beginningOfEvent returns the action and the key at the beginning of text, in the order in which etcd writes
// them, or nil if they are not there. The root has no key.
func beginningOfEvent(text []byte) *Response {
	event := &Response{Node: &Node{Key: rootKey}}
	d := json.NewDecoder(bytes.NewReader(text))
	for _, want := range []any{json.Delim('{'), "action", &event.Action, "node", json.Delim('{'), "key", &event.Node.Key} {
		if action, ok := want.(*Action); ok {
			want = (*string)(action)
		}
		if value, ok := want.(*string); ok {
			if d.Decode(value) != nil {
				return nil
			}
			continue
		}
		if token, err := d.Token(); err != nil || token != want {
			if want == "key" && err == nil && token == "dir" {
				return event
			}
			return nil
		}
	}
	return event
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
