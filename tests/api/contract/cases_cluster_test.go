package contract

// What any member can be asked. One that has just started may take a moment to know.
var asking = subject{name: "cluster", on: alone, cases: []testCase{
	{name: "machines", request: "GET /v2/machines", want: always(200, `body ~ ^https?://`, `@Content-Type ~ ^text/plain`)},
	{name: "whether there are machines", request: "HEAD /v2/machines", want: always(200, "body = ")},
	{name: "no leader's URL", request: "GET /v2/leader", want: always(404, "body = 404 page not found")},
	{
		name: "members", request: "GET /v2/members",
		want: always(200, "has members.0.id", "has members.0.name", "has members.0.peerURLs.0", "has members.0.clientURLs.0", "has @X-Etcd-Cluster-Id"),
	},
	{name: "members, with a slash", request: "GET /v2/members/", breaks: true, want: always(200, "has members.0.id")},
	{
		name: "the leading member", request: "GET /v2/members/leader",
		want: always(200, "has id", "has name", "has peerURLs.0", "has clientURLs.0"),
	},
	{name: "no member by its id", request: "GET /v2/members/deadbeef", breaks: true, want: says(404, "Not found")},
	{
		name: "version", request: "GET /version", until: true,
		want: either(
			on("<2.0.8", always(200, `releaseVersion ~ ^2\.0\.\d+$`, "internalVersion = 2", `@Content-Type ~ ^text/plain`)),
			on("<2.1", always(200, `body ~ ^etcd 2\.0\.\d+$`, `@Content-Type ~ ^text/plain`)),
			on("", always(200, `etcdserver ~ ^\d+\.\d+\.\d+`, `etcdcluster ~ ^\d+\.\d+\.0$`, "@Content-Type = application/json")),
		),
	},
	{
		name: "health", request: "GET /health", until: true,
		want: either(
			on("<3.3", always(200, `body = {"health": "true"}`, `@Content-Type ~ ^text/plain`)),
			on("<3.5", always(200, `body = {"health":"true"}`, `@Content-Type ~ ^text/plain`)),
			on("", always(200, `body = {"health":"true","reason":""}`, `@Content-Type ~ ^text/plain`)),
		),
	},
	{
		name: "what a member has done", request: "GET /v2/stats/self", until: true,
		want: always(200, "has name", "has id", "state ~ ^State(Leader|Follower)$", "has startTime", "has leaderInfo.leader", "has leaderInfo.uptime",
			"has leaderInfo.startTime", "has recvAppendRequestCnt", "has sendAppendRequestCnt"),
	},
	{name: "how followers do", request: "GET /v2/stats/leader", want: []answer{{status: 200, also: 403}}},
	{
		name: "what a store has done", request: "GET /v2/stats/store",
		want: always(200, "has getsSuccess", "has setsFail", "has compareAndDeleteFail", "has expireCount", "has watchers"),
	},
	{
		name: "whether authentication is on", request: "GET /v2/auth/enable", until: true,
		want: on(">=2.1", always(200, "has enabled")),
	},
}}

// Errors in front of the API.
var refusing = subject{name: "errors", on: single, cases: []testCase{
	{
		name: "a path that is not there", request: "GET /nowhere", breaks: true,
		want: always(404, "body = 404 page not found", `@Content-Type ~ ^text/plain`),
	},
	{name: "a key beside the keys", request: "GET /v2/keysfoo", breaks: true, want: always(404, "body = 404 page not found")},
	{
		name: "a method that keys do not have", request: "PATCH /a value=v", breaks: true,
		want: always(405, "body = Method Not Allowed", "@Allow = HEAD,GET,PUT,POST,DELETE", "no @X-Etcd-Index"),
	},
	{
		name: "a method that machines do not have", request: "POST /v2/machines", breaks: true,
		want: always(405, "@Allow = GET,HEAD"),
	},
	{name: "a method that members do not have", request: "PATCH /v2/members", breaks: true, want: always(405, "has @Allow")},
	{
		name: "a change of no member", request: "PUT /v2/members", breaks: true,
		want: always(405, "body = Method Not Allowed", "no @Allow"),
	},
	{name: "a removal of no member", request: "DELETE /v2/members", breaks: true, want: always(405, "no @Allow")},
	{name: "a method that the version does not have", request: "DELETE /version", breaks: true, want: always(405)},
	{name: "a method that health does not have", request: "PUT /health", breaks: true, want: always(405)},
	{name: "a method that statistics do not have", request: "POST /v2/stats/self", breaks: true, want: always(405)},
}}

