package contract

var comparing = subject{name: "conditional", on: single, cases: []testCase{
	{
		name: "a swap by value", given: []string{"PUT /a value=v1"}, request: "PUT /a value=v2&prevValue=v1",
		want: does(200, "compareAndSwap", "node.value = v2", "prevNode.value = v1", "node.createdIndex == given.node.createdIndex"),
	},
	{
		name: "a swap by index", given: []string{"PUT /a value=v1"}, request: "PUT /a?prevIndex={node.modifiedIndex} value=v2",
		want: does(200, "compareAndSwap", "node.value = v2"),
	},
	{
		name: "a swap by both, of what exists", given: []string{"PUT /a value=v1"},
		request: "PUT /a?prevExist=true&prevIndex={node.modifiedIndex} value=v2&prevValue=v1",
		want:    either(on("<2.0.8", does(200, "update")), on("", does(200, "compareAndSwap", "node.value = v2"))),
	},
	{
		name: "what exists is compared too, but not by early servers", given: []string{"PUT /a value=v1"},
		request: "PUT /a?prevExist=true&prevIndex=1 value=v2&prevValue=x",
		want:    either(on("<2.0.8", does(200, "update", "node.value = v2")), on("", refuses(412, 101))),
	},
	{
		name: "another value", given: []string{"PUT /a value=v1"}, request: "PUT /a value=v2&prevValue=x",
		want: refuses(412, 101, "cause = [x != v1]", "message = Compare failed"),
	},
	{
		name: "another index", given: []string{"PUT /a value=v1"}, request: "PUT /a?prevIndex=1 value=v2",
		want: refuses(412, 101, `cause ~ ^\[1 != \d+\]$`),
	},
	{
		name: "both are others", given: []string{"PUT /a value=v1"}, request: "PUT /a?prevIndex=1 value=v2&prevValue=x",
		want: refuses(412, 101, `cause ~ ^\[x != v1\] \[1 != \d+\]$`),
	},
	{
		name: "nothing to compare with", given: []string{"PUT /b value=v"}, request: "PUT /a value=v2&prevValue=x",
		want: refuses(404, 100, "cause = ~/a"),
	},
	{
		name: "an empty value cannot be compared", request: "PUT /a value=v2&prevValue=", breaks: true,
		want: refuses(400, 201, `cause = "prevValue" cannot be empty`, "index = 0"),
	},
	{
		name: "index 0 is no condition", given: []string{"PUT /a value=v1"}, request: "PUT /a?prevIndex=0 value=v2",
		want: does(200, "set"),
	},
	{name: "nor where nothing is", request: "PUT /a?prevIndex=0 value=v2", want: does(201, "set")},
	{
		name: "a create compares nothing", request: "PUT /a?prevExist=false&prevIndex=7 value=v2&prevValue=x",
		want: does(201, "create"),
	},
	{
		name: "an index that is none", request: "PUT /a?prevIndex=abc value=v", breaks: true,
		want: refuses(400, 203, `cause = invalid value for "prevIndex"`, "index = 0"),
	},
	{name: "a negative index", request: "PUT /a?prevIndex=-1 value=v", breaks: true, want: refuses(400, 203)},
	{name: "an empty index", request: "PUT /a?prevIndex= value=v", breaks: true, want: refuses(400, 203)},
	{
		name: "an index beyond 64 bits", request: "PUT /a?prevIndex=18446744073709551616 value=v", breaks: true,
		want: refuses(400, 203),
	},
	{
		name: "a swap drops the ttl", given: []string{"PUT /a value=v1&ttl=60", "PUT /a value=v2&prevValue=v1"}, request: "GET /a",
		want: does(200, "get", "no node.ttl", "no node.expiration"),
	},
	{
		name: "a directory is not compared", given: []string{"PUT /d dir=true"}, request: "PUT /d value=v&prevValue=x",
		want: refuses(403, 102, "cause = ~/d"),
	},
	{
		name: "deletion by value", given: []string{"PUT /a value=v1"}, request: "DELETE /a?prevValue=v1",
		want: does(200, "compareAndDelete", "no node.value", "prevNode.value = v1"),
	},
	{
		name: "deletion by index", given: []string{"PUT /a value=v1"}, request: "DELETE /a?prevIndex={node.modifiedIndex}",
		want: does(200, "compareAndDelete", "node.modifiedIndex > prevNode.modifiedIndex"),
	},
	{
		name: "no deletion of another value", given: []string{"PUT /a value=v1"}, request: "DELETE /a?prevValue=x",
		want: refuses(412, 101, "cause = [x != v1]"),
	},
	{
		name: "no deletion of another index", given: []string{"PUT /a value=v1"}, request: "DELETE /a?prevIndex=1",
		want: refuses(412, 101),
	},
	{
		name: "no deletion by an empty value", given: []string{"PUT /a value="}, request: "DELETE /a?prevValue=",
		breaks: true,
		want:   refuses(400, 201),
	},
	{
		name: "deletion by index 0 is no comparison", given: []string{"PUT /a value=v1"}, request: "DELETE /a?prevIndex=0",
		want: does(200, "delete"),
	},
	{
		name: "a condition in the body of a DELETE is not read", given: []string{"PUT /a value=v1"}, request: "DELETE /a prevValue=x",
		breaks: true, want: does(200, "delete"),
	},
	{
		name: "a value beyond the request line, on a new connection", request: "DELETE /a?prevValue={4096 bytes}", apart: true,
		notFor: "with TLS it is another", want: either(on("<3.0", refuses(404, 100)), on("", unanswered)),
	},
	{
		name: "a value beyond the request line, on a connection that is in use", given: []string{"PUT /a value=v1"},
		request: "DELETE /a?prevValue={4096 bytes}", apart: true, want: refuses(412, 101),
	},
	{
		name: "a directory is not compared and deleted", given: []string{"PUT /d dir=true"},
		request: "DELETE /d?recursive=true&prevIndex=7",
		want:    refuses(403, 102),
	},
}}

