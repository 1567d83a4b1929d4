package contract

var reading = subject{name: "read", on: single, cases: []testCase{
	{
		name: "a file", given: []string{"PUT /a value=v1"}, request: "GET /a",
		want: does(200, "get", "node.key = ~/a", "node.value = v1", "node.modifiedIndex == given.node.modifiedIndex",
			"node.createdIndex == given.node.createdIndex", "no node.dir", "no node.nodes", "no node.ttl", "no prevNode",
			"@Content-Type = application/json", "has @X-Etcd-Cluster-Id", "has @X-Raft-Index", "has @X-Raft-Term"),
	},
	{
		name: "a file with a quorum", given: []string{"PUT /a value=v1"}, request: "GET /a?quorum=true",
		want: does(200, "get", "node.value = v1"),
	},
	{
		name: "an empty value is a value", given: []string{"PUT /a value="}, request: "GET /a",
		want: does(200, "get", "node.value = "),
	},
	{
		name: "X-Etcd-Index is the store's", given: []string{"PUT /a value=1", "PUT /b value=2"}, request: "GET /a",
		want: does(200, "get", "@X-Etcd-Index > node.modifiedIndex"),
	},
	{
		name: "nothing there", given: []string{"PUT /a value=v1"}, request: "GET /nope",
		want: refuses(404, 100, "cause = ~/nope", "message = Key not found", "index == @X-Etcd-Index", "index > 0",
			"has @X-Etcd-Cluster-Id", "no @X-Raft-Index"),
	},
	{
		name: "nothing there, whoever asks", request: "GET /nope?recursive=true&sorted=true&quorum=true",
		want: refuses(404, 100, "has cause", "has @X-Etcd-Index"),
	},
	{
		name: "the cause is the first part that is missing", given: []string{"PUT /a value=v1"}, request: "GET /x/y/z",
		want: refuses(404, 100, "cause = ~/x"),
	},
	{
		name: "below a file", given: []string{"PUT /a value=v1"}, request: "GET /a/b",
		want: refuses(400, 104, "cause = ~/a", "message = Not a directory"),
	},
	{
		name: "a directory, one level deep", request: "GET /d?sorted=true",
		given: []string{"PUT /d/b value=2", "PUT /d/a value=1", "PUT /d/e/f value=3"},
		want: does(200, "get", "node.dir = true", "no node.value", "node.nodes.# = 3", "node.nodes.0.key = ~/d/a",
			"node.nodes.1.value = 2", "node.nodes.2.dir = true", "no node.nodes.2.nodes"),
	},
	{
		name: "a whole tree", given: []string{"PUT /d/b value=2", "PUT /d/e/f value=3"}, request: "GET /d?recursive=true&sorted=true",
		want: does(200, "get", "node.nodes.# = 2", "node.nodes.1.nodes.0.key = ~/d/e/f", "node.nodes.1.nodes.0.value = 3"),
	},
	{
		name: "false is as good as nothing", given: []string{"PUT /d/e/f value=3"},
		request: "GET /d?recursive=false&sorted=false&quorum=false&wait=false&stream=false&waitIndex=0",
		want:    does(200, "get", "node.nodes.# = 1", "no node.nodes.0.nodes"),
	},
	{
		name: "an empty directory has no nodes", given: []string{"PUT /d dir=true"}, request: "GET /d",
		want: does(200, "get", "node.dir = true", "no node.nodes"),
	},
	{
		name: "hidden nodes are not listed", given: []string{"PUT /d/_h value=1"}, request: "GET /d?recursive=true",
		want: does(200, "get", "no node.nodes"),
	},
	{
		name: "a hidden node answers to its name", given: []string{"PUT /d/_h/x value=1"}, request: "GET /d/_h",
		want: does(200, "get", "node.nodes.0.key = ~/d/_h/x"),
	},
	{
		name: "the root has neither key nor indexes", given: []string{"PUT /a value=1"}, request: "GET /v2/keys/",
		want: does(200, "get", "node.dir = true", "has node.nodes", "no node.key", "no node.modifiedIndex", "no node.createdIndex"),
	},
	{
		name: "the root without its slash", request: "GET /v2/keys",
		want: does(200, "get", "no node.key"),
	},
	{
		name: "all of the root at once", given: []string{"PUT /a value=1"}, notFor: "it reads the whole store",
		request: "GET /v2/keys/?recursive=true&sorted=true&quorum=true&wait=false&waitIndex=0&stream=false",
		want:    does(200, "get", "has node.nodes"),
	},
	{
		name: "a name that is none of the parameters is ignored", given: []string{"PUT /a value=1"}, request: "GET /a?Recursive=x",
		breaks: true, want: does(200, "get"),
	},
	{
		name: "not a boolean", request: "GET /a?recursive=x", breaks: true,
		want: refuses(400, 209, `cause = invalid value for "recursive"`, "index = 0", "@X-Etcd-Index = 0"),
	},
	{
		name: "an empty boolean", request: "GET /a?wait", breaks: true,
		want: refuses(400, 209, `cause = invalid value for "wait"`),
	},
	{
		name: "1 is true", given: []string{"PUT /d/e/f value=3"}, request: "GET /d?recursive=1", breaks: true,
		want: does(200, "get", "has node.nodes.0.nodes"),
	},
	{
		name: "not an index", request: "GET /a?wait=true&waitIndex=x", breaks: true,
		want: refuses(400, 203, `cause = invalid value for "waitIndex"`),
	},
	{
		name: "every parameter is looked at, also where it means nothing", request: "GET /a?ttl=x", breaks: true,
		want: refuses(400, 202, `cause = invalid value for "ttl"`),
	},
	{
		name: "a broken escape in the query", request: "GET /a?sorted=%zz", breaks: true,
		want: refuses(400, 210, `cause = invalid URL escape "%zz"`),
	},
	{
		name: "not a boolean for the root", request: "GET /v2/keys/?sorted=yes", breaks: true,
		want: refuses(400, 209),
	},
}}

var heading = subject{name: "head", on: single, cases: []testCase{
	{
		name: "a file", given: []string{"PUT /a value=v1", "GET /a"}, request: "HEAD /a",
		want: always(200, "body = ", "@Content-Length == given.@Content-Length", "has @X-Raft-Index", "has @X-Raft-Term",
			"has @X-Etcd-Cluster-Id", "@X-Etcd-Index > 0"),
	},
	{
		name: "a tree", given: []string{"PUT /d/a/b value=v1", "GET /d?recursive=true"}, request: "HEAD /d?recursive=true",
		want: always(200, "@Content-Length == given.@Content-Length"),
	},
	{
		name: "the root", given: []string{"GET /v2/keys/"}, request: "HEAD /v2/keys/?recursive=false",
		want: always(200, "@X-Etcd-Index > 0"),
	},
	{name: "nothing there", request: "HEAD /nope", want: always(404, "body = ", "has @X-Etcd-Index", "has @X-Etcd-Cluster-Id")},
	{name: "below a file", given: []string{"PUT /a value=v1"}, request: "HEAD /a/b", want: always(400, "body = ")},
	{name: "not a boolean", request: "HEAD /v2/keys/?recursive=x", breaks: true, want: always(400, "@X-Etcd-Index = 0")},
	{name: "no watch", request: "HEAD /a?wait=true", breaks: true, want: always(400)},
}}