var statistics = subject{name: "stats", on: three, story: true, cases: []testCase{
	{
		name: "the leader on its followers", request: "GET /v2/stats/leader", until: true,
		want: always(200, "has leader", `followers ~ ^\{".+"success":[1-9].+"success":[1-9]`),
	},
	{
		name: "the leader on itself", given: []string{"20 * PUT /c value=1"}, request: "GET /v2/stats/self", until: true,
		want: always(200, "state = StateLeader", "has sendPkgRate", "has sendBandwidthRate"),
	},
	{
		name: "what the store has done", given: []string{"PUT /a value=1", "GET /v2/stats/store"},
		request: "GET /v2/stats/store",
		want:    always(200, "setsSuccess > 0"),
	},
}}

var following = subject{name: "follower", on: follower, story: true, cases: []testCase{
	{name: "does not know how followers do", request: "GET /v2/stats/leader", want: says(403, "not current leader")},
	{
		name: "on itself", given: []string{"20 * PUT /c value=1"}, request: "GET /v2/stats/self", until: true,
		want: always(200, "state = StateFollower", "recvAppendRequestCnt > 0", "has recvPkgRate", "has recvBandwidthRate"),
	},
	{name: "passes a write on", request: "PUT /a value=1", want: does(201, "set")},
	{name: "shows what it has", given: []string{"PUT /b value=1"}, request: "GET /b?quorum=true", want: does(200, "get")},
}}

// What the store counts: a success and a failure of each kind, an expiry and a watch.
var counting = subject{name: "counts", on: alone, story: true, cases: []testCase{
	{name: "a set", request: "PUT /a value=1", want: does(201, "set")},
	{name: "no set", request: "PUT /a/b value=1", want: refuses(400, 104)},
	{name: "a create", request: "PUT /b?prevExist=false value=1", want: does(201, "create")},
	{name: "no create", request: "PUT /b?prevExist=false value=1", want: refuses(412, 105)},
	{name: "an update", request: "PUT /b?prevExist=true value=1", want: does(200, "update")},
	{name: "no update", request: "PUT /c?prevExist=true value=1", want: refuses(404, 100)},
	{name: "a swap", request: "PUT /b value=2&prevValue=1", want: does(200, "compareAndSwap")},
	{name: "no swap", request: "PUT /b value=2&prevValue=1", want: refuses(412, 101)},
	{name: "no compared deletion", request: "DELETE /b?prevValue=1", want: refuses(412, 101)},
	{name: "is not counted any more", request: "GET /v2/stats/store", want: either(
		on("<2.3", always(200, "compareAndDeleteFail = 1")), on("", always(200, "compareAndDeleteFail = 0")),
	)},
	{name: "unless there is nothing to compare with", request: "DELETE /c?prevValue=1", want: refuses(404, 100)},
	{name: "a compared deletion", request: "DELETE /b?prevValue=2", want: does(200, "compareAndDelete")},
	{name: "a deletion", request: "DELETE /a", want: does(200, "delete")},
	{name: "no deletion", request: "DELETE /a", want: refuses(404, 100)},
	{name: "a read", request: "GET /", want: does(200, "get")},
	{name: "no read", request: "GET /a", want: refuses(404, 100)},
	{
		name: "all of it", given: []string{"PUT /d value=1&ttl=1"}, request: "GET /v2/stats/store", until: true,
		want: always(200, "setsSuccess > 0", "setsFail > 0", "createSuccess > 0", "createFail > 0", "updateSuccess > 0", "updateFail > 0",
			"compareAndSwapSuccess > 0", "compareAndSwapFail > 0", "compareAndDeleteSuccess > 0", "compareAndDeleteFail > 0",
			"deleteSuccess > 0", "deleteFail > 0", "getsSuccess > 0", "getsFail > 0", "expireCount > 0"),
	},
	{
		name: "a watch, while it lasts", request: "GET /e?wait=true", during: []string{"GET /v2/stats/store", "PUT /e value={watchers}"},
		want: does(200, "set", "node.value = 1"),
	},
}}

