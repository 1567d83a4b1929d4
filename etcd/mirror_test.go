package etcd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// These tests run in bubbles: no goroutine of a mirror can outlive them.

// aMirror is a member with a script, and a mirror of /d that a client of the member has.
type aMirror struct {
	*Mirror
	*server
	net    network
	seen   recorder
	client *Client
}

// mirroring starts a mirror whose first read gets the first reply, and so on; then members hang.
func mirroring(t *testing.T, replies ...http.HandlerFunc) *aMirror {
	t.Helper()
	return mirroringWith(t, t.Context(), Config{PulseInterval: -1}, append(replies, hang)...)
}

func mirroringWith(t *testing.T, ctx context.Context, config Config, replies ...http.HandlerFunc) *aMirror {
	t.Helper()
	a := &aMirror{}
	a.server = a.net.serve(t, "a", replies...)
	config.Endpoints, config.Observer = []string{"http://a"}, &a.seen
	a.client = a.net.connect(t, config)
	var err error
	if a.Mirror, err = a.client.Mirror(ctx, "/d"); err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
	return a
}

// text is all that the mirror holds.
func (a *aMirror) text() string { return nodesText(slices.Collect(a.Range("/d"))) }

// holding answers a read of /d with one file in it.
func holding(value string, index int) http.HandlerFunc {
	return keys(200, index, fmt.Sprintf(`{"action":"get","node":{"key":"/d","dir":true,"modifiedIndex":2,"createdIndex":2,
		"nodes":[{"key":"/d/f","value":%q,"modifiedIndex":3,"createdIndex":3}]}}`, value))
}

const (
	read       = "GET /v2/keys/d?recursive=true"
	quorumRead = "GET /v2/keys/d?recursive=true&quorum=true"
)

func waits(index int) string {
	return fmt.Sprintf("GET /v2/keys/d?recursive=true&wait=true&waitIndex=%d", index)
}

func TestMirrorReadsAndFollows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := mirroring(t, holding("1", 7), file("set", "/d/g", "2", 9), file("delete", "/d/f", "", 12))
		check(t, "requests", m.got(), []string{read, waits(8), waits(10), waits(13)})
		check(t, "content", m.text(), "/d/@2 /d/g=2@9")
		check(t, "index", m.Index(), uint64(12))
		check(t, "error", m.Err(), nil)
		node, ok := m.Get("d/g/")
		check(t, "node", node, aFile("/d/g", "2", 9, 9))
		check(t, "there", ok, true)
		node.Value = "changed by its owner"
		snapshot := m.Snapshot()
		check(t, "snapshot", snapshot, Snapshot{Node: aDir("/d", 2, aFile("/d/g", "2", 9, 9)), Index: 12})
		snapshot.Node.Nodes[0].Value = "changed by its owner"
		for node := range m.Range("/d") {
			node.Value = "changed by its owner"
			break
		}
		check(t, "leaves", nodesText(slices.Collect(m.Snapshot().Leaves())), "/d/g=2@9")
		if _, ok := m.Get("/d/f"); ok {
			t.Error("what is deleted is still there")
		}
	})
}

func TestMirrorOfNothing(t *testing.T) {
	for name, reply := range map[string]http.HandlerFunc{
		"missing": refusing(404, ErrKeyNotFound, "/d", 7), "below a file": refusing(400, ErrNotDir, "/d", 7),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				appear := make(chan struct{})
				m := mirroring(t, reply, func(w http.ResponseWriter, r *http.Request) {
					<-appear
					file("set", "/d/s/f", "1", 9)(w, r)
				})
				check(t, "snapshot", m.Snapshot(), Snapshot{Index: 7})
				check(t, "all", len(slices.Collect(m.Snapshot().Walk()))+len(slices.Collect(m.Snapshot().Leaves())), 0)
				close(appear)
				synctest.Wait()
				check(t, "content", m.text(), "/d/@9 /d/s/@9 /d/s/f=1@9")
				check(t, "requests", m.got(), []string{read, waits(8), waits(10)})
			})
		})
	}
}

