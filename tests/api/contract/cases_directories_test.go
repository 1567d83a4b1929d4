package contract

var directories = subject{name: "directories", on: single, cases: []testCase{
	{name: "a new one", request: "PUT /d dir=true", want: does(201, "set", "node.dir = true", "no node.value")},
	{name: "again", given: []string{"PUT /d dir=true"}, request: "PUT /d dir=true", want: refuses(403, 102, "cause = ~/d")},
	{
		name: "only if there is none", given: []string{"PUT /d dir=true"}, request: "PUT /d?prevExist=false dir=true",
		want: refuses(412, 105),
	},
	{
		name: "in the place of a file, whose value is lost", given: []string{"PUT /a value=v1"}, request: "PUT /a value=v2&dir=true",
		want: does(200, "set", "node.dir = true", "no node.value", "prevNode.value = v1"),
	},
	{
		name: "an update of a file stays one", given: []string{"PUT /a value=v1"}, request: "PUT /a?prevExist=true dir=true",
		want: does(200, "update", "node.value = ", "no node.dir"),
	},
	{name: "a value for one", given: []string{"PUT /d dir=true"}, request: "PUT /d value=v", want: refuses(403, 102)},
	{
		name: "an updated value for one", given: []string{"PUT /d dir=true"}, request: "PUT /d?prevExist=true value=v",
		want: refuses(403, 102),
	},
	{
		name: "parents come by themselves", given: []string{"PUT /x/y/z value=1"}, request: "GET /x",
		want: does(200, "get", "node.dir = true"),
	},
	{
		name: "a new ttl", given: []string{"PUT /d dir=true"}, request: "PUT /d?prevExist=true dir=true&ttl=30",
		want: either(
			on("<3.5", does(200, "update", "node.ttl = 30", "node.dir = true", "has node.expiration")),
			on("", refuses(500, 300, `cause ~ : Not a file \(\)$`, "index = 0")),
		),
	},
	{name: "one with a ttl", request: "PUT /d dir=true&ttl=30", want: does(201, "set", "node.ttl = 30")},
}}
