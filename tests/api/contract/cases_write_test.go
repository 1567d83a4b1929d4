package contract

var writing = subject{name: "write", on: single, cases: []testCase{
	{
		name: "a set of a new key", request: "PUT /a value=v1",
		want: does(201, "set", "node.key = ~/a", "node.value = v1", "no prevNode", "node.modifiedIndex == node.createdIndex",
			"node.modifiedIndex == @X-Etcd-Index", "has @X-Raft-Index", "has @X-Etcd-Cluster-Id"),
	},
	{
		name: "a set replaces, createdIndex too", given: []string{"PUT /a value=v1"}, request: "PUT /a value=v2",
		want: does(200, "set", "prevNode.value = v1", "node.value = v2", "node.createdIndex == node.modifiedIndex",
			"prevNode.createdIndex == given.node.createdIndex"),
	},
	{
		name: "a set without a value empties", given: []string{"PUT /a value=v1"}, request: "PUT /a ttl=",
		breaks: true, want: does(200, "set", "node.value = ", "no node.ttl"),
	},
	{
		name: "an update keeps createdIndex", given: []string{"PUT /a value=v1"}, request: "PUT /a?prevExist=true value=v2",
		want: does(200, "update", "node.createdIndex == given.node.createdIndex", "node.modifiedIndex > node.createdIndex"),
	},
	{
		name: "an update without a value empties", given: []string{"PUT /a value=v1"}, request: "PUT /a?prevExist=true dir=false",
		want: does(200, "update", "node.value = ", "prevNode.value = v1"),
	},
	{
		name: "an update of nothing", given: []string{"PUT /b value=v"}, request: "PUT /a?prevExist=true value=v",
		want: refuses(404, 100, "cause = ~/a"),
	},
	{name: "a create", request: "PUT /a?prevExist=false value=v", want: does(201, "create", "no prevNode")},
	{
		name: "a create of what exists", given: []string{"PUT /a value=v1"}, request: "PUT /a?prevExist=false value=v2",
		want: refuses(412, 105, "cause = ~/a", "message = Key already exists"),
	},
	{
		name: "the success says nothing if asked not to", request: "PUT /a value=long&noValueOnSuccess=true",
		want: either(on("<3.1", does(201, "set", "has node")), on(">=3.1", does(201, "set", "no node", "no prevNode"))),
	},
	{
		name: "below a file", given: []string{"PUT /a value=v1"}, request: "PUT /a/b value=v",
		want: refuses(400, 104, "cause = ~/a"),
	},
	{name: "the root", request: "PUT /v2/keys/ value=v", want: refuses(400, 107, "cause = /", "message = Root is read only")},
	{
		name: "the root, whatever is said with it", want: refuses(400, 107),
		request: "PUT /v2/keys/?prevExist=true&prevIndex=0 value=&ttl=5&dir=true&noValueOnSuccess=false",
	},
	{name: "the root, compared", request: "PUT /v2/keys/?prevIndex=7 value=v&prevValue=x", want: refuses(400, 107)},
	{name: "the root, refreshed", request: "PUT /v2/keys/ refresh=true&ttl=5", want: refuses(400, 107)},
	{
		name: "the body wins over the query", request: "PUT /a?value=query value=body", breaks: true,
		want: does(201, "set", "node.value = body"),
	},
	{
		name: "the query does as well", request: "PUT /a?value=query&ttl=60 dir=false", breaks: true,
		want: does(201, "set", "node.value = query", "node.ttl = 60"),
	},
	{
		name: "of two values the first", request: "PUT /a value=1&value=2", breaks: true,
		want: does(201, "set", "node.value = 1"),
	},
	{name: "names have their case", request: "PUT /a Value=1", breaks: true, want: does(201, "set", "node.value = ")},
	{
		name: "another Content-Type empties, and the condition in the body is gone", given: []string{"PUT /a value=v1"},
		request: "PUT /a (text/plain) value=v2&prevValue=wrong", breaks: true, want: does(200, "set", "node.value = "),
	},
	{
		name: "so does JSON", given: []string{"PUT /a value=v1"}, request: `PUT /a {"value":"v2"}`, breaks: true,
		want: does(200, "set", "node.value = "),
	},
	{name: "so does no Content-Type", request: "PUT /a () value=v2", breaks: true, want: does(201, "set", "node.value = ")},
	{
		name: "a charset is no other Content-Type", request: "PUT /a (application/x-www-form-urlencoded; charset=utf-8) value=v2",
		want: does(201, "set", "node.value = v2"),
	},
	{
		name: "a broken escape in the form", request: "PUT /a value=%zz", breaks: true,
		want: refuses(400, 210, `cause = invalid URL escape "%zz"`, "message = Invalid POST form", "index = 0"),
	},
	{
		name: "not a boolean", request: "PUT /a dir=yes", breaks: true,
		want: refuses(400, 209, `cause = invalid value for "dir"`),
	},
	{
		name: "not a prevExist", request: "PUT /a?prevExist=yes value=v", breaks: true,
		want: refuses(400, 209, "cause = invalid value for prevExist"),
	},
	{
		name: "a write does not wait", request: "PUT /a?wait=true value=v", breaks: true,
		want: refuses(400, 209, `cause = "wait" can only be used with GET requests`),
	},
}}

