package examples

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/etcdv2/client/election"
	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/locking"
	"github.com/etcdv2/client/tests/etcdtest"
	clientv2 "go.etcd.io/etcd/client/v2"
)

func TestCron(t *testing.T) {
	t.Parallel()
	cluster := etcdtest.Start(t)
	client := connect(t, cluster)
	file := filepath.Join(t.TempDir(), "runs")
	args := []string{"-every", "1s", "--", "sh", "-c", "echo $CRON_TIME >>" + file}

	first := start(t, cluster, "cron", append([]string{"-name", "first"}, args...)...)
	first.expect("leading")
	second := start(t, cluster, "cron", append([]string{"-name", "second"}, args...)...)
	e := election.New(client, "/cron/report/leader")
	eventually(t, "two candidates", func() bool {
		return len(must[[]election.Leader](t)(e.Candidates(t.Context()))) == 2
	})
	first.expect("running")
	first.expect("running")
	first.stop()
	second.expect("leading")
	second.expect("running")
	must[*etcd.Response](t)(client.Set(t.Context(), "/cron/report/claimed", "9999"))
	second.expect("claimed before")
	second.stop()

	runs := strings.Fields(string(must[[]byte](t)(os.ReadFile(file))))
	if distinct := slices.Compact(slices.Sorted(slices.Values(runs))); len(runs) < 2 || len(distinct) != len(runs) {
		t.Errorf("it ran at %q", runs)
	}
}

func TestSlots(t *testing.T) {
	t.Parallel()
	cluster := etcdtest.Start(t)
	client := connect(t, cluster)
	dir := t.TempDir()
	work := []string{"--", "sh", "-c", `echo $0 >>started; while [ ! -e go ]; do sleep 0.02; done; [ $0 != bad ]`}
	here := func(cmd *exec.Cmd) { cmd.Dir = dir }
	put := func(job string) { must[*etcd.Response](t)(client.CreateInOrder(t.Context(), "/jobs", job)) }
	started := func() int {
		text, err := os.ReadFile(filepath.Join(dir, "started"))
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		return strings.Count(string(text), "\n")
	}
	failed := func() []string {
		var jobs []string
		resp, err := client.Get(t.Context(), "/jobs-failed", etcd.WithSorted())
		if err != nil {
			return nil
		}
		for job := range resp.Node.Children() {
			jobs = append(jobs, job.Value)
		}
		return jobs
	}

	for _, job := range []string{"wash", "rinse", "bad", "dry"} {
		put(job)
	}
	var workers []*program
	for range 3 {
		workers = append(workers, startWith(t, here, cluster, "slots", work...))
	}
	semaphore := locking.NewSemaphore(client, "/slots/jobs", 2)
	eventually(t, "two work, and the third waits", func() bool {
		return started() == 2 && len(must[[]locking.Contender](t)(semaphore.Queue(t.Context()))) == 3
	})
	if holders := must[[]locking.Contender](t)(semaphore.Holders(t.Context())); len(holders) != 2 {
		t.Errorf("%d hold a slot", len(holders))
	}
	if err := os.WriteFile(filepath.Join(dir, "go"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	done := 0
	for _, worker := range workers {
		worker.succeeds()
		done += strings.Count(worker.text(), "done: ")
	}
	if got := failed(); done != 3 || !slices.Equal(got, []string{"bad"}) {
		t.Errorf("%d jobs are done, and %q have failed", done, got)
	}

	if err := os.Remove(filepath.Join(dir, "go")); err != nil {
		t.Fatal(err)
	}
	put("fold")
	worker := startWith(t, here, cluster, "slots", work...)
	eventually(t, "work on the last job", func() bool { return started() == 5 })
	worker.stop()
	if got := failed(); !slices.Equal(got, []string{"bad", "fold"}) {
		t.Errorf("after the interrupt, %q have failed", got)
	}
}

func TestQueue(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, cluster *etcdtest.Cluster) {
		client := connect(t, cluster)
		start(t, cluster, "queue", "-ttl", "1h", "put", "sort").succeeds()
		queue := must[*etcd.Response](t)(client.Get(t.Context(), "/jobs"))
		for job := range queue.Node.Children() {
			if job.TTL <= 0 {
				t.Errorf("the job lives for %v", job.TTL)
			}
		}

		first := start(t, cluster, "queue", "take")
		first.expect("took: sort")
		start(t, cluster, "queue", "put", "wash", "rinse", "dry").succeeds()
		first.expect("took: wash")
		first.expect("took: rinse")
		first.expect("took: dry")

		// The consumer learns of a job when it has been updated already.
		first.signal(syscall.SIGSTOP)
		job := must[*etcd.Response](t)(client.CreateInOrder(t.Context(), "/jobs", "iron"))
		must[*etcd.Response](t)(client.Update(t.Context(), job.Node.Key, "fold"))
		first.signal(syscall.SIGCONT)
		first.expect("took: fold")

		second := start(t, cluster, "queue", "take")
		jobs := []string{"put"}
		for i := range 50 {
			jobs = append(jobs, fmt.Sprint("job", i))
		}
		start(t, cluster, "queue", jobs...).succeeds()
		took := func() int { return strings.Count(first.text()+second.text(), "took: job") }
		eventually(t, "all jobs are taken", func() bool { return took() == 50 })
		first.stop()
		second.stop()
		for _, job := range jobs[1:] {
			if n := strings.Count(first.text()+second.text(), "took: "+job+"\n"); n != 1 {
				t.Errorf("%s was taken %d times", job, n)
			}
		}
	})
}

