package etcd

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/etcdv2/client/internal/cluster"
)

// sorted returns the verdict on a reply with the headers of etcd to a call of method for key.
func sorted(t *testing.T, method string, what asked, status int, body string) cluster.Verdict {
	t.Helper()
	recorder := httptest.NewRecorder()
	req := httptest.NewRequest(method, "/v2/keys/"+what.key, nil)
	keys(status, 8, body)(recorder, req)
	resp := recorder.Result()
	resp.Request = req
	want := toWrite
	if method == http.MethodGet {
		want = toRead
	}
	verdict, err := newKeysCall(req, want, what).Sort(cluster.Reply{Response: resp})
	check(t, "error of reading", err, error(nil))
	return verdict
}

// A success is an answer only if it fits the request.
func TestSuccessMustFitTheRequest(t *testing.T) {
	value, yes := "v", "TRUE"
	get := asked{key: "k", action: ActionGet}
	set := asked{key: "k", action: ActionSet, value: &value}
	swap := asked{key: "k", action: ActionCompareAndSwap, value: &value, prev: &Prev{Value: "old", Index: 7}}
	swapTrue := asked{key: "k", action: ActionCompareAndSwap, prev: &Prev{Value: yes}}
	setTrue := asked{key: "k", action: ActionSet, value: &yes}
	dir := asked{key: "k/", action: ActionCreate}
	inOrder := asked{key: "q/", action: ActionCreate, value: &value, inOrder: true}
	inRoot := asked{key: "", action: ActionCreate, value: &value, inOrder: true}
	for _, test := range []struct {
		name, method string
		what         asked
		event        string // action key value [previous value, previous index]
		fits         bool
	}{
		{"get", "GET", get, "get /k v", true},
		{"get, with a slash", "GET", asked{key: "k/", action: ActionGet}, "get /k v", true},
		{"get of the root", "GET", asked{action: ActionGet}, "get / v", true},
		{"get of the root, another key", "GET", asked{action: ActionGet}, "get /k v", false},
		{"get, another key", "GET", get, "get /other v", false},
		{"get, a key below", "GET", get, "get /k/a v", false},
		{"get, the root", "GET", get, "get / v", false},
		{"get, the beginning of another", "GET", get, "get /kk v", false},
		{"get, another action", "GET", get, "set /k v", false},
		{"in place of a HEAD", "GET", asked{key: "k"}, "get /k v", true},
		{"set", "PUT", set, "set /k v", true},
		{"set, over another", "PUT", set, "set /k v old 7", true},
		{"set, answered as a GET", "PUT", set, "get /k v", false},
		{"set, answered as a create", "PUT", set, "create /k v", false},
		{"set, no action", "PUT", set, "- /k v", false},
		{"set, another key", "PUT", set, "set /other v", false},
		{"set, another value", "PUT", set, "set /k w", false},
		{"set, no value", "PUT", set, "set /k -", false},
		{"set, another spelling", "PUT", set, "set /k V", false},
		{"set, 0.4 and TRUE", "PUT", setTrue, "set /k true", true},
		{"set, not quite TRUE", "PUT", setTrue, "set /k True", false},
		{"set, 0.4 and the other word", "PUT", setTrue, "set /k false", false},
		{"directory", "PUT", dir, "create /k -", true},
		{"directory, another", "PUT", dir, "create /d -", false},
		{"swap", "PUT", swap, "compareAndSwap /k v old 7", true},
		{"swap, prevNode left out", "PUT", swap, "compareAndSwap /k v", true},
		{"swap, answered as a set", "PUT", swap, "set /k v old 7", false},
		{"swap, another previous value", "PUT", swap, "compareAndSwap /k v other 7", false},
		{"swap, another previous index", "PUT", swap, "compareAndSwap /k v old 6", false},
		{"swap, 0.4 and TRUE", "PUT", swapTrue, "compareAndSwap /k v true 6", true},
		{"delete", "DELETE", asked{key: "k", action: ActionDelete}, "delete /k - v 7", true},
		{"delete, answered as a GET", "DELETE", asked{key: "k", action: ActionDelete}, "get /k v", false},
		{"in order", "POST", inOrder, "create /q/8 v", true},
		{"in order, another directory", "POST", inOrder, "create /p/8 v", false},
		{"in order, the directory itself", "POST", inOrder, "create /q v", false},
		{"in order, deeper", "POST", inOrder, "create /q/8/9 v", false},
		{"in order, the beginning of another", "POST", inOrder, "create /q8 v", false},
		{"in order, another value", "POST", inOrder, "create /q/8 w", false},
		{"in order, in the root", "POST", inRoot, "create /8 v", true},
		{"in order, the root", "POST", inRoot, "create / v", false},
		{"in order, below the root", "POST", inRoot, "create /8/9 v", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			verdict := sorted(t, test.method, test.what, 200, eventJSON(test.event))
			if got := verdict.Outcome == cluster.Done; got != test.fits || (verdict.Err == nil) != test.fits {
				t.Errorf("sorted as %+v", verdict)
			}
			if !test.fits {
				check(t, "outcome", verdict.Outcome, cluster.Unknown)
			}
		})
	}
}

