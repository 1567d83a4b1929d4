package contract

// Switching on and off, and what root alone may do.
var authentication = subject{name: "auth", on: withAuth, story: true, cases: []testCase{
	{
		name: "it is off", request: "GET /v2/auth/enable", until: true,
		want: always(200, "enabled = false", "has @X-Etcd-Cluster-Id"),
	},
	{name: "off cannot be switched off", request: "DELETE /v2/auth/enable", want: says(409, "auth: already disabled")},
	{
		name: "not on without root", request: "PUT /v2/auth/enable",
		want: says(409, "auth: No root user available, please create one"),
	},
	{
		name: "no users", request: "GET /v2/auth/users",
		want: either(on("<2.3", always(200, "users.# = 0")), on("", always(200, "users = null"))),
	},
	{
		name: "root", request: `PUT /v2/auth/users/root {"user":"root","password":"pw","roles":["root"]}`,
		want: always(200, "user = root", "roles.0 = root"),
	},
	{name: "on", given: []string{"PUT /v2/auth/enable"}, request: "GET /v2/auth/enable", want: always(200, "enabled = true")},
	{name: "on cannot be switched on", request: "root:pw@PUT /v2/auth/enable", want: says(409, "auth: already enabled")},
	{
		name: "with it comes a guest", request: "root:pw@GET /v2/auth/roles/guest",
		want: always(200, "role = guest", "permissions.kv.read.0 = /*", "permissions.kv.write.0 = /*"),
	},
	{name: "guest may do all", request: "PUT /a value=1", want: does(201, "set")},
	{name: "guest goes", request: "root:pw@DELETE /v2/auth/roles/guest", want: always(200, "body = ")},

	{name: "a write without credentials", request: "PUT /a value=1", want: unauthorized},
	{name: "a write with a wrong password", request: "root:wrong@PUT /a value=1", want: unauthorized},
	{name: "a write of a stranger", request: "nobody:pw@PUT /a value=1", want: unauthorized},
	{name: "a write of root", request: "root:pw@PUT /a value=1", want: does(200, "set")},
	{name: "a read", request: "GET /a", want: unauthorized},
	{name: "a read of nothing", request: "GET /nope", want: unauthorized},
	{name: "a question", request: "HEAD /a", want: always(401, "body = ", "no @WWW-Authenticate")},
	{name: "an in-order key", request: "POST /q value=1", want: unauthorized},
	{name: "a deletion", request: "DELETE /a", want: unauthorized},
	{name: "a read of the root", request: "GET /v2/keys/", want: unauthorized},
	{name: "a question about the root", request: "HEAD /v2/keys/", want: always(401, "body = ")},
	{name: "a write to the root", request: "PUT /v2/keys/ value=1", want: unauthorized},
	{name: "an in-order key in the root", request: "POST /v2/keys/ value=1", want: unauthorized},
	{name: "a deletion of the root", request: "DELETE /v2/keys/?recursive=true", want: unauthorized},

	{name: "open: members", request: "GET /v2/members", want: always(200)},
	{name: "open: the leader", request: "GET /v2/members/leader", want: always(200)},
	{name: "open: machines", request: "GET /v2/machines", want: always(200)},
	{name: "open: statistics", request: "GET /v2/stats/self", want: always(200)},
	{name: "open: versions", request: "GET /version", want: always(200)},
	{name: "open: whether it is on", request: "root:wrong@GET /v2/auth/enable", want: always(200, "enabled = true")},

	{name: "root only: an addition", request: `POST /v2/members {"peerURLs":["http://127.0.0.1:1"]}`, want: rootOnly},
	{
		name: "root only: a member's change", request: `PUT /v2/members/deadbeef {"peerURLs":["http://127.0.0.1:1"]}`,
		want: rootOnly,
	},
	{name: "root only: a removal", request: "DELETE /v2/members/deadbeef", want: rootOnly},
	{name: "root only: on", request: "PUT /v2/auth/enable", want: rootOnly},
	{name: "root only: off", request: "root:wrong@DELETE /v2/auth/enable", want: rootOnly},
	{name: "root only: users", request: "GET /v2/auth/users", want: rootOnly},
	{name: "root only: a user", request: "GET /v2/auth/users/root", want: rootOnly},
	{name: "root only: a user's change", request: `PUT /v2/auth/users/bob {"user":"bob","password":"pw"}`, want: rootOnly},
	{name: "root only: a user's end", request: "DELETE /v2/auth/users/bob", want: rootOnly},
	{name: "root only: roles", request: "GET /v2/auth/roles", want: rootOnly},
	{name: "root only: a role", request: "GET /v2/auth/roles/root", want: rootOnly},
	{name: "root only: a role's change", request: `PUT /v2/auth/roles/app {"role":"app"}`, want: rootOnly},
	{name: "root only: a role's end", request: "DELETE /v2/auth/roles/app", want: rootOnly},

	{
		name: "root stays", request: "root:pw@DELETE /v2/auth/users/root",
		want: says(403, "auth: Cannot delete root user while auth is enabled."),
	},
	{name: "off", request: "root:pw@DELETE /v2/auth/enable", want: always(200, "body = ", "has @X-Etcd-Cluster-Id")},
	{name: "root goes", request: "DELETE /v2/auth/users/root", want: always(200, "body = ")},
}}

