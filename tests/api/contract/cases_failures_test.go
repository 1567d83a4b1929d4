package contract

import "strings"

// operations is each operation of the description once, with everything in order.
var operations = []string{
	"GET /v2/keys/", "HEAD /v2/keys/", "PUT /v2/keys/ value=1", "POST /v2/keys/ value=1", "DELETE /v2/keys/",
	"GET /a", "HEAD /a", "PUT /a value=1", "POST /a value=1", "DELETE /a",
	"GET /v2/machines", "HEAD /v2/machines", "GET /v2/leader",
	"GET /v2/members", `POST /v2/members {"peerURLs":["http://127.0.0.1:1"]}`, "GET /v2/members/leader",
	`PUT /v2/members/deadbeef {"peerURLs":["http://127.0.0.1:1"]}`, "DELETE /v2/members/deadbeef",
	"GET /v2/stats/self", "GET /v2/stats/leader", "GET /v2/stats/store",
	"GET /v2/auth/enable", "PUT /v2/auth/enable", "DELETE /v2/auth/enable",
	"GET /v2/auth/users", "GET /v2/auth/users/bob", `PUT /v2/auth/users/bob {"user":"bob","password":"pw"}`, "DELETE /v2/auth/users/bob",
	"GET /v2/auth/roles", "GET /v2/auth/roles/app", `PUT /v2/auth/roles/app {"role":"app"}`, "DELETE /v2/auth/roles/app",
	"GET /health", "GET /version",
}

// each makes a case of each operation for which want has an answer.
func each(want func(method, path string) []answer) []testCase {
	var cases []testCase
	for _, request := range operations {
		_, method, path, _ := splitRequest(request)
		if answers := want(method, path); answers != nil {
			cases = append(cases, testCase{name: method + " " + path, request: request, until: true, want: answers})
		}
	}
	return cases
}

// A server that was told not to serve the v2 API, or from 3.4 on not told to.
var withoutV2 = subject{name: "without the v2 API", on: v2Disabled, cases: each(func(method, path string) []answer {
	switch {
	case path == "/health" || path == "/version":
		return nil
	case method == "HEAD":
		return always(404)
	default:
		return always(404, "body = 404 page not found", "@X-Content-Type-Options = nosniff")
	}
})}

// Etcd before 2.1, which has no authentication.
var withoutAuth = subject{name: "without authentication", on: early, cases: each(func(_, path string) []answer {
	if !strings.HasPrefix(path, "/v2/auth/") {
		return nil
	}
	return always(404, "body = 404 page not found")
})}

// An etcd 2 proxy that knows no member.
var proxyWithoutMembers = subject{name: "a proxy without members", on: proxyOfNobody, cases: each(func(method, _ string) []answer {
	if method == "HEAD" {
		return always(503)
	}
	return says(503, "proxy: zero endpoints currently available")
})}

// An etcd 2 proxy whose members have gone.
var proxyUnanswered = subject{name: "a proxy without answers", on: proxyOfTheDead, story: true, cases: each(func(method, _ string) []answer {
	if method == "HEAD" {
		return always(502)
	}
	return says(502, "proxy: unable to get response from 1 endpoint(s)")
})}

// An etcd 2 proxy that passes on nothing but GET.
var proxyReadOnly = subject{name: "a read-only proxy", on: proxyForReading, cases: each(func(method, _ string) []answer {
	if method == "GET" {
		return nil
	}
	return always(501, "body = ")
})}

// The last of three members reads what it has, and does nothing else.
var withoutQuorum = subject{name: "without a quorum", on: survivor, cases: []testCase{
	{name: "a read is answered, as if nothing were", request: "GET /v2/keys/", want: does(200, "get")},
	{name: "a read with a quorum", request: "GET /a?quorum=true", want: timeout},
	{name: "a read of the root with a quorum", request: "GET /v2/keys/?quorum=true", want: timeout},
	{name: "a write", request: "PUT /a value=1", want: timeout},
	{name: "an in-order key", request: "POST /a value=1", want: timeout},
	{name: "a deletion", request: "DELETE /a", want: timeout},
	{name: "a write to the root", request: "PUT /v2/keys/ value=1", want: timeout},
	{name: "an in-order key in the root", request: "POST /v2/keys/ value=1", want: timeout},
	{name: "a deletion of the root", request: "DELETE /v2/keys/", want: timeout},
	{name: "parameters are looked at first", request: "PUT /a ttl=x", breaks: true, want: refuses(400, 202)},
	{name: "no leader", request: "GET /v2/members/leader", until: true, want: says(503, "During election")},
	{name: "not well", request: "GET /health", until: true, want: either(
		on("<3.3", always(503, `body = {"health": "false"}`)),
		on("<3.5", always(503, `body = {"health":"false"}`)),
		on("", always(503, `body = {"health":"false","reason":"RAFT NO LEADER"}`)),
	)},
	{name: "the members", request: "GET /v2/members", want: always(200, "members.# = 3")},
	{name: "an addition", request: `POST /v2/members {"peerURLs":["http://127.0.0.1:1"]}`, want: failed},
	{
		name: "a member's change", given: []string{"GET /v2/members"},
		request: `PUT /v2/members/{members.0.id} {"peerURLs":["http://127.0.0.1:1"]}`,
		want:    failed,
	},
	{name: "a removal", given: []string{"GET /v2/members"}, request: "DELETE /v2/members/{members.1.id}", want: failed},
	{name: "a new user", request: `PUT /v2/auth/users/bob {"user":"bob","password":"pw"}`, want: on(">=2.1", failed)},
	{name: "a new role", request: `PUT /v2/auth/roles/app {"role":"app"}`, want: on(">=2.1", failed)},
}}

var (
	timeout = either(on("<2.1.2", says(500, "Internal Server Error", "no @X-Etcd-Index")), on("", refuses(500, 300, "message = Raft Internal Error", "cause ~ ^etcdserver: request timed out", "index = 0", "@X-Etcd-Index = 0")))
	failed  = says(500, "Internal Server Error")
)

// The first of three members, which waits for the others: the cluster has not decided on a version.
var undecided = subject{name: "before a version is decided", on: firstOfThree, cases: each(func(_, path string) []answer {
	switch {
	case strings.HasPrefix(path, "/v2/auth/"):
		return says(500, "Not capable of accessing auth feature during rolling upgrades.")
	case path == "/version":
		return always(200, "etcdserver = 2.3.8", "etcdcluster = not_decided")
	default:
		return nil
	}
})}
