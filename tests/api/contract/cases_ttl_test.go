package contract

var expiring = subject{name: "ttl", on: single, cases: []testCase{
	{name: "for a while", request: "PUT /a value=v&ttl=60", want: does(201, "set", "node.ttl = 60", `node.expiration ~ Z$`)},
	{
		name: "an empty ttl is none", given: []string{"PUT /a value=v&ttl=60"}, request: "PUT /a value=v&ttl=",
		breaks: true,
		want:   does(200, "set", "no node.ttl", "has prevNode.ttl"),
	},
	{
		name: "a set drops it", given: []string{"PUT /a value=v&ttl=60"}, request: "PUT /a value=v",
		want: does(200, "set", "no node.expiration"),
	},
	{
		name: "an update drops it", given: []string{"PUT /a value=v&ttl=60"}, request: "PUT /a?prevExist=true value=v",
		want: does(200, "update", "no node.expiration"),
	},
	{name: "0 is at once", request: "PUT /a value=v&ttl=0", want: does(201, "set", "has node.expiration", "no node.ttl")},
	{
		name: "and then it is gone", given: []string{"PUT /a value=v&ttl=0"}, request: "GET /a", until: true,
		want: refuses(404, 100),
	},
	{
		name: "a second, and then it is gone", given: []string{"PUT /a value=v&ttl=1"}, request: "GET /a", until: true,
		want: refuses(404, 100),
	},
	{
		name: "not a number", request: "PUT /a value=v&ttl=abc", breaks: true,
		want: refuses(400, 202, `cause = invalid value for "ttl"`, "index = 0"),
	},
	{name: "a fraction", request: "PUT /a value=v&ttl=1.5", breaks: true, want: refuses(400, 202)},
	{name: "a negative one", request: "PUT /a value=v&ttl=-1", breaks: true, want: refuses(400, 202)},
	{
		name: "too long, and it never expires", request: "PUT /a value=v&ttl=10000000000",
		want: does(201, "set", "no node.expiration"),
	},
	{
		name: "too long for an update, and it is deleted", given: []string{"PUT /a value=v"}, request: "PUT /a?prevExist=true value=v&ttl=10000000000",
		want: does(200, "update", "node.ttl = -8446744073"),
	},
	{
		name: "a refresh keeps the value", given: []string{"PUT /a value=v&ttl=30"}, request: "PUT /a?prevExist=true refresh=true&ttl=60",
		want: either(
			on("<2.3", does(200, "update", "node.value = ")),
			on("", does(200, "update", "node.value = v", "node.ttl = 60", "node.modifiedIndex > given.node.modifiedIndex",
				"node.createdIndex == given.node.createdIndex")),
		),
	},
	{
		name: "a refresh that replaces", given: []string{"PUT /a value=v"}, request: "PUT /a refresh=true&ttl=60",
		want: on(">=2.3", does(200, "set", "node.value = v")),
	},
	{
		name: "a refresh with a value", given: []string{"PUT /a value=v"},
		request: "PUT /a?prevExist=true refresh=true&ttl=60&value=x",
		want:    on(">=2.3", refuses(400, 211, "cause = A value was provided on a refresh")),
	},
	{
		name: "a refresh without a ttl", given: []string{"PUT /a value=v"}, request: "PUT /a?prevExist=true refresh=true",
		want: on(">=2.3", refuses(400, 212, "cause = No TTL value set")),
	},
	{name: "a refresh of nothing", request: "PUT /a?prevExist=true refresh=true&ttl=60", want: on(">=2.3", refuses(404, 100))},
	{
		name: "a refresh of nothing that creates", request: "PUT /a?prevExist=false refresh=true&ttl=60",
		want: on(">=2.3", does(201, "create", "node.value = ")),
	},
	{
		name: "a refresh of a directory", given: []string{"PUT /d dir=true"}, request: "PUT /d refresh=true&ttl=60",
		want: on(">=2.3", refuses(403, 102)),
	},
}}
