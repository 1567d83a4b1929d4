package scale_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// task is the work of a child: the test binary in another process, so that its files and its CPU time are its own.
type task struct {
	Work     string // a name in works
	Library  string // ours or official
	Endpoint string
	Dir      string
	Count    int
	Polls    int    // Config.WatchPolls
	Seconds  int    // a time to live
	Files    uint64 // how many files the process may open; 0 leaves the limit
}

// The libraries that a child can use.
const (
	ours     = "this library"
	official = "client/v2"
)

// works are what a child can do.
var works = map[string]func(t *testing.T, task task){
	"locks":   limitedLocks,
	"watches": watchQuietly,
	"clients": manyClients,
	"reads":   readOften,
}

const (
	childEnv = "SCALE_CHILD"
	told     = "child: " // begins a line for the parent
)

// TestChild does the work of a child.
func TestChild(t *testing.T) {
	var task task
	text := os.Getenv(childEnv)
	if text == "" {
		t.Skip("other tests run it, in a process of its own")
	}
	if err := json.Unmarshal([]byte(text), &task); err != nil {
		t.Fatal(err)
	}
	if task.Files > 0 {
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: task.Files, Max: task.Files}); err != nil {
			t.Fatal(err)
		}
	}
	works[task.Work](t, task)
}

// tell sends a value to the parent.
func tell(t *testing.T, value any) {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("%s%s\n", told, text)
}

// asked waits until the parent asks for something. It returns false when the parent is done.
func asked() bool {
	_, err := os.Stdin.Read(make([]byte, 1))
	return err == nil
}

// child is another process that does a task.
type child struct {
	in  io.WriteCloser
	out *bufio.Scanner
	end func()
}

// start runs a task in another process until the test or end ends it.
func start(t *testing.T, task task) *child {
	t.Helper()
	text, err := json.Marshal(task)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], "-test.run", "^TestChild$")
	cmd.Env = append(os.Environ(), childEnv+"="+string(text), "GORACE=atexit_sleep_ms=0") // it would sleep for a second
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c := &child{in: in, out: bufio.NewScanner(out)}
	ended := false
	c.end = func() {
		if ended {
			return
		}
		ended = true
		in.Close()
		for c.out.Scan() {
			t.Log(c.out.Text())
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("child %s: %v", text, err)
		}
	}
	t.Cleanup(c.end)
	return c
}

// ask makes the child go on, and returns what it tells then.
func ask[T any](t *testing.T, c *child) (value T) {
	t.Helper()
	if _, err := c.in.Write([]byte("\n")); err != nil {
		t.Fatal(err)
	}
	for c.out.Scan() {
		if text, ok := strings.CutPrefix(c.out.Text(), told); ok {
			if err := json.Unmarshal([]byte(text), &value); err != nil {
				t.Fatal(err)
			}
			return value
		}
		t.Log(c.out.Text())
	}
	t.Fatal("the child has ended")
	return value
}
