package witness

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// A Flood is many writers that set keys as fast as the server lets them. They speak bare HTTP, which
// is a third faster than net/http where the server and the watch need the same few cores.
type Flood struct {
	Endpoint string
	Dir      string // writer 3 sets Dir/w3
	Writers  int
	Sets     int // by each writer
	Ledger   *Ledger
	NetHTTP  bool // write with net/http, as programs do

	// Hold, if set, is called before each set and returns when that may be made.
	Hold func()

	done atomic.Int64
}

// Total returns how many sets it is.
func (f *Flood) Total() int { return f.Writers * f.Sets }

// Done returns how many sets were acknowledged so far.
func (f *Flood) Done() int { return int(f.done.Load()) }

// Run returns when all is written, or with the first error of each writer.
func (f *Flood) Run(ctx context.Context) error {
	errs := make([]error, f.Writers)
	var writing sync.WaitGroup
	for i := range f.Writers {
		writing.Go(func() { errs[i] = f.write(ctx, i) })
	}
	writing.Wait()
	return errors.Join(errs...)
}

func (f *Flood) write(ctx context.Context, writer int) error {
	put, hangUp, err := f.dial(ctx)
	if err != nil {
		return err
	}
	defer hangUp()
	key := fmt.Sprintf("%s/w%d", f.Dir, writer)
	indexes := make([]uint64, f.Sets)
	for i := range indexes {
		if f.Hold != nil {
			f.Hold()
		}
		if indexes[i], err = put(key, value(writer, i)); err != nil {
			return fmt.Errorf("writer %d, set %d: %w", writer, i, err)
		}
		f.done.Add(1)
	}
	for i, index := range indexes {
		f.Ledger.Applied(index, value(writer, i))
	}
	return nil
}

// dial returns how to set a key on a connection of its own, and how to close that.
func (f *Flood) dial(ctx context.Context) (put func(key, value string) (uint64, error), hangUp func(), err error) {
	if f.NetHTTP {
		transport := &http.Transport{DisableCompression: true}
		c := &httpPutter{ctx, transport, f.Endpoint}
		return c.put, transport.CloseIdleConnections, nil
	}
	p, err := dial(ctx, f.Endpoint)
	if err != nil {
		return nil, nil, err
	}
	context.AfterFunc(ctx, func() { p.conn.Close() }) // a server that hangs shall not hang the test
	return p.put, func() { p.conn.Close() }, nil
}

func value(writer, i int) string { return fmt.Sprintf("%d-%d", writer, i) }

// putter is one connection on which PUTs are sent.
type putter struct {
	conn   net.Conn
	reader *bufio.Reader
	host   string
}

func dial(ctx context.Context, endpoint string) (*putter, error) {
	host := strings.TrimPrefix(endpoint, "http://")
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", host)
	if err != nil {
		return nil, err
	}
	return &putter{conn, bufio.NewReader(conn), host}, nil
}

// put sets a key and returns the index of that.
func (p *putter) put(key, value string) (uint64, error) {
	form := "value=" + value
	if _, err := fmt.Fprintf(p.conn, "PUT /v2/keys%s HTTP/1.1\r\nHost: %s\r\n"+
		"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s", key, p.host, len(form), form); err != nil {
		return 0, err
	}
	status, err := p.line()
	if err != nil {
		return 0, err
	}
	status = bytes.Clone(status) // the next line takes its place
	index, err := p.rest()
	if err == nil && !bytes.HasPrefix(status, []byte("HTTP/1.1 20")) {
		err = fmt.Errorf("the server says %s", status)
	}
	return index, err
}

// rest reads what follows a reply's status line. A set's own index is in the header.
func (p *putter) rest() (index uint64, err error) {
	length := 0
	for {
		line, err := p.line()
		if err != nil {
			return 0, err
		}
		if len(line) == 0 {
			break
		}
		if text, ok := bytes.CutPrefix(line, []byte("X-Etcd-Index: ")); ok {
			index, err = strconv.ParseUint(string(text), 10, 64)
		}
		if text, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			length, err = strconv.Atoi(string(text))
		}
		if err != nil {
			return 0, err
		}
	}
	_, err = p.reader.Discard(length)
	return index, err
}

func (p *putter) line() ([]byte, error) {
	line, err := p.reader.ReadSlice('\n')
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return bytes.TrimRight(line, "\r\n"), err
}
