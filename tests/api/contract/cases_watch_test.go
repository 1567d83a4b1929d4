package contract

var watching = subject{name: "watch", on: single, cases: []testCase{
	{
		name: "the head comes at once, the event with the change", given: []string{"PUT /a value=1"}, request: "GET /a?wait=true",
		during: []string{"PUT /a value=2"},
		want:   does(200, "set", "node.value = 2", "prevNode.value = 1", "@X-Etcd-Index < node.modifiedIndex", "has @X-Raft-Term"),
	},
	{
		name: "of what does not exist", request: "GET /a?wait=true", during: []string{"PUT /a?prevExist=false value=2"},
		want: does(200, "create", "no prevNode"),
	},
	{
		name: "an update", given: []string{"PUT /a value=1"}, request: "GET /a?wait=true",
		during: []string{"PUT /a?prevExist=true value=2"},
		want:   does(200, "update"),
	},
	{
		name: "a swap", given: []string{"PUT /a value=1"}, request: "GET /a?wait=true",
		during: []string{"PUT /a value=2&prevValue=1"},
		want:   does(200, "compareAndSwap"),
	},
	{
		name: "a deletion", given: []string{"PUT /a value=1"}, request: "GET /a?wait=true", during: []string{"DELETE /a"},
		want: does(200, "delete", "no node.value"),
	},
	{
		name: "a compared deletion", given: []string{"PUT /a value=1"}, request: "GET /a?wait=true",
		during: []string{"DELETE /a?prevValue=1"},
		want:   does(200, "compareAndDelete"),
	},
	{
		name: "an expiry", given: []string{"PUT /a value=1&ttl=1"}, request: "GET /a?wait=true&waitIndex={node.modifiedIndex+1}",
		want: does(200, "expire", "node.key = ~/a", "no node.value", "prevNode.value = 1", "has prevNode.expiration"),
	},
	{
		name: "the expiry of a directory, seen by a child", given: []string{"PUT /d dir=true&ttl=1", "PUT /d/a value=1"},
		request: "GET /d/a?wait=true&waitIndex={node.modifiedIndex+1}",
		want: either(
			on("<3.2", does(200, "expire", "node.key = ~/d", "no node.dir", "prevNode.dir = true")),
			on("", does(200, "expire", "node.key = ~/d", "node.dir = true", "prevNode.dir = true")),
		),
	},
	{
		name: "the past", given: []string{"PUT /a value=1"}, request: "GET /a?wait=true&waitIndex={node.modifiedIndex}",
		want: does(200, "set", "node.value = 1"),
	},
	{
		name: "the oldest event that fits", given: []string{"PUT /a value=1", "PUT /a value=2"}, request: "GET /a?wait=true&waitIndex={prevNode.modifiedIndex}",
		want: does(200, "set", "node.value = 1"),
	},
	{
		name: "children, if asked for", request: "GET /d?wait=true&recursive=true", during: []string{"PUT /d/e/f value=1"},
		want: does(200, "set", "node.key = ~/d/e/f"),
	},
	{
		name: "the deletion of a parent", given: []string{"PUT /d/a value=1"}, request: "GET /d/a?wait=true", during: []string{"DELETE /d?recursive=true"},
		want: does(200, "delete", "node.key = ~/d", "node.dir = true"),
	},
	{
		name: "the deletion of a parent, in the past", given: []string{"PUT /d/a value=1", "DELETE /d?recursive=true"},
		request: "GET /d/a?wait=true&waitIndex={node.modifiedIndex}", want: on(">=2.3", does(200, "delete", "node.key = ~/d")),
	},
	{
		name:    "the deletion of a sibling whose name begins the same, in the past",
		given:   []string{"PUT /dir1 dir=true", "DELETE /dir1?recursive=true"},
		request: "GET /dir1xyz?wait=true&waitIndex={node.modifiedIndex}", want: on(">=2.3", does(200, "delete", "node.key = ~/dir1")),
	},
	{
		name: "hidden nodes are passed over", request: "GET /d?wait=true&recursive=true", during: []string{"PUT /d/_h value=1", "PUT /d/a value=2"},
		want: does(200, "set", "node.key = ~/d/a"),
	},
	{
		name: "but not in the past", given: []string{"PUT /d/_h value=1"}, request: "GET /d?wait=true&recursive=true&waitIndex={node.modifiedIndex}",
		want: does(200, "set", "node.key = ~/d/_h"),
	},
	{
		name: "a refresh wakes nobody", given: []string{"PUT /a value=1&ttl=60"}, request: "GET /a?wait=true",
		during: []string{"PUT /a?prevExist=true refresh=true&ttl=90", "PUT /a value=2"}, want: on(">=2.3", does(200, "set", "node.value = 2")),
	},
	{
		name: "a quorum does not wait", given: []string{"PUT /a value=1"}, request: "GET /a?wait=true&quorum=true", want: does(200, "get", "node.value = 1"),
	},
	{
		name: "the history ends", given: []string{"PUT /a value=1", "1001 * PUT /b value=1"}, request: "GET /a?wait=true&waitIndex=1",
		notFor: "it fills the history of the whole store",
		want:   refuses(400, 401, `cause ~ ^the requested history has been cleared \[\d+/1\]$`, "index == @X-Etcd-Index", "index > 1000"),
	},
	{
		name: "the history ends for the root too", given: []string{"1001 * PUT /b value=1"}, request: "GET /v2/keys/?wait=true&recursive=true&waitIndex=1",
		notFor: "it fills the history of the whole store", want: refuses(400, 401),
	},
	{
		name: "of everything, in the past", given: []string{"PUT /d/_h value=1"},
		request: "GET /v2/keys/?wait=true&recursive=true&waitIndex={node.modifiedIndex}", want: does(200, "set", "node.key = ~/d/_h"),
	},
	{
		name: "of everything", request: "GET /v2/keys/?wait=true&recursive=true", during: []string{"PUT /a value=1"},
		want: []answer{{status: 200, facts: []string{"has node.key"}}}, // whoever's it is
	},
}}

var streaming = subject{name: "stream", on: single, cases: []testCase{
	{
		name: "one document after another", request: "GET /d?wait=true&recursive=true&stream=true", events: 2,
		during: []string{"PUT /d/a value=1", "PUT /d/b value=2"}, want: does(200, "set", "node.key = ~/d/b"),
	},
	{
		name: "the deletion of the key itself comes twice", given: []string{"PUT /a value=1"}, request: "GET /a?wait=true&stream=true", events: 2,
		during: []string{"DELETE /a"}, want: does(200, "delete", "node.key = ~/a"),
	},
	{
		name: "of everything", request: "GET /v2/keys/?wait=true&recursive=true&stream=true", events: 1, during: []string{"PUT /a value=1"},
		want: []answer{{status: 200, facts: []string{"has node.key"}}},
	},
}}