var (
	unauthorized = refuses(401, 110, "message = The request requires user authentication", "cause = Insufficient credentials",
		"index = 0", "no @WWW-Authenticate", "has @X-Etcd-Cluster-Id")
	rootOnly = []answer{{status: 401, facts: []string{"message = Insufficient credentials", "no errorCode", "no @WWW-Authenticate"}}}
)

var users = subject{name: "users", on: withAuth, story: true, cases: []testCase{
	{
		name:    "a role to have",
		request: `PUT /v2/auth/roles/app {"role":"app","permissions":{"kv":{"read":["/app/*"],"write":[]}}}`, until: true,
		want: always(201),
	},
	{
		name: "one without roles", request: `PUT /v2/auth/users/bob {"user":"bob","password":"pw"}`,
		want: always(201, "user = bob", "roles = null"),
	},
	{
		name: "a new password", request: `PUT /v2/auth/users/bob {"user":"bob","password":"pw2"}`,
		want: always(200, "user = bob"),
	},
	{
		name: "one with a role", request: `PUT /v2/auth/users/eve {"user":"eve","password":"pw","roles":["app"]}`,
		want: always(200, "roles.0 = app"),
	},
	{
		name: "one who exists", request: `PUT /v2/auth/users/eve {"user":"eve","password":"pw","roles":["app"]}`,
		want: says(409, "auth: User eve already exists."),
	},
	{
		name: "all", request: "GET /v2/auth/users",
		want: either(
			on("<2.3", always(200, "users.0 = bob", "users.1 = eve")),
			on("", always(200, "users.0.user = bob", "no users.0.roles", "users.1.roles.0.role = app", "users.1.roles.0.permissions.kv.read.0 = /app/*")),
		),
	},
	{name: "one", request: "GET /v2/auth/users/eve", want: either(
		on("<2.3", always(200, "user = eve", "roles.0 = app")),
		on("", always(200, "user = eve", "roles.0.role = app")),
	)},
	{name: "one who has no roles", request: "GET /v2/auth/users/bob", want: on(">=2.3", always(200, "user = bob", "no roles"))},
	{name: "a grant", request: `PUT /v2/auth/users/bob {"user":"bob","grant":["app"]}`, want: always(200, "roles.0 = app")},
	{
		name: "a grant of what is there", request: `PUT /v2/auth/users/bob {"user":"bob","grant":["app"]}`,
		want: says(409, "auth: Granting duplicate role app for user bob"),
	},
	{name: "a revocation", request: `PUT /v2/auth/users/bob {"user":"bob","revoke":["app"]}`, want: always(200, "roles.# = 0")},
	{
		name: "a revocation of what is not there", request: `PUT /v2/auth/users/bob {"user":"bob","revoke":["app"]}`,
		want: says(409, "auth: Revoking ungranted role app for user bob"),
	},
	{
		name:    "a password and nothing else, for sure",
		request: `PUT /v2/auth/users/bob {"user":"bob","password":"pw3","grant":["never"],"revoke":["never"]}`,
		want:    always(200, "roles.# = 0"),
	},
	{
		name: "nothing to change", request: `PUT /v2/auth/users/bob {"user":"bob"}`,
		want: says(400, "auth: User not updated. Use grant/revoke/password to update the user."),
	},
	{
		name:    "both to create and to change",
		request: `PUT /v2/auth/users/bob {"user":"bob","roles":["app"],"grant":["app"]}`,
		want:    says(400, "User JSON contains both roles and grant/revoke"),
	},
	{
		name: "another name", request: `PUT /v2/auth/users/bob {"user":"eve","password":"pw"}`,
		want: says(400, "User JSON name does not match the name in the URL"),
	},
	{
		name: "no password", request: `PUT /v2/auth/users/new {"user":"new"}`,
		want: says(400, "auth: Cannot create user new with an empty password"),
	},
	{
		name: "no JSON", request: `PUT /v2/auth/users/bob (application/json) nonsense`, breaks: true,
		want: says(400, "Invalid JSON in request body."),
	},
	{
		name: "a slash in the name", request: `PUT /v2/auth/users/a%2Fb {"user":"a/b","password":"pw"}`,
		want: says(400, "Invalid path"),
	},
	{
		name: "a change of nobody", request: `PUT /v2/auth/users/none {"user":"none","grant":["app"]}`,
		want: says(404, "auth: User none does not exist."),
	},
	{name: "nobody", request: "GET /v2/auth/users/none", want: says(404, "auth: User none does not exist.")},
	{name: "nobody to delete", request: "DELETE /v2/auth/users/none", want: says(404, "auth: User none does not exist")},
	{
		name: "a role that is missing", given: []string{`PUT /v2/auth/users/bob {"user":"bob","grant":["never"]}`},
		request: "GET /v2/auth/users/bob",
		want:    on(">=2.3", says(404, "auth: Role never does not exist.")),
	},
	{name: "the end", request: "DELETE /v2/auth/users/bob", want: always(200, "body = ")},
}}

