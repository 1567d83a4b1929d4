package etcd

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
)

// heldBack is a reply that comes when it is let go.
func heldBack(reply http.HandlerFunc) (http.HandlerFunc, func()) {
	gate := make(chan struct{})
	return func(w http.ResponseWriter, r *http.Request) {
		<-gate
		reply(w, r)
	}, func() { close(gate) }
}

func TestWaitForIsAskedAboutWhatChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		script, lets := []http.HandlerFunc{holding("1", 7)}, []func(){}
		for _, reply := range []http.HandlerFunc{file("set", "/d/g", "1", 8), file("set", "/d/f", "x", 9), file("set", "/d/g", "2", 10)} {
			event, let := heldBack(reply)
			script, lets = append(script, event), append(lets, let)
		}
		m := mirroring(t, script...)
		go func() {
			for _, let := range lets {
				synctest.Wait()
				let()
			}
		}()
		var asked []*Node
		node, err := m.WaitFor(t.Context(), "d/g", func(n *Node) bool {
			asked = append(asked, n)
			return n != nil && n.Value == "2"
		})
		check(t, "node", node, aFile("/d/g", "2", 10, 10))
		check(t, "error", err, nil)
		check(t, "asked about", asked, []*Node{nil, aFile("/d/g", "1", 8, 8), node})
	})
}

func TestWaitForReturnsAtOnceWhatIsSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := mirroring(t, holding("1", 7))
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		node, err := m.WaitFor(ended, "/d/f", func(n *Node) bool { return n.Value == "1" })
		check(t, "node", node, aFile("/d/f", "1", 3, 3))
		check(t, "error", err, nil)
		node, err = m.WaitFor(ended, "/d/g", func(n *Node) bool { return n == nil })
		check(t, "no node", node, (*Node)(nil))
		check(t, "error", err, nil)
		check(t, "index", m.WaitIndex(ended, 7), nil)
	})
}

func TestWaitingEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := mirroring(t, holding("1", 7))
		cause := errors.New("changed my mind")
		ctx, cancel := context.WithCancelCause(t.Context())
		go func() {
			synctest.Wait()
			cancel(cause)
		}()
		_, err := m.WaitFor(ctx, "/d/f", func(*Node) bool { return false })
		checkEnded(t, ctx, err)
		checkEnded(t, ctx, m.WaitIndex(ctx, 8))
		for change, err := range m.Changes(ctx) {
			check(t, "change", change, Change{})
			checkEnded(t, ctx, err)
		}
	})
}

func TestWaitForRefusesWhatIsNeverThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := mirroring(t, holding("1", 7))
		for _, key := range []string{"", "/", "/e", "/dd", "/d/_hidden", "/d/s/_hidden/f", "/d//f"} {
			_, err := m.WaitFor(t.Context(), key, func(*Node) bool { return true })
			checkIs(t, err, ErrInvalidArgument)
		}
		root := &Mirror{dir: "/"}
		_, err := root.checkKey("/_hidden")
		checkIs(t, err, ErrInvalidArgument)
		hidden := &Mirror{dir: "/_hidden"}
		_, err = hidden.checkKey("/_hidden/f_")
		check(t, "in a hidden directory", err, nil)
	})
}

func TestWaitIndexWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		event, let := heldBack(file("set", "/d/g", "1", 8))
		m := mirroring(t, holding("1", 7), event)
		done := make(chan error)
		go func() { done <- m.WaitIndex(t.Context(), 9) }()
		synctest.Wait()
		let()
		synctest.Wait()
		select {
		case err := <-done:
			t.Fatalf("it did not wait: %v", err)
		default:
		}
		m.reached(9) // by what other keys did
		check(t, "error", <-done, nil)
	})
}

func TestChangesFollowTheMirror(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		event, let := heldBack(file("set", "/d/f", "2", 8))
		script := []http.HandlerFunc{holding("1", 7), event, cleared, holding("3", 1200)}
		m := mirroring(t, append(script, refusedForLong...)...)
		var told []string
		var last error
		for change, err := range m.Changes(t.Context()) {
			if last = err; err != nil {
				break
			}
			if told = append(told, changeText(change)); len(told) == 3 {
				go func() { // the loop waits then
					synctest.Wait()
					let()
				}()
			}
		}
		check(t, "told", told, []string{
			"created /d=", "created /d/f=1", "synced /d", "updated /d/f=1>2", "synced /d", "resynced /d", "updated /d/f=2>3!", "synced /d",
		})
		checkIs(t, last, ErrUnauthorized)
		for change, err := range m.Changes(t.Context()) {
			check(t, "told afterwards", changeText(change), "created /d=")
			check(t, "error", err, nil)
			break
		}
		check(t, "feeds left", len(m.feeds), 0)
	})
}
