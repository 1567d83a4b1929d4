package etcd

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"strconv"
	"testing"
)

// canned serves the same reply to every request, and returns where. It allocates nothing for a
// request, so that what a call allocates is the client's.
func canned(tb testing.TB, reply []byte) (endpoint string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go serveCanned(conn, reply)
		}
	}()
	return "http://" + listener.Addr().String()
}

func serveCanned(conn net.Conn, reply []byte) {
	defer conn.Close()
	for r := bufio.NewReader(conn); skipRequest(r) == nil; {
		if _, err := conn.Write(reply); err != nil {
			return
		}
	}
}

// skipRequest reads a request to its end.
func skipRequest(r *bufio.Reader) error {
	length := 0
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return err
		}
		if line = bytes.TrimRight(line, "\r\n"); len(line) == 0 {
			break
		}
		if text, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			length, err = strconv.Atoi(string(text))
			if err != nil {
				return err
			}
		}
	}
	_, err := r.Discard(length)
	return err
}

// replyWith returns a reply as etcd 3.5 sends it: chunked, where the body is long.
func replyWith(body []byte) []byte {
	header := "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Etcd-Cluster-Id: cdf818194e3a8c32\r\n" +
		"X-Etcd-Index: 4\r\nX-Raft-Index: 5\r\nX-Raft-Term: 2\r\nDate: Sun, 22 Nov 2026 08:53:51 GMT\r\n"
	if len(body) <= 2048 {
		return fmt.Appendf(nil, "%sContent-Length: %d\r\n\r\n%s", header, len(body), body)
	}
	return fmt.Appendf(nil, "%sTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", header, len(body), body)
}

const (
	cannedGet = `{"action":"get","node":{"key":"/nodes/n1","value":"http://10.0.0.1:8080","modifiedIndex":4,"createdIndex":4}}` + "\n"
	cannedSet = `{"action":"set","node":{"key":"/nodes/n1","value":"http://10.0.0.1:8080","modifiedIndex":4,"createdIndex":4},` +
		`"prevNode":{"key":"/nodes/n1","value":"http://10.0.0.1:8080","modifiedIndex":3,"createdIndex":3}}` + "\n"
	cannedSwap = `{"action":"compareAndSwap","node":{"key":"/nodes/n1","value":"http://10.0.0.1:8080","modifiedIndex":4,"createdIndex":3},` +
		`"prevNode":{"key":"/nodes/n1","value":"http://10.0.0.1:8080","modifiedIndex":3,"createdIndex":3}}` + "\n"
)

// cannedTree is what a recursive read of files brings, a hundred to a directory.
func cannedTree(files int) []byte {
	const end = `"modifiedIndex":4,"createdIndex":4}`
	body := []byte(`{"action":"get","node":{"key":"/tree","dir":true,"nodes":[`)
	for i := range files {
		if i%100 == 0 {
			body = fmt.Appendf(body, `{"key":"/tree/%02d","dir":true,"nodes":[`, i/100)
		}
		body = fmt.Appendf(body, `{"key":"/tree/%02d/service-%02d","value":"http://10.0.0.1:8080",`+end, i/100, i%100)
		switch {
		case i == files-1:
			body = append(body, "],"+end...)
		case i%100 == 99:
			body = append(body, "],"+end+","...)
		default:
			body = append(body, ',')
		}
	}
	return append(body, "],"+end+"}\n"...)
}