func TestMirrorThatCannotBegin(t *testing.T) {
	for name, test := range map[string]struct {
		reply http.HandlerFunc
		want  error
	}{
		"refused":           {refusing(401, ErrUnauthorized, "", 0), ErrUnauthorized},
		"without an index":  {text(200, `{"action":"get","node":{"key":"/d","dir":true}}`), nil},
		"missing, no index": {refusing(404, ErrKeyNotFound, "/d", 0), nil},
		"no member":         {hangup, nil},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := connect(t, serve(t, test.reply).url).Mirror(t.Context(), "/d")
			if m != nil || err == nil || test.want != nil && !errors.Is(err, test.want) {
				t.Errorf("got %v, %v", m, err)
			}
		})
	}
	s := serve(t, hang)
	for _, key := range []string{"", "//", "/d/../e", "d//e", "\xff"} {
		_, err := connect(t, s.url).Mirror(t.Context(), key)
		checkIs(t, err, ErrInvalidArgument)
	}
	check(t, "requests", s.got(), []string(nil))
}

func TestMirrorEnds(t *testing.T) {
	cause := errors.New("changed my mind")
	for name, test := range map[string]struct {
		end  func(m *aMirror, cancel context.CancelCauseFunc)
		want error
	}{
		"with its context":  {func(_ *aMirror, cancel context.CancelCauseFunc) { cancel(cause) }, context.Canceled},
		"with Close":        {func(m *aMirror, _ context.CancelCauseFunc) { m.Close() }, ErrClosed},
		"with its client's": {func(m *aMirror, _ context.CancelCauseFunc) { m.client.Close() }, ErrClosed},
		"with whatever is first": {func(m *aMirror, cancel context.CancelCauseFunc) {
			m.Close()
			m.Close()
			cancel(cause)
			m.client.Close()
		}, ErrClosed},
	} {
		for when, script := range map[string][]http.HandlerFunc{
			"in a poll": {holding("1", 7), silent(7)}, "between attempts to read": {holding("1", 7), cleared, text(500, "")}, "in a read": {holding("1", 7), cleared, hang},
		} {
			t.Run(name+" "+when, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					ctx, cancel := context.WithCancelCause(t.Context())
					defer cancel(nil)
					m := mirroringWith(t, ctx, Config{}, script...)
					<-time.After(15 * time.Second)
					test.end(m, cancel)
					<-m.done
					checkIs(t, m.Err(), test.want)
					check(t, "content", m.text(), "/d/@2 /d/f=1@3")
					checkIs(t, m.WaitIndex(t.Context(), 7), nil)
					checkIs(t, m.WaitIndex(t.Context(), 8), test.want)
					_, err := m.WaitFor(t.Context(), "/d/g", func(n *Node) bool { return n != nil })
					checkIs(t, err, test.want)
					for change, err := range m.Changes(t.Context()) {
						if change.Type == 0 {
							checkIs(t, err, test.want)
						}
					}
				})
			})
		}
	}
}

func TestMirrorSaysThatItWasClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := mirroring(t, holding("1", 7))
		m.Close()
		check(t, "error", m.Err().Error(), "etcd: mirror /d: closed")
	})
}

func TestMirrorIsReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := mirroring(t, holding("1", 7), cleared, text(500, ""), hangup, text(503, ""), holding("2", 1200), file("set", "/d/g", "3", 1201))
		<-time.After(5 * time.Second)
		check(t, "requests", m.got(), []string{read, waits(8), quorumRead, quorumRead, quorumRead, quorumRead, waits(1201), waits(1202)})
		check(t, "content", m.text(), "/d/@2 /d/f=2@3 /d/g=3@1201")
		var told []MirrorResynced
		for _, event := range m.seen.got() {
			if event, ok := event.(MirrorResynced); ok {
				told = append(told, event)
			}
		}
		check(t, "times observed", len(told), 1)
		checkIs(t, told[0].Err, ErrEventIndexCleared)
		told[0].Err = nil
		check(t, "observed", told[0], MirrorResynced{Dir: "/d", From: 7, To: 1200, Changes: 1})
	})
}