var roles = subject{name: "roles", on: withAuth, story: true, cases: []testCase{
	{
		name: "one", request: `PUT /v2/auth/roles/app {"role":"app","permissions":{"kv":{"read":["/app/*"],"write":[]}}}`,
		until: true,
		want:  always(201, "role = app", "permissions.kv.read.0 = /app/*"),
	},
	{
		name: "one that may nothing", request: `PUT /v2/auth/roles/empty {"role":"empty"}`,
		want: always(201, "permissions.kv.read = null", "permissions.kv.write = null"),
	},
	{
		name:    "one that may write only",
		request: `PUT /v2/auth/roles/writers {"role":"writers","permissions":{"kv":{"write":["/w"]}}}`,
		want:    always(201, "permissions.kv.write.0 = /w"),
	},
	{
		name: "one with changes that change nothing", request: `PUT /v2/auth/roles/unchanged {"role":"unchanged","grant":{"kv":{}},"revoke":{"kv":{}}}`,
		want: always(201, "permissions.kv.read = null", "grant.kv.read = null", "revoke.kv.write = null"),
	},
	{
		name: "which it keeps", request: "GET /v2/auth/roles/unchanged",
		want: always(200, "grant.kv.read = null", "revoke.kv.write = null"),
	},
	{
		name: "until it changes", request: `PUT /v2/auth/roles/unchanged {"role":"unchanged","grant":{"kv":{"read":["/b"]}}}`,
		want: always(200, "permissions.kv.read.0 = /b", "no grant", "no revoke"),
	},
	{name: "and goes", request: "DELETE /v2/auth/roles/unchanged", want: always(200, "body = ")},
	{
		name: "one that exists", request: `PUT /v2/auth/roles/app {"role":"app"}`,
		want: says(409, "auth: Role app already exists."),
	},
	{
		name: "as it is", request: "GET /v2/auth/roles/app",
		want: always(200, "role = app", "permissions.kv.read.# = 1", "permissions.kv.write.# = 0"),
	},
	{name: "as it may nothing", request: "GET /v2/auth/roles/empty", want: always(200, "permissions.kv.read = null")},
	{name: "all", request: "GET /v2/auth/roles", want: either(
		on("<2.3", always(200, "roles.0 = app", "roles.2 = root", "roles.3 = writers")),
		on("", always(200, "roles.0.role = app", "roles.0.permissions.kv.read.0 = /app/*", "roles.2.role = root", "roles.3.role = writers")),
	)},
	{
		name: "a grant", request: `PUT /v2/auth/roles/app {"role":"app","grant":{"kv":{"read":["/b"],"write":["/b"]}}}`,
		want: always(200, "permissions.kv.read.1 = /b", "permissions.kv.write.0 = /b"),
	},
	{
		name: "a grant of what is there", request: `PUT /v2/auth/roles/app {"role":"app","grant":{"kv":{"read":["/b"]}}}`,
		want: says(409, "auth: Granting duplicate read permission /b"),
	},
	{
		name:    "a revocation",
		request: `PUT /v2/auth/roles/app {"role":"app","revoke":{"kv":{"read":["/b"],"write":["/b"]}}}`,
		want:    always(200, "permissions.kv.read.# = 1"),
	},
	{
		name:    "a revocation of what is not there",
		request: `PUT /v2/auth/roles/app {"role":"app","revoke":{"kv":{"read":["/never"],"write":[]}}}`,
		want:    says(400, "auth: Role not updated. Use grant/revoke to update the role."),
	},
	{
		name:    "both to create and to change",
		request: `PUT /v2/auth/roles/app {"role":"app","permissions":{"kv":{"read":["/c"]}},"grant":{"kv":{"read":["/c"]}}}`,
		want:    says(400, "Role JSON contains both permissions and grant/revoke"),
	},
	{
		name: "another name", request: `PUT /v2/auth/roles/app {"role":"other"}`,
		want: says(400, "Role JSON name does not match the name in the URL"),
	},
	{
		name: "no JSON", request: `PUT /v2/auth/roles/app (application/json) nonsense`, breaks: true,
		want: says(400, "Invalid JSON in request body."),
	},
	{
		name: "root is as it is", request: `PUT /v2/auth/roles/root {"role":"root","grant":{"kv":{"read":["/c"]}}}`,
		want: says(403, "auth: Cannot modify role root: is root role."),
	},
	{
		name: "root stays", request: "DELETE /v2/auth/roles/root",
		want: says(403, "auth: Cannot modify role root: is root role."),
	},
	{
		name: "a change of none", request: `PUT /v2/auth/roles/none {"role":"none","grant":{"kv":{"read":["/c"]}}}`,
		want: says(404, "auth: Role none does not exist."),
	},
	{name: "none", request: "GET /v2/auth/roles/none", want: says(404, "auth: Role none does not exist.")},
	{name: "none to delete", request: "DELETE /v2/auth/roles/none", want: says(404, "auth: Role none doesn't exist.")},
	{name: "the end", request: "DELETE /v2/auth/roles/empty", want: always(200, "body = ")},
}}

