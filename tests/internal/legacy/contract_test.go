package legacy

import (
	"context"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// answer is what a client sees of a reply.
type answer struct {
	status int
	index  string // X-Etcd-Index
	body   string // with "~" for times
	resp   *http.Response
}

var clock = regexp.MustCompile(`"20\d\d-[^"]*"`)

// ask sends a request such as "PUT /v2/keys/a?value=1" to m, with a form if there is one, and follows
// nothing.
func ask(t *testing.T, m *Member, request string, form ...string) answer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	method, path, _ := strings.Cut(request, " ")
	req, err := http.NewRequestWithContext(ctx, method, m.URL()+path, strings.NewReader(strings.Join(form, "&")))
	if err != nil {
		t.Fatal(err)
	}
	if len(form) > 0 {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	transport := &http.Transport{DisableKeepAlives: true}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header.Get("X-Etcd-Index"), clock.ReplaceAllString(string(body), `"~"`), resp}
}

// The replies are those of a real 0.4.9, byte for byte, except for its name and its times.
func TestKeysAnswerAs049(t *testing.T) {
	m := Start(t, 1).Members()[0]
	for _, want := range []struct {
		request     string
		status      int
		index, body string
	}{
		{"GET /v2/keys", 404, "", "404 page not found\n"},
		{"GET /v2/keys/", 200, "2", `{"action":"get","node":{"key":"/","dir":true}}`},
		{"GET /v2/keys/?quorum=true", 200, "0", `{"action":"get","node":{"key":"/","dir":true}}`},
		{"PUT /v2/keys/d/a?value=TRUE", 201, "3", `{"action":"set","node":{"key":"/d/a","value":"true","modifiedIndex":3,"createdIndex":3}}`},
		{"PUT /v2/keys/b?value=1&ttl=50", 201, "4", `{"action":"set","node":{"key":"/b","value":"1","expiration":"~","ttl":50,"modifiedIndex":4,"createdIndex":4}}`},
		{"GET /v2/keys/d/a?quorum=true", 200, "3", `{"action":"get","node":{"key":"/d/a","value":"true","modifiedIndex":3,"createdIndex":3}}`},
		{"GET /v2/keys/d/a", 200, "4", `{"action":"get","node":{"key":"/d/a","value":"true","modifiedIndex":3,"createdIndex":3}}`},
		{"GET /v2/keys/no/x?quorum=true", 404, "4", `{"errorCode":100,"message":"Key not found","cause":"/no","index":4}` + "\n"},
		{"PUT /v2/keys/b?value=2&prevExist=true", 200, "5", `{"action":"update","node":{"key":"/b","value":"2","modifiedIndex":5,"createdIndex":4},` +
			`"prevNode":{"key":"/b","value":"1","expiration":"0001-01-01T00:00:00Z","ttl":50,"modifiedIndex":4,"createdIndex":4}}`},
		{"PUT /v2/keys/b?prevExist=true", 400, "5", `{"errorCode":204,"message":"Value or TTL is required in POST form","cause":"Update","index":5}` + "\n"},
		{"PUT /v2/keys/b?value=0&prevIndex=0", 200, "6", `{"action":"compareAndSwap","node":{"key":"/b","value":"0","modifiedIndex":6,"createdIndex":4},` +
			`"prevNode":{"key":"/b","value":"2","modifiedIndex":5,"createdIndex":4}}`},
		{"PUT /v2/keys/no?value=0&prevIndex=0", 404, "6", `{"errorCode":100,"message":"Key not found","cause":"/no","index":6}` + "\n"},
		{"PUT /v2/keys/b?dir=1&value=f", 200, "7", `{"action":"set","node":{"key":"/b","value":"f","modifiedIndex":7,"createdIndex":7},` +
			`"prevNode":{"key":"/b","value":"0","modifiedIndex":6,"createdIndex":4}}`},
		{"PUT /v2/keys/b?prevIndex=x", 400, "7", `{"errorCode":203,"message":"The given index in POST form is not a number","cause":"CompareAndSwap","index":7}` + "\n"},
		{"DELETE /v2/keys/b?prevValue=", 400, "7", `{"errorCode":201,"message":"PrevValue is Required in POST form","cause":"CompareAndDelete","index":7}` + "\n"},
		{"DELETE /v2/keys/b?prevValue=f", 200, "8", `{"action":"compareAndDelete","node":{"key":"/b","modifiedIndex":8,"createdIndex":7},` +
			`"prevNode":{"key":"/b","value":"f","modifiedIndex":7,"createdIndex":7}}`},
		{"POST /v2/keys/q?value=j", 201, "9", `{"action":"create","node":{"key":"/q/9","value":"j","modifiedIndex":9,"createdIndex":9}}`},
		{"PUT /v2/keys/d?dir=true&prevExist=true&ttl=50", 200, "10", `{"action":"update","node":{"key":"/d","dir":true,"expiration":"~","ttl":50,"modifiedIndex":10,"createdIndex":3},` +
			`"prevNode":{"key":"/d","dir":true,"modifiedIndex":3,"createdIndex":3}}`},
		{"GET /v2/keys/d?sorted=true", 200, "10", `{"action":"get","node":{"key":"/d","dir":true,"expiration":"~","ttl":50,` +
			`"nodes":[{"key":"/d/a","value":"true","modifiedIndex":3,"createdIndex":3}],"modifiedIndex":3,"createdIndex":3}}`},
		{"GET /v2/keys/d?wait=true&waitIndex=9", 200, "10", `{"action":"update","node":{"key":"/d","dir":true,"expiration":"~","ttl":50,"modifiedIndex":10,"createdIndex":3},` +
			`"prevNode":{"key":"/d","dir":true,"modifiedIndex":3,"createdIndex":3}}`},
		{"PUT /v2/keys/?value=1", 400, "10", `{"errorCode":107,"message":"Root is read only","cause":"/","index":10}` + "\n"},
		{"DELETE /v2/keys/d?dir=true", 403, "10", `{"errorCode":108,"message":"Directory not empty","cause":"/d","index":10}` + "\n"},
		{"PATCH /v2/keys/d", 404, "", "404 page not found\n"},
		{"DELETE /v2/keys/d//a", 301, "", ""},
		{"GET /v2/keys/d%0Aa", 404, "", "404 page not found\n"},
		{"GET /version", 200, "", "etcd 0.4.9"},
		{"GET /v2/members", 404, "", "404 page not found\n"},
		{"GET /health", 404, "", "404 page not found\n"},
		{"GET /v2/machines", 200, "", m.URL()},
		{"GET /v2/leader", 200, "", m.PeerURL()},
	} {
		got := ask(t, m, want.request)
		if got.status != want.status || got.index != want.index || got.body != want.body {
			t.Errorf("%s: %d %s %s\nwant %d %s %s", want.request, got.status, got.index, got.body, want.status, want.index, want.body)
		}
		if got.resp.Header.Get("X-Etcd-Cluster-Id") != "" || got.resp.ContentLength != -1 {
			t.Errorf("%s: %v, length %d", want.request, got.resp.Header, got.resp.ContentLength)
		}
	}
}

