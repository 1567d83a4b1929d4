package locking_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/etcdv2/client/tests/internal/handlock"
	clientv2 "go.etcd.io/etcd/client/v2"
)

// childEnv says what a program that knows only client/v2 is to do: count or read, and then an endpoint, a key
// and a name.
const childEnv = "LOCKING_CHILD"

const (
	additions = 15 // of each that counts
	countTTL  = 10 * time.Second
)

func child() {
	words := strings.Split(os.Getenv(childEnv), " ")
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	do := map[string]func(ctx context.Context, keys clientv2.KeysAPI, key, name string) error{"count": countByHand, "read": readByHand}
	keys, err := handlock.NewKeys(words[1:2], countTTL)
	if err == nil {
		err = do[words[0]](ctx, keys, words[2], words[3])
	}
	if err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, words, err)
		os.Exit(1)
	}
}

// countByHand adds to the counter beside the key, without comparing, while it has the lock.
func countByHand(ctx context.Context, keys clientv2.KeysAPI, key, name string) error {
	for range additions {
		lock, err := handlock.Acquire(ctx, keys, key, name, countTTL)
		if err != nil {
			return err
		}
		resp, err := keys.Get(ctx, sum(key), &clientv2.GetOptions{Quorum: true})
		if err != nil {
			return err
		}
		n, err := strconv.Atoi(resp.Node.Value)
		if err != nil {
			return err
		}
		if _, err := keys.Set(ctx, sum(key), strconv.Itoa(n+1), nil); err != nil {
			return err
		}
		if err := lock.Unlock(ctx); err != nil {
			return err
		}
	}
	return nil
}

func sum(key string) string { return key + "-counter" }

// readByHand prints the key's value whenever it is another one, and an empty line when there is none.
func readByHand(ctx context.Context, keys clientv2.KeysAPI, key, _ string) error {
	value, index := "", uint64(0)
	resp, err := keys.Get(ctx, key, &clientv2.GetOptions{Quorum: true})
	var reply clientv2.Error
	switch {
	case err == nil:
		value, index = resp.Node.Value, resp.Index
	case errors.As(err, &reply) && reply.Code == clientv2.ErrorCodeKeyNotFound:
		index = reply.Index
	default:
		return err
	}
	fmt.Println(value)
	watcher := keys.Watcher(key, &clientv2.WatcherOptions{AfterIndex: index})
	for {
		resp, err := watcher.Next(ctx)
		if err != nil {
			return err
		}
		if resp.Node.Value != value { // of one that was deleted, it is empty
			value = resp.Node.Value
			fmt.Println(value)
		}
	}
}

// program is a child under way.
type program struct {
	cmd   *exec.Cmd
	input io.Closer
	lines *bufio.Scanner
}

// start runs this test's program as a child, which ends with the test.
func start(t *testing.T, words ...string) *program {
	t.Helper()
	p := &program{cmd: exec.Command(os.Args[0])}
	p.cmd.Env = append(os.Environ(), childEnv+"="+strings.Join(words, " "))
	p.cmd.Stderr = os.Stderr
	input, err := p.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.input, p.lines = input, bufio.NewScanner(output)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.input.Close()
		p.wait(t)
	})
	return p
}

// says returns the next line.
func (p *program) says(t *testing.T) string {
	t.Helper()
	if !p.lines.Scan() {
		t.Fatalf("the program said no more: %v", p.lines.Err())
	}
	return p.lines.Text()
}

// wait returns when the program has done what it was to do.
func (p *program) wait(t *testing.T) {
	t.Helper()
	if p.cmd.ProcessState != nil {
		return
	}
	for p.lines.Scan() {
	}
	if err := p.cmd.Wait(); err != nil {
		t.Error(err)
	}
}