// eventJSON returns the event of "action key value [previous value, previous index]", in which - leaves a
// field out.
func eventJSON(words string) string {
	field := func(name, word string) string {
		if word == "-" {
			return ""
		}
		return fmt.Sprintf("%q:%q,", name, word)
	}
	w := append(strings.Fields(words), "", "")
	event := fmt.Sprintf(`{%s"node":{"key":%q,%s"modifiedIndex":8,"createdIndex":8}`, field("action", w[0]), w[1], field("value", w[2]))
	if w[3] != "" {
		event += fmt.Sprintf(`,"prevNode":{"key":%q,"value":%q,"modifiedIndex":%s,"createdIndex":1}`, w[1], w[3], w[4])
	}
	return event + "}\n"
}

// The calls whose refusals are tried.
var refusable = map[string]struct {
	method string
	asked
}{
	"get":     {"GET", asked{key: "d/k", action: ActionGet}},
	"set":     {"PUT", asked{key: "d/k", action: ActionSet}},
	"create":  {"PUT", asked{key: "d/k", action: ActionCreate}},
	"update":  {"PUT", asked{key: "d/k", action: ActionUpdate}},
	"swap":    {"PUT", asked{key: "d/k", action: ActionCompareAndSwap, prev: &Prev{Value: "a", Index: 1}}},
	"inorder": {"POST", asked{key: "d/k", action: ActionCreate, inOrder: true}},
	"delete":  {"DELETE", asked{key: "d/k", action: ActionDelete}},
	"compdel": {"DELETE", asked{key: "d/k", action: ActionCompareAndDelete, prev: &Prev{Index: 1}}},
	"root":    {"GET", asked{key: "", action: ActionGet}},
}

// Each code can be the refusal of some calls only.
func TestCodeMustFitTheCall(t *testing.T) {
	for _, test := range []struct {
		status int
		code   ErrorCode
		cause  string
		calls  string // those that can get it
	}{
		{404, ErrKeyNotFound, "/d", "get update swap delete compdel"},
		{412, ErrCompareFailed, "[1 != 2]", "swap compdel"},
		{403, ErrNotFile, "/d/k", "get set create update swap inorder delete compdel"},
		{400, ErrNotDir, "/d", "get set create update swap inorder delete compdel"},
		{412, ErrNodeExist, "/d/k", "create"},
		{400, ErrRootReadOnly, "/", "get set create update swap inorder delete compdel root"},
		{403, ErrDirNotEmpty, "/d/k", "delete"},
		{401, ErrUnauthorized, noRights, "get set create update swap inorder delete compdel root"},
		{400, ErrInvalidField, `invalid value for "ttl"`, "get set create update swap inorder delete compdel root"},
		{400, 777, "of a later version", "get set create update swap inorder delete compdel root"},
		{400, ErrEventIndexCleared, "the requested history has been cleared [104/103]", ""},
		{400, ErrWatcherCleared, "", ""},
		{500, ErrRaftInternal, "nodePath /1/d/k: unexpected directory", "get set create update swap inorder delete compdel root"},
		{500, ErrRaftInternal, "etcdserver: request timed out", ""},
		{500, ErrCompareFailed, "[1 != 2]", ""},
		{503, ErrKeyNotFound, "/d", ""},
	} {
		for name, call := range refusable {
			verdict := sorted(t, call.method, call.asked, test.status, errorJSON(test.code, test.cause))
			can := strings.Contains(" "+test.calls+" ", " "+name+" ")
			if got := verdict.Outcome == cluster.Refused; got != can {
				t.Errorf("%s with code %d, status %d: sorted as %+v", name, test.code, test.status, verdict)
			}
			if can || test.code == ErrRaftInternal { // of any other answer the code says nothing
				checkIs(t, verdict.Err, test.code)
			} else {
				checkNot(t, verdict.Err, test.code)
			}
		}
	}
}