func TestHeadOfAKeyTellsNothing(t *testing.T) {
	m := Start(t, 1).Members()[0]
	ask(t, m, "PUT /v2/keys/a?value=1")
	if got := ask(t, m, "HEAD /v2/keys/a"); got.status != 200 || len(got.resp.Header) != 1 { // the date
		t.Errorf("%d %v", got.status, got.resp.Header)
	}
	if got := ask(t, m, "HEAD /v2/keys/b"); got.status != 404 || got.index != "3" || got.body != "" {
		t.Errorf("%d %v", got.status, got.resp.Header)
	}
}

// What cannot be parsed is missing, and nothing else happens.
func TestFormsThatCannotBeParsedStoreTheEmptyValue(t *testing.T) {
	m := Start(t, 1).Members()[0]
	for _, form := range []string{"value=%zz", "value=a;b", "value=" + strings.Repeat("x", 10<<20)} {
		if got := ask(t, m, "PUT /v2/keys/a", form); got.status/100 != 2 || !strings.Contains(got.body, `"value":""`) {
			t.Errorf("%.20s: %d %.200s", form, got.status, got.body)
		}
	}
}

func TestHistoryKeepsAThousandEvents(t *testing.T) {
	c := Start(t, 1)
	m, last := c.Members()[0], c.Write("/w", 1101)
	if last != 1103 {
		t.Fatalf("index %d", last)
	}
	want := `{"errorCode":401,"message":"The event in requested index is outdated and cleared",` +
		`"cause":"the requested history has been cleared [104/103]","index":1103}` + "\n"
	if got := ask(t, m, "GET /v2/keys/w?wait=true&recursive=true&waitIndex=103"); got.status != 400 || got.body != want {
		t.Errorf("%d %s", got.status, got.body)
	}
	if got := ask(t, m, "GET /v2/keys/w?wait=true&recursive=true&waitIndex=104"); !strings.Contains(got.body, `"modifiedIndex":104`) {
		t.Errorf("%d %s", got.status, got.body)
	}
}