// A gateway's page for a path that it does not have does not end a mirror that is being read again.
func TestMirrorOutlivesAGatewaysPage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		page := text(404, missingPage)
		m := mirroring(t, holding("1", 7), cleared, page, page, holding("2", 1200))
		<-time.After(5 * time.Second)
		check(t, "error", m.Err(), nil)
		check(t, "content", m.text(), "/d/@2 /d/f=2@3")
	})
}

func TestMirrorResyncedIsLogged(t *testing.T) {
	var c collector
	LogObserver(slog.New(&c)).Observe(MirrorResynced{"/d", 7, 9, 1, ErrEventIndexCleared})
	check(t, "level", c.records[0].Level, slog.LevelWarn)
	check(t, "record", lineOf(c.records[0]), "etcd: mirror read again: dir=/d from=7 to=9 changes=1 error=etcd: event index cleared")
}

// A mirror that is read again and again without any event in between waits longer each time.
func TestMirrorThatFallsBehindAtOnceIsReadMoreRarely(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		script := []http.HandlerFunc{holding("1", 7)}
		for i := range 40 {
			script = append(script, cleared, holding("1", 1000*(i+1)))
		}
		m := mirroring(t, script...)
		<-time.After(10 * time.Second)
		if n := len(m.got()); n < 10 || n > 25 {
			t.Errorf("%d requests in 10 s", n)
		}
	})
}

func TestMirrorReadsAgainAfterAnUnknownAction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := mirroring(t, holding("1", 7), file("rename", "/d/f", "2", 8), holding("2", 8))
		<-time.After(time.Second)
		check(t, "requests", m.got(), []string{read, waits(8), quorumRead, waits(9)})
		check(t, "content", m.text(), "/d/@2 /d/f=2@3")
	})
}

// of answers as another cluster than the one that the others answer of.
func of(cluster string, reply http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		reply(&renamed{w, cluster}, r)
	}
}

type renamed struct {
	http.ResponseWriter
	cluster string
}

func (w *renamed) WriteHeader(status int) {
	w.Header().Set("X-Etcd-Cluster-Id", w.cluster)
	w.ResponseWriter.WriteHeader(status)
}

func TestMirrorMovesOnToAnotherClusterOnlyIfItMay(t *testing.T) {
	script := []http.HandlerFunc{holding("1", 70), of("b", cleared), of("b", holding("2", 8)), hang}
	synctest.Test(t, func(t *testing.T) {
		m := mirroringWith(t, t.Context(), Config{ClusterID: AnyCluster}, script...)
		ended := make(chan error)
		go func() { ended <- m.WaitIndex(t.Context(), 71) }()
		<-time.After(time.Second)
		check(t, "content", m.text(), "/d/@2 /d/f=2@3")
		check(t, "index", m.Index(), uint64(8))
		checkIs(t, <-ended, ErrClusterRolledBack)
	})
	synctest.Test(t, func(t *testing.T) {
		m := mirroringWith(t, t.Context(), Config{}, script...)
		<-m.done
		checkIs(t, m.Err(), ErrWrongCluster)
		check(t, "content", m.text(), "/d/@2 /d/f=1@3")
		check(t, "requests", m.got()[2], quorumRead)
	})
}

func TestMirrorEndsWhenItIsRefusedForAMinute(t *testing.T) {
	for name, script := range map[string][]http.HandlerFunc{
		"the watch": {holding("1", 7)}, "the read": {holding("1", 7), cleared},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				m := mirroring(t, append(script, refusedForLong...)...)
				<-m.done
				checkIs(t, m.Err(), ErrUnauthorized)
				checkAMinute(t, start)
			})
		})
	}
}

func TestWatchEndsThatMakeAMirrorReadAgain(t *testing.T) {
	for _, err := range []error{ErrEventIndexCleared, ErrWrongCluster, ErrClusterRolledBack, errUnknownAction} {
		if !lost(fmt.Errorf("watch: %w", err)) {
			t.Errorf("not after %v", err)
		}
	}
	for _, err := range []error{nil, ErrClosed, ErrUnauthorized, ErrInvalidArgument, context.Canceled} {
		if lost(err) {
			t.Errorf("after %v", err)
		}
	}
}