func errorJSON(code ErrorCode, cause string) string {
	return fmt.Sprintf(`{"errorCode":%d,"message":"Message","cause":%q,"index":8}`+"\n", code, cause)
}

// The cause names the key, one above it or the condition, if the refusal is one of this very call.
func TestCauseMustFitTheCall(t *testing.T) {
	for _, test := range []struct {
		call   string
		status int
		code   ErrorCode
		fits   []string
		others []string
	}{
		{"get", 404, ErrKeyNotFound, []string{"", "/", "/d", "/d/k"}, []string{"/d/k/a", "/d/kk", "/dd", "/e", "d", "<html>"}},
		{"update", 404, ErrKeyNotFound, []string{"/d/k"}, []string{"/other"}},
		{"set", 400, ErrNotDir, []string{"/d"}, []string{"/d/a"}},
		{"delete", 403, ErrDirNotEmpty, []string{"/d/k"}, []string{"/d/k/a"}},
		{"create", 412, ErrNodeExist, []string{"/d/k"}, []string{"/d/l"}},
		{"inorder", 400, ErrNotDir, []string{"/d/k", "/d/k/00000000000000000009"}, []string{"/d/l"}},
		// Both conditions are named if both failed, the value first.
		{"swap", 412, ErrCompareFailed, []string{"[a != b]", "[1 != 2]", "[a != b] [1 != 2]", ""}, []string{"[b != a]", "[2 != 1]", "[aa != b]", "[11 != 2]"}},
		{"compdel", 412, ErrCompareFailed, []string{"[1 != 2]"}, []string{"[a != b]", "[ != b]"}},
	} {
		call := refusable[test.call]
		for i, cause := range append(test.fits, test.others...) {
			verdict := sorted(t, call.method, call.asked, test.status, errorJSON(test.code, cause))
			if got, want := verdict.Outcome == cluster.Refused, i < len(test.fits); got != want {
				t.Errorf("%s, code %d, cause %q: sorted as %+v", test.call, test.code, cause, verdict)
			}
		}
	}
}

// Where etcd has told the cluster's ID once, it tells it in each answer on keys. What comes without it, even with
// an index, is not this cluster's.
func TestReplyWithoutTheClustersIDSettlesNothing(t *testing.T) {
	for name, reply := range map[string]http.HandlerFunc{
		"success": granting(4), "refusal": refusing(403, ErrNotFile, "/k", 4),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var net network
				net.serve(t, "a", granting(3), nameless(reply))
				client := net.connect(t, Config{Endpoints: []string{"http://a"}})
				check(t, "error of the first", every["Set"](t.Context(), client), error(nil))
				err := every["Set"](t.Context(), client)
				checkIs(t, err, ErrOutcomeUnknown)
				checkNot(t, err, ErrNotFile)
				checkNot(t, every["Get"](t.Context(), client), ErrNotFile)
			})
		})
	}
}

// What the user has chosen for a key or a value may contain the password.
func TestEtcdsWordsAreNotMasked(t *testing.T) {
	s := serve(t, refusing(404, ErrKeyNotFound, "/root/k", 8), refusing(412, ErrCompareFailed, "[root != b]", 8))
	client := connectWith(t, Config{Endpoints: []string{s.url}, Username: "root", Password: "root"})
	_, err := client.Get(t.Context(), "/root/k")
	checkIs(t, err, ErrKeyNotFound)
	var reply *Error
	if !errors.As(err, &reply) || reply.Cause != "/root/k" {
		t.Errorf("error is %v", err)
	}
	_, err = client.CompareAndSwap(t.Context(), "/root/k", "b", Prev{Value: "root"})
	checkIs(t, err, ErrCompareFailed)
	checkNot(t, err, ErrOutcomeUnknown)
}