// Members come and go. A member that follows is removed, and another announced in its place. A change
// that comes right after another is asked for again, since etcd may drop it (etcd-io/etcd#15528).
var members = subject{name: "members", on: leading, story: true, cases: []testCase{
	{name: "three", request: "GET /v2/members", want: always(200, "members.# = 3")},
	{
		name: "the same URLs again", given: []string{"GET /v2/members"},
		request: `PUT /v2/members/{members.0.id} {"peerURLs":["{members.0.peerURLs.0}"]}`, want: always(204, "body = ", "has @X-Etcd-Cluster-Id"),
	},
	{
		name: "another's URL", given: []string{"GET /v2/members"}, request: `PUT /v2/members/{members.0.id} {"peerURLs":["{members.1.peerURLs.0}"]}`, until: true,
		want: either(on("<3.0", says(409, "etcdserver: peerURL exists")), on("", says(409, "membership: peerURL exists"))),
	},
	{
		name: "the URLs of nobody", request: `PUT /v2/members/deadbeef {"peerURLs":["http://127.0.0.1:1"]}`, until: true,
		want: says(404, "No such member: deadbeef"),
	},
	{
		name: "an id that is none", request: `PUT /v2/members/xyz {"peerURLs":["http://127.0.0.1:1"]}`,
		want: says(404, "No such member: xyz"),
	},
	{
		name: "no URLs for a member", request: `PUT /v2/members/deadbeef {"peerURLs":[]}`, breaks: true,
		want: says(400, "no valid URLs given"),
	},
	{
		name: "no JSON for a member", request: `PUT /v2/members/deadbeef (text/plain) {"peerURLs":["http://127.0.0.1:1"]}`,
		breaks: true,
		want:   says(415, "Bad Content-Type text/plain, accept application/json"),
	},
	{
		name: "a member that is there", given: []string{"GET /v2/members"},
		request: `POST /v2/members {"peerURLs":["{members.0.peerURLs.0}"]}`, until: true,
		want: []answer{{status: 409, facts: []string{"message ~ : peerURL exists$"}}},
	},
	{name: "no URLs", request: `POST /v2/members {"peerURLs":[]}`, breaks: true, want: says(400, "no valid URLs given")},
	{
		name: "a strange scheme", request: `POST /v2/members {"peerURLs":["ftp://a:1"]}`,
		want: []answer{{status: 400, facts: []string{"message ~ ^URL scheme must be http"}}},
	},
	{
		name: "no port", request: `POST /v2/members {"peerURLs":["http://a"]}`,
		want: says(400, `URL address does not have the form "host:port": http://a`),
	},
	{
		name: "half of JSON", request: `POST /v2/members (application/json) {"peerURLs":`, breaks: true,
		want: says(400, "unexpected end of JSON input"),
	},
	{
		name: "text", request: `POST /v2/members (text/plain) {"peerURLs":["http://127.0.0.1:1"]}`, breaks: true,
		want: says(415, "Bad Content-Type text/plain, accept application/json"),
	},
	{
		name: "a charset", request: `POST /v2/members (application/json; charset=utf-8) {"peerURLs":["ftp://a:1"]}`,
		want: either(on("<3.1", says(415, "Bad Content-Type application/json; charset=utf-8, accept application/json")),
			on("", []answer{{status: 400}})),
	},
	{name: "nobody goes", request: "DELETE /v2/members/deadbeef", until: true, want: says(404, "No such member: deadbeef")},
	{name: "a member goes", request: "DELETE /v2/members/{follower}", until: true, want: always(204, "body = ")},
	{
		name: "and has gone for good", request: "DELETE /v2/members/{follower}", until: true,
		want: []answer{{status: 410, facts: []string{"message ~ ^Member permanently removed: "}}},
	},
	{
		name: "and cannot be changed", request: `PUT /v2/members/{follower} {"peerURLs":["http://127.0.0.1:1"]}`,
		want: says(500, "Internal Server Error"),
	},
	{name: "two", request: "GET /v2/members", want: always(200, "members.# = 2")},
	{
		name: "another is announced", request: `POST /v2/members {"peerURLs":["http://127.0.0.1:1"]}`, until: true,
		want: always(201, "has id", "name = ", "peerURLs.0 = http://127.0.0.1:1", "clientURLs.# = 0"),
	},
	{name: "and has no name yet", request: "GET /v2/members", want: always(200, "members.# = 3", `members ~ "name":""`)},
	{
		name: "and is not reached", request: "GET /v2/stats/leader", until: true,
		want: on("<3.0", always(200, `followers ~ "fail":[1-9]`)), // 3.x counts no failure to reach one who never came
	},
}}
