package cluster

import (
	"net/http"
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