func TestResume(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, cluster *etcdtest.Cluster) {
		client := connect(t, cluster)
		ok := must[*etcd.Response](t)
		state := []string{"-state", filepath.Join(t.TempDir(), "last.json")}
		ok(client.Set(t.Context(), "/config/a", "1"))

		p := start(t, cluster, "resume", state...)
		p.expect("is: /config/a 1")
		ok(client.Set(t.Context(), "/config/b", "2"))
		p.expect("set /config/b 2")
		p.stop()
		ok(client.Set(t.Context(), "/config/c", "3"))
		ok(client.Delete(t.Context(), "/config/b"))
		p = start(t, cluster, "resume", state...)
		p.expect("delete /config/b")
		p.stop()
		if want := "set /config/c 3\ndelete /config/b \n"; p.text() != want {
			t.Errorf("it prints %q, want %q", p.text(), want)
		}

		other := etcdtest.Start(t)
		last := ok(connect(t, other).Set(t.Context(), "/config/a", "other"))
		for index := ok(client.Get(t.Context(), "/config")).Index; last.Index <= index; {
			last = ok(connect(t, other).Set(t.Context(), "/config/a", "other"))
		}
		p = start(t, other, "resume", state...)
		p.expect("reading again: ")
		p.expect("is: /config/a other")
		p.stop()
	})
}

func TestSingleKey(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, cluster *etcdtest.Cluster) {
		transport := &http.Transport{}
		t.Cleanup(transport.CloseIdleConnections)
		other := must[clientv2.Client](t)(clientv2.New(clientv2.Config{Endpoints: cluster.Endpoints(), Transport: transport}))
		keys := clientv2.NewKeysAPI(other)
		lock := func() error {
			_, err := keys.Set(t.Context(), "/locks/migration", "by hand",
				&clientv2.SetOptions{PrevExist: clientv2.PrevNoExist, TTL: time.Minute})
			return err
		}

		if err := lock(); err != nil {
			t.Fatal(err)
		}
		start(t, cluster, "singlekey", "-wait=false", "--", "true").fails("held by others")
		p := start(t, cluster, "singlekey", "-ttl", "3s", "--", "sleep", "1000")
		must[*clientv2.Response](t)(keys.Delete(t.Context(), "/locks/migration", &clientv2.DeleteOptions{PrevValue: "by hand"}))
		p.expect("locked by")
		var refused clientv2.Error
		if err := lock(); !errors.As(err, &refused) || refused.Code != clientv2.ErrorCodeNodeExist {
			t.Errorf("locked by both: %v", err)
		}
		must[*clientv2.Response](t)(keys.Delete(t.Context(), "/locks/migration", nil))
		p.fails("lock lost")

		start(t, cluster, "singlekey", "--", "echo", "migrating").succeeds()
		if err := lock(); err != nil {
			t.Errorf("the lock is still held: %v", err)
		}
	})
}