func TestExpiredDirectoryDoesNotSayThatItWasOne(t *testing.T) {
	m := Start(t, 1).Members()[0]
	ask(t, m, "PUT /v2/keys/d?dir=true&ttl=0")
	want := `{"action":"expire","node":{"key":"/d","modifiedIndex":4,"createdIndex":3},"prevNode":{"key":"/d","dir":true,"expiration":"~"`
	if got := ask(t, m, "GET /v2/keys/d?wait=true&waitIndex=4"); !strings.HasPrefix(got.body, want) {
		t.Errorf("%d %s", got.status, got.body)
	}
}

// The index of the header is looked at after the data was taken.
func TestHeaderCanBeAhead(t *testing.T) {
	c := Start(t, 1)
	m := c.Members()[0]
	c.Write("/w", 1)
	m.Between(func(*http.Request) { c.Write("/w", 1) })
	got := ask(t, m, "GET /v2/keys/w/0")
	if got.index != "4" || !strings.Contains(got.body, `"modifiedIndex":3`) {
		t.Errorf("%s %s", got.index, got.body)
	}
}

func TestFollowers(t *testing.T) {
	c := Start(t, 3)
	leader, follower := c.Leader(), c.Followers()[0]
	if got := ask(t, follower, "PUT /v2/keys/a%20b?ttl=5", "value=1"); got.status != 307 || got.body != "" ||
		got.resp.Header.Get("Location") != leader.URL()+"/v2/keys/a%20b?ttl=5" {
		t.Errorf("%d %q %v", got.status, got.body, got.resp.Header)
	}
	if got := ask(t, follower, "PUT /v2/keys/a?ttl=x"); got.status != 400 || got.index != "4" {
		t.Errorf("%d %s", got.status, got.body)
	}
	if got := ask(t, follower, "GET /v2/stats/leader"); got.status != 403 || got.body != "not current leader" {
		t.Errorf("%d %s", got.status, got.body)
	}
	follower.SetLag(2)
	c.Write("/w", 3)
	if follower.Index() != 5 || leader.Index() != 7 {
		t.Errorf("at %d and %d", follower.Index(), leader.Index())
	}

	c.KillLeader()
	if got := ask(t, follower, "GET /v2/keys/a?quorum=true"); got.status != 307 {
		t.Errorf("%d %s", got.status, got.body)
	}
	c.NoticeDeath()
	for request, want := range map[string]string{
		"PUT /v2/keys/a":             `{"errorCode":300,"message":"Raft Internal Error","index":5}` + "\n",
		"GET /v2/keys/a?quorum=true": `{"errorCode":300,"message":"Raft Internal Error","index":5}` + "\n",
		"GET /v2/leader":             `{"errorCode":301,"message":"During Leader Election","index":5}` + "\n",
	} {
		if got := ask(t, follower, request); got.status != 500 || got.body != want {
			t.Errorf("%s: %d %s", request, got.status, got.body)
		}
	}
	c.Elect(follower)
	if got := ask(t, follower, "PUT /v2/keys/a?value=1"); got.status != 201 || got.index != "8" {
		t.Errorf("%d %s", got.status, got.body)
	}
	leader.SetLag(Whole)
	leader.Restart(t)
	if got := ask(t, leader, "GET /v2/keys/a"); got.status != 404 || got.index != "0" {
		t.Errorf("a member that replays its log: %d %s", got.status, got.body)
	}
	leader.SetLag(0)
	if got := ask(t, leader, "GET /v2/keys/a"); got.status != 200 || got.index != "8" {
		t.Errorf("a member that has replayed its log: %d %s", got.status, got.body)
	}
}

// An open watch breaks off when its member dies, without the chunk that ends a body.
func TestDeathBreaksAWatchOff(t *testing.T) {
	m := Start(t, 1).Members()[0]
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, m.URL()+"/v2/keys/a?wait=true", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	m.Kill()
	if _, err := io.ReadAll(resp.Body); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error(err)
	}
}
