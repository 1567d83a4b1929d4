package bench

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// bareTCP writes requests to connections and reads past the replies: what no client can be faster than.
type bareTCP struct {
	host string

	mu   sync.Mutex
	idle []*bareConn
}

type bareConn struct {
	net.Conn
	reader *bufio.Reader
	text   []byte
}

func newBareTCP(tb testing.TB, endpoint string) client {
	b := &bareTCP{host: strings.TrimPrefix(endpoint, "http://")}
	tb.Cleanup(b.close)
	return client{
		name: limit,
		get: func(_ context.Context, key string, quorum bool) (int, error) {
			_, length, err := b.do("GET", key+question(quorum, "quorum"), "")
			return length, err
		},
		set: func(_ context.Context, key, value string) (uint64, error) {
			index, _, err := b.do("PUT", key, "value="+value)
			return index, err
		},
		swap: func(_ context.Context, key, value string, prev uint64) (uint64, error) {
			index, _, err := b.do("PUT", key+"?prevIndex="+strconv.FormatUint(prev, 10), "value="+value)
			return index, err
		},
	}
}

// do makes a request and returns the index and the length of the reply.
func (b *bareTCP) do(method, target, form string) (index uint64, length int, err error) {
	conn, err := b.take()
	if err != nil {
		return 0, 0, err
	}
	conn.text = fmt.Appendf(conn.text[:0], "%s /v2/keys%s HTTP/1.1\r\nHost: %s\r\n", method, target, b.host)
	if form != "" {
		conn.text = fmt.Appendf(conn.text, "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n", len(form))
	}
	conn.text = append(append(conn.text, "\r\n"...), form...)
	if _, err := conn.Write(conn.text); err != nil {
		return 0, 0, err
	}
	if index, length, err = conn.reply(); err != nil {
		return 0, 0, err
	}
	b.put(conn)
	return index, length, nil
}

func (b *bareTCP) take() (*bareConn, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if last := len(b.idle) - 1; last >= 0 {
		conn := b.idle[last]
		b.idle = b.idle[:last]
		return conn, nil
	}
	conn, err := net.Dial("tcp", b.host)
	if err != nil {
		return nil, err
	}
	return &bareConn{Conn: conn, reader: bufio.NewReader(conn)}, nil
}

func (b *bareTCP) put(conn *bareConn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.idle = append(b.idle, conn)
}

func (b *bareTCP) close() {
	for _, conn := range b.idle {
		conn.Close()
	}
}

// reply reads a reply that is not chunked.
func (c *bareConn) reply() (index uint64, length int, err error) {
	for line := []byte(nil); err == nil; {
		if line, err = c.reader.ReadSlice('\n'); err != nil {
			break
		}
		if line = bytes.TrimRight(line, "\r\n"); len(line) == 0 {
			_, err = io.CopyN(io.Discard, c.reader, int64(length))
			return index, length, err
		}
		if text, ok := bytes.CutPrefix(line, []byte("X-Etcd-Index: ")); ok {
			index, err = strconv.ParseUint(string(text), 10, 64)
		}
		if text, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			length, err = strconv.Atoi(string(text))
		}
		if text, ok := bytes.CutPrefix(line, []byte("HTTP/1.1 ")); ok && !bytes.HasPrefix(text, []byte("20")) {
			err = fmt.Errorf("the server says %s", text)
		}
	}
	return 0, 0, err
}