var queueing = subject{name: "in-order", on: single, cases: []testCase{
	{
		name: "the name is the index", request: "POST /q value=job",
		want: either(
			on("<2.2", does(201, "create", `node.key ~ /q/[1-9]\d*$`, "node.value = job")),
			on("", does(201, "create", `node.key ~ /q/\d{20}$`, "node.value = job", "node.createdIndex == @X-Etcd-Index", "no prevNode")),
		),
	},
	{
		name: "names grow", given: []string{"POST /q value=1", "POST /q value=2", "POST /q value=3"}, request: "GET /q?sorted=true",
		want: on(">=2.2", does(200, "get", "node.nodes.0.value = 1", "node.nodes.1.value = 2", "node.nodes.2.value = 3")),
	},
	{name: "a directory", request: "POST /q dir=true", want: does(201, "create", "node.dir = true", "no node.value")},
	{
		name: "for a while", request: "POST /q value=job&ttl=60",
		want: does(201, "create", "node.ttl = 60", "has node.expiration"),
	},
	{
		name: "the name goes untold if asked not to", request: "POST /q value=job&noValueOnSuccess=true",
		want: either(on("<3.1", does(201, "create", "has node")), on("", does(201, "create", "no node"))),
	},
	{
		name: "conditions mean nothing", request: "POST /q?prevExist=true&prevIndex=7 value=job", breaks: true,
		want: does(201, "create"),
	},
	{name: "in a file", given: []string{"PUT /a value=v1"}, request: "POST /a value=v", want: refuses(400, 104, "cause = ~/a")},
	{
		name: "in the root", request: "POST /v2/keys/ value=job&ttl=5&dir=false&noValueOnSuccess=false",
		want: either(on("<2.2", does(201, "create", `node.key ~ ^/[1-9]\d*$`)), on("", does(201, "create", `node.key ~ ^/\d{20}$`))),
	},
	{name: "not a ttl, in the root", request: "POST /v2/keys/ value=job&ttl=x", breaks: true, want: refuses(400, 202)},
}}

// Keys are text, a segment by itself percent-encoded.
var naming = subject{name: "names", on: single, cases: []testCase{
	{name: "a space", request: "PUT /a%20b value=v", want: does(201, "set", "node.key = ~/a b")},
	{name: "a plus is a plus", request: "PUT /a+b value=v", want: does(201, "set", "node.key = ~/a+b")},
	{
		name: "a question mark and a number sign", request: "PUT /a%3Fb%23c value=v",
		want: does(201, "set", "node.key = ~/a?b#c"),
	},
	{name: "a percent sign", request: "PUT /a%252Fb value=v", want: does(201, "set", "node.key = ~/a%2Fb")},
	{name: "an encoded slash is a slash", request: "PUT /a%2Fb value=v", want: does(201, "set", "node.key = ~/a/b")},
	{name: "a snowman", request: "PUT /%E2%98%83 value=%E2%98%83", want: does(201, "set", "node.key = ~/☃", "node.value = ☃")},
	{name: "a slash at the end is none", request: "PUT /a/ value=v", want: does(201, "set", "node.key = ~/a")},
	{name: "a line feed", request: "PUT /a%0Ab value=v%0A", want: does(201, "set", "node.key = ~/a\nb", "node.value = v\n")},
	{
		name: "what is not UTF-8 is not kept", given: []string{"PUT /a value=%ff"}, request: "GET /a", breaks: true,
		want: does(200, "get", "node.value = \uFFFD"),
	},
	{
		name: "a broken escape in a read", request: "GET /a%zz", breaks: true,
		want: always(400, "body ~ ^400 Bad Request", `@Content-Type ~ ^text/plain`),
	},
	{
		name: "a broken escape in a write", request: "PUT /a%zz value=v", breaks: true,
		want: always(400, "body ~ ^400 Bad Request", `@Content-Type ~ ^text/plain`),
	},
	{
		name: "an empty segment is redirected, and nothing written", request: "PUT //b value=v",
		want: redirects("/b"),
	},
	{
		name: "a dot segment is redirected", request: "PUT /x/../b value=v",
		want: redirects("/b"),
	},
	{
		name: "a redirected read", request: "GET //b",
		want: redirects("/b"),
	},
	{
		name: "a redirected question", request: "HEAD //b",
		want: redirects("/b"),
	},
	{
		name: "a redirected in-order key", request: "POST //b value=v",
		want: redirects("/b"),
	},
	{
		name: "a redirected deletion", request: "DELETE //b",
		want: redirects("/b"),
	},
	{
		name: "encoded dots are worse", request: "PUT /x/%2e%2e/y value=v",
		want: either(on("<3.5", redirects("/y")), on("", []answer{{status: 201, also: 301}})),
	},
}}

// redirects is the answer to a path that is not clean. Go 1.26 changed the status, so it depends on the build.
func redirects(to string) []answer {
	return []answer{{status: 301, also: 307, facts: []string{"@Location = /v2/keys~" + to}}}
}
