package cluster

import (
	"context"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etcdv2/client/internal/fakenet"
)

// A sign is confirmed where the question was asked after the header of the call had come.
func TestPulseTellsACallThatItsMemberServes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mux := http.NewServeMux()
		mux.Handle(servicePath, text(404, 0, "an answer all the same"))
		mux.Handle(indexPath, text(200, 4, ""))
		mux.Handle(changePath, silent(4))
		mux.Handle("/v2/keys/k", silent(4))
		var net fakenet.Network
		c := newCluster(t, Config{Endpoints: []string{net.Serve(t, "a", mux)}, Dial: net.Dial})
		release := c.KeepPulse()
		defer release()
		var signs []bool
		call := newCall(t, "GET", "/v2/keys/k", "")
		call.Read, call.Wait = true, true
		call.Pulse = func(confirmed bool) { signs = append(signs, confirmed) }
		result := c.Do(t.Context(), call)
		if result.Open == nil {
			t.Fatalf("got %+v", result)
		}
		<-time.After(2500 * time.Millisecond)
		synctest.Wait()
		check(t, "signs in two and a half intervals", signs, []bool{true, true})
		result.Open.Close()
		<-time.After(time.Minute)
		synctest.Wait()
		check(t, "signs after the call", len(signs), 2)
	})
}

// pulsed is a member on which a call waits, from index 7 on. It records when it was asked whether it serves, and
// what signs of life the call has been told.
type pulsed struct {
	cluster *Cluster
	open    *Open
	start   time.Time

	mu    sync.Mutex
	asked []time.Duration // since the start
	signs []bool
}

func newPulsed(t *testing.T, serve http.HandlerFunc) *pulsed {
	p := &pulsed{start: time.Now()}
	mux := http.NewServeMux()
	mux.HandleFunc(servicePath, func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.asked = append(p.asked, time.Since(p.start))
		p.mu.Unlock()
		serve(w, r)
	})
	mux.Handle(indexPath, text(200, 7, ""))
	mux.Handle(changePath, silent(7))
	var net fakenet.Network
	p.cluster = newCluster(t, Config{Endpoints: []string{net.Serve(t, "a", mux)}, Dial: net.Dial})
	t.Cleanup(p.cluster.KeepPulse())
	p.open = arrive(t, p.cluster, p.cluster.members.all()[0], 7)
	p.cluster.pulse.mu.Lock()
	defer p.cluster.pulse.mu.Unlock()
	for _, call := range p.cluster.pulse.members[p.open.Member].calls {
		call.sign = func(confirmed bool) {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.signs = append(p.signs, confirmed)
		}
	}
	return p
}

// until lets time pass until some time after the start.
func (p *pulsed) until(d time.Duration) {
	<-time.After(d - time.Since(p.start))
	synctest.Wait()
}

// tell has the member tell its index, and returns the signs of life that the call is told for it.
func (p *pulsed) tell(index uint64) []bool {
	p.takeSigns()
	p.cluster.pulse.saw(p.open.Member, index)
	return p.takeSigns()
}

func (p *pulsed) takeSigns() []bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	signs := p.signs
	p.signs = nil
	return signs
}

// questions returns when the member was asked whether it serves.
func (p *pulsed) questions() []time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.asked)
}

// An index that moves is a sign of life as good as an answer. It confirms the calls that have waited for a while.
func TestIndexThatMovesIsASignOfLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPulsed(t, text(200, 0, ""))
		for _, step := range []struct {
			at    time.Duration
			index uint64
			want  []bool
		}{
			{50 * time.Millisecond, 8, []bool{false}}, // it may have been sent before the header of the call
			{60 * time.Millisecond, 9, nil},           // not with each event
			{250 * time.Millisecond, 10, []bool{true}},
			{400 * time.Millisecond, 9, nil},
			{500 * time.Millisecond, 10, nil},
		} {
			p.until(step.at)
			check(t, "signs at "+step.at.String(), p.tell(step.index), step.want)
		}
		p.until(2500 * time.Millisecond)
		check(t, "asked", p.questions(), []time.Duration{1250 * time.Millisecond, 2250 * time.Millisecond})
	})
}

// A member that does not serve may have an index that moves.
func TestWeakMemberIsAskedThoughItsIndexMoves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPulsed(t, text(503, 0, ""))
		p.until(1050 * time.Millisecond)
		check(t, "call is ended", p.open.Cut(), true)
		for i := range uint64(45) {
			<-time.After(100 * time.Millisecond)
			check(t, "signs", p.tell(8+i), []bool(nil))
		}
		synctest.Wait()
		check(t, "questions", len(p.questions()), 5)
	})
}

// A question that gets no answer shows nothing if the index has moved since. The member is left within two
// intervals after that.
func TestIndexThatMovesOutweighsAQuestion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPulsed(t, hang)
		p.until(1500 * time.Millisecond) // it was asked after a second
		p.tell(8)
		p.until(2400 * time.Millisecond)
		check(t, "call is ended by the first question", p.open.Cut(), false)
		check(t, "failures", p.open.Member.health.failures.Load(), int64(0))
		p.until(3500 * time.Millisecond)
		check(t, "call is ended by the second", p.open.Cut(), true)
		check(t, "questions", p.questions()[:2], []time.Duration{time.Second, 2500 * time.Millisecond})
	})
}

// The index alone shows that a member serves only if it is told.
func TestMemberThatDoesNotTellItsIndexInTimeIsAskedWhetherItServes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mux := http.NewServeMux()
		mux.Handle(servicePath, text(200, 0, ""))
		mux.Handle(indexPath, http.HandlerFunc(hang))
		mux.Handle(changePath, silent(7))
		var net fakenet.Network
		c := newCluster(t, Config{Endpoints: []string{net.Serve(t, "a", mux)}, Dial: net.Dial})
		defer c.KeepPulse()()
		open := arrive(t, c, c.members.all()[0], 7)
		<-time.After(time.Minute)
		check(t, "call is ended", open.Cut(), false)
	})
}

// A question that this process could not ask is asked again soon.
func TestQuestionThatWasNotSentIsAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var network fakenet.Network
		network.Serve(t, "a", http.HandlerFunc(hang))
		dial := func(ctx context.Context, protocol, address string) (net.Conn, error) {
			if time.Since(start) < 1050*time.Millisecond {
				return outOfFiles(ctx, protocol, address)
			}
			return network.Dial(ctx, protocol, address)
		}
		c := newCluster(t, Config{Endpoints: []string{"http://a"}, Dial: dial})
		defer c.KeepPulse()()
		open := arrive(t, c, c.members.all()[0], 7)
		<-time.After(1990 * time.Millisecond)
		check(t, "call is ended too soon", open.Cut(), false)
		<-time.After(30 * time.Millisecond)
		check(t, "call is ended", open.Cut(), true)
	})
}

// A cluster may end at any moment while calls begin that want a pulse.
func TestPulseWantedAfterTheEndIsNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, Config{Endpoints: []string{"http://a"}})
		kept := c.KeepPulse()
		c.Close()
		late := c.KeepPulse()
		late()
		a := c.newAttempt(t.Context(), 0)
		defer a.end()
		c.pulse.join(c.members.all()[0], a, nil)
		check(t, "member watched over", a.watched, (*Member)(nil))
		kept()
	})
}