var deleting = subject{name: "delete", on: single, cases: []testCase{
	{
		name: "a file", given: []string{"PUT /a value=v1"}, request: "DELETE /a",
		want: does(200, "delete", "node.key = ~/a", "no node.value", "prevNode.value = v1", "node.modifiedIndex == @X-Etcd-Index",
			"node.createdIndex == prevNode.createdIndex"),
	},
	{
		name: "nothing there", given: []string{"PUT /a value=v1", "DELETE /a"}, request: "DELETE /a",
		want: refuses(404, 100, "cause = ~/a"),
	},
	{name: "below a file", given: []string{"PUT /a value=v1"}, request: "DELETE /a/b", want: refuses(400, 104)},
	{
		name: "a file, as if it were a directory", given: []string{"PUT /a value=v1"},
		request: "DELETE /a?dir=true&recursive=true",
		want:    does(200, "delete"),
	},
	{
		name: "a directory", given: []string{"PUT /d dir=true"}, request: "DELETE /d",
		want: refuses(403, 102, "cause = ~/d", "message = Not a file"),
	},
	{
		name: "an empty directory", given: []string{"PUT /d dir=true"}, request: "DELETE /d?dir=true",
		want: does(200, "delete", "node.dir = true", "prevNode.dir = true"),
	},
	{
		name: "a directory with nodes", given: []string{"PUT /d/a value=1"}, request: "DELETE /d?dir=true",
		want: refuses(403, 108, "cause = ~/d", "message = Directory not empty"),
	},
	{
		name: "a directory with hidden nodes", given: []string{"PUT /d/_a value=1"}, request: "DELETE /d?dir=true",
		want: refuses(403, 108),
	},
	{
		name: "a directory and all in it", given: []string{"PUT /d/a value=1"}, request: "DELETE /d?recursive=true",
		want: does(200, "delete", "node.dir = true", "prevNode.dir = true", "no prevNode.nodes"),
	},
	{
		name: "prevExist means nothing", given: []string{"PUT /a value=1"}, request: "DELETE /a?prevExist=false",
		breaks: true,
		want:   does(200, "delete"),
	},
	{name: "the root", request: "DELETE /v2/keys/?recursive=true&dir=true", want: refuses(400, 107, "cause = /")},
	{name: "the root, compared by index", request: "DELETE /v2/keys/?prevIndex=7", want: refuses(403, 102, "no cause")},
	{name: "the root, compared by value", request: "DELETE /v2/keys/?prevValue=x", want: refuses(403, 102, "no cause")},
}}