// A stranger may quote the request.
func TestStrangersWordsAreMasked(t *testing.T) {
	for name, body := range map[string]string{
		"page": "<html>root:" + secret + "</html>", "message": `{"message":"` + secret + `"}`,
		"code": `{"errorCode":100,"message":"Key not found","cause":"/` + secret + `"}`,
	} {
		for _, status := range []int{200, 302, 400, 401, 404, 501, 503} {
			s := serve(t, text(status, body, "Location", "http://127.0.0.1:1/login?as="+secret))
			client := connectWith(t, Config{Endpoints: []string{s.url}, Username: "root", Password: secret})
			for _, call := range []string{"Get", "Set", "Machines"} {
				err := every[call](t.Context(), client)
				if err == nil || strings.Contains(fmt.Sprintf("%v %+v", err, err), secret) {
					t.Errorf("%s to %s, %d: %v", name, call, status, err)
				}
			}
		}
	}
}

// The refusal of a comparison quotes the value that is stored, which may be longer than what is read of it.
func TestRefusalIsKnownByItsBeginning(t *testing.T) {
	stored := strings.Repeat("é", 1<<20)
	s := serve(t, refusing(412, ErrCompareFailed, "[v != "+stored+"]", 8))
	client := connect(t, s.url)
	_, err := client.CompareAndSwap(t.Context(), "/k", "w", Prev{Value: "v"})
	checkIs(t, err, ErrCompareFailed)
	checkNot(t, err, ErrOutcomeUnknown)
	var reply *Error
	if !errors.As(err, &reply) || len(reply.Cause) > 100 || len(err.Error()) > 1000 {
		t.Fatalf("error of %d bytes", len(err.Error()))
	}
	check(t, "index", reply.Index, uint64(8))
	// Just as long as what is read.
	whole := errorJSON(ErrCompareFailed, "[v != ]")
	whole = errorJSON(ErrCompareFailed, "[v != "+strings.Repeat("x", mostRefusalBytes-len(whole))+"]")
	verdict := sorted(t, "PUT", asked{key: "k", prev: &Prev{Value: "v"}}, 412, whole)
	check(t, "outcome", verdict.Outcome, cluster.Refused)
	// A page that is longer is no refusal.
	verdict = sorted(t, "PUT", asked{key: "k"}, 412, strings.Repeat("<html>", mostRefusalBytes))
	check(t, "outcome of a page", verdict.Outcome, cluster.Unknown)
}

// sized answers with an event whose body has so many bytes.
func sized(action string, bytes int) http.HandlerFunc {
	event := func(length int) string { return eventJSON(action + " /k " + strings.Repeat("v", length)) }
	return keys(200, 8, event(bytes-len(event(1))+1))
}

func TestMaxReplyBytes(t *testing.T) {
	const most = 4096
	for bytes, ok := range map[int]bool{most: true, most + 1: false, 1 << 20: false} {
		s, second := serve(t, sized("get", bytes)), serve(t, granting(8))
		client := connectWith(t, Config{Endpoints: []string{s.url}, MaxReplyBytes: most})
		err := every["Get"](t.Context(), client)
		check(t, fmt.Sprintf("%d bytes are read", bytes), err == nil, ok)
		if !ok && !strings.Contains(err.Error(), "MaxReplyBytes") {
			t.Errorf("error is %v", err)
		}
		s.replies = []http.HandlerFunc{sized("delete", bytes)}
		client = connectWith(t, Config{Endpoints: []string{s.url, second.url}, MaxReplyBytes: most})
		err = every["Delete"](t.Context(), client)
		check(t, "write", []any{err == nil, errors.Is(err, ErrOutcomeUnknown)}, []any{ok, !ok})
		check(t, "requests to the next", second.got(), []string(nil))
	}
	s := serve(t, sized("get", 1<<20))
	check(t, "without a limit", every["Get"](t.Context(), connect(t, s.url)), error(nil))
	_, err := New(Config{Endpoints: []string{s.url}, MaxReplyBytes: -1})
	checkIs(t, err, ErrInvalidArgument)
}