// Users with rights to a prefix; who is refused; and a password that changes.
var rights = subject{name: "rights", on: withAuth, story: true, cases: []testCase{
	{
		name:    "a role for a prefix",
		request: `PUT /v2/auth/roles/app {"role":"app","permissions":{"kv":{"read":["/app/*"],"write":["/app/log/*"]}}}`,
		until:   true,
		want:    always(201),
	},
	{
		name: "a user with it", request: `PUT /v2/auth/users/bob {"user":"bob","password":"pw","roles":["app"]}`,
		want: always(200),
	},
	{
		name: "root", request: `PUT /v2/auth/users/root {"user":"root","password":"pw"}`,
		want: always(201, "user = root", "roles.0 = root"),
	},
	{
		name: "locked up", given: []string{"PUT /v2/keys/app/k value=1", "PUT /v2/auth/enable"},
		request: "root:pw@DELETE /v2/auth/roles/guest",
		want:    always(200),
	},
	{name: "a read below the prefix", request: "bob:pw@GET /v2/keys/app/k", want: does(200, "get", "node.value = 1")},
	{name: "a read of the prefix", request: "bob:pw@GET /v2/keys/app", want: unauthorized},
	{name: "a read of all below, with a slash", request: "bob:pw@GET /v2/keys/app/?recursive=true", want: does(200, "get")},
	{name: "a read beside the prefix", request: "bob:pw@GET /v2/keys/application", want: unauthorized},
	{name: "a write where only reading is allowed", request: "bob:pw@PUT /v2/keys/app/k value=2", want: unauthorized},
	{name: "a write below the prefix", request: "bob:pw@PUT /v2/keys/app/log/1 value=2", want: does(201, "set")},
	{name: "not for users: the users", request: "bob:pw@GET /v2/auth/users", want: rootOnly},
	{
		name:    "not for users: a password of one's own",
		request: `bob:pw@PUT /v2/auth/users/bob {"user":"bob","password":"new"}`,
		want:    rootOnly,
	},
	{name: "a new password", request: `root:pw@PUT /v2/auth/users/bob {"user":"bob","password":"new"}`, want: always(200)},
	{name: "the old one is refused", request: "bob:pw@GET /v2/keys/app/k", want: unauthorized},
	{name: "the new one is not", request: "bob:new@GET /v2/keys/app/k", want: does(200, "get")},
	{name: "a role taken away", request: `root:pw@PUT /v2/auth/users/bob {"user":"bob","revoke":["app"]}`, want: always(200)},
	{name: "is felt at once", request: "bob:new@GET /v2/keys/app/k", want: unauthorized},
	{name: "off", request: "root:pw@DELETE /v2/auth/enable", want: always(200)},
}}
