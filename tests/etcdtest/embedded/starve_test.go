//go:build unix

package embedded_test

import (
	"context"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/etcdtest/embedded"
	"github.com/etcdv2/client/tests/etcdtest/internal/suite"
)

// A member that had no file left for a connection serves when there are files again.
func TestServesAfterFilesRanOut(t *testing.T) {
	member := etcdtest.Start(t, embedded.Etcd()).Members()[0]
	addr := strings.TrimPrefix(member.URL(), "http://")
	starve(t, addr)
	client := suite.NewClient(t)
	client.Transport.(*http.Transport).DisableKeepAlives = true
	suite.Eventually(t, func() error {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		_, err := suite.Get(ctx, client, member.URL(), "/")
		return err
	})
}

// starve connects to addr while this process may open no more files than it has open by then. The kernel takes the
// connections, and the process cannot.
func starve(t *testing.T, addr string) {
	t.Helper()
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &before); err != nil {
		t.Fatal(err)
	}
	first, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	file, err := first.(*net.TCPConn).File() // the lowest number that is free, or the one after it
	if err != nil {
		t.Fatal(err)
	}
	few := before
	few.Cur = uint64(file.Fd()) + 3
	file.Close()
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &few); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &before); err != nil {
			t.Fatal(err)
		}
	}()
	for range 40 {
		conn, err := net.DialTimeout("tcp", addr, time.Second)
		if err != nil {
			return // this process has no file left
		}
		defer conn.Close()
	}
	t.Error("40 connections did not use up the files")
}