// Without events it is the watch that knows how far the mirror has come, and whether it is current.
func TestMirrorIsAsOldAsTheLastSignOfLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := func(w http.ResponseWriter, r *http.Request) {
			<-time.After(2 * time.Second)
			holding("1", 7)(w, r)
		}
		m := mirroring(t, slow)
		check(t, "after a read that took 2 s", m.Age(), 2*time.Second)
		<-time.After(3 * time.Second)
		check(t, "3 s later", m.Age(), 5*time.Second)
		m.aliveAt(time.Now())
		check(t, "after a sign of life", m.Age(), time.Duration(0))
		m.reached(20) // as a watch does that saw other keys move the index
		m.reached(10)
		check(t, "index", m.Index(), uint64(20))
	})
}

func TestMirrorStaysYoungWhileItsMemberLives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := mirroringWith(t, t.Context(), Config{}, holding("1", 7), hang)
		<-time.After(time.Minute)
		if age := m.Age(); age > time.Second {
			t.Errorf("it is %v old", age)
		}
	})
}

func TestMirrorThatIsReadAgainIsAsOldAsTheRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := mirroring(t, holding("1", 7), cleared, holding("2", 1200))
		<-time.After(10 * time.Second)
		if age := m.Age(); age <= 9*time.Second || age >= 10*time.Second { // a pause less than 10 s
			t.Errorf("it is %v old", age)
		}
	})
}

func TestMirrorGetAllocatesTheNodeAlone(t *testing.T) {
	m := &Mirror{dir: "/d", tree: newMirrorTree("/d", aDir("/d", 2, aFile("/d/a-key-that-is-longer-than-what-fits-on-the-stack", "v", 3, 3)))}
	for key, most := range map[string]float64{"/d/a-key-that-is-longer-than-what-fits-on-the-stack": 1, "/d/another-key-that-is-longer-than-what-fits-on-it": 0} {
		check(t, key, testing.AllocsPerRun(100, func() { m.Get(key) }), most)
	}
}

// manyNodes is a mirror of 10,000 files in 100 directories.
func manyNodes() (*Mirror, []string) {
	dir := aDir("/d", 1)
	var names []string
	for i := range 100 {
		sub := aDir(fmt.Sprintf("/d/%02d", i), 1)
		for n := range 100 {
			key := fmt.Sprintf("%s/service-%02d", sub.Key, n)
			names = append(names, key)
			sub.Nodes = append(sub.Nodes, aFile(key, "http://10.0.0.1:80", 1, 1))
		}
		dir.Nodes = append(dir.Nodes, sub)
	}
	return &Mirror{dir: "/d", tree: newMirrorTree("/d", dir), changed: make(chan struct{})}, names
}

func BenchmarkMirrorGet(b *testing.B) {
	m, names := manyNodes()
	b.Run("alone", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			m.Get(names[i%len(names)])
		}
	})
	b.Run("parallel, beside events", func(b *testing.B) {
		b.ReportAllocs()
		stop := make(chan struct{})
		defer close(stop)
		go func() {
			for tick := time.NewTicker(time.Millisecond); ; {
				select {
				case <-tick.C:
					_ = m.apply(&Response{Action: ActionSet, Node: aFile(names[0], "v", 2, 2), Index: 2})
				case <-stop:
					return
				}
			}
		}()
		b.RunParallel(func(pb *testing.PB) {
			for i := 0; pb.Next(); i++ {
				m.Get(names[i%len(names)])
			}
		})
	})
}

func BenchmarkMirrorApply(b *testing.B) {
	m, names := manyNodes()
	b.ReportAllocs()
	for i := uint64(2); b.Loop(); i++ {
		_ = m.apply(&Response{Action: ActionSet, Node: aFile(names[i%uint64(len(names))], "v", i, i), Index: i})
	}
}

func BenchmarkMirrorSnapshot(b *testing.B) {
	m, _ := manyNodes()
	for b.Loop() {
		m.Snapshot()
	}
}
