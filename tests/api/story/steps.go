package story

import "strings"

// A step is a request, and the example that the answer is like. A step without an example only has to work.
type step struct {
	request string
	body    string // a form, or JSON
	example string
	fits    bool // the answer depends on the machine: it fits the example's schema, and its values differ
	status  int  // of an answer that has no example; any success if 0
	times   int  // how often; once if 0
	as      string
	sample  bool // the reference shows it as a command of curl
}

// contentType is that of the body, if the step does not lie about it.
func (s step) contentType() string {
	switch {
	case s.as != "":
		return s.as
	case strings.HasPrefix(s.body, "{"), strings.HasPrefix(s.body, "["):
		return "application/json"
	}
	return "application/x-www-form-urlencoded"
}

var keys = []step{
	{request: "PUT /v2/keys/nodes/n1", body: "value=10.0.0.1", example: "FirstSet", sample: true},
	{request: "PUT /v2/keys/nodes/n1", body: "value=10.0.0.7", example: "Replaced"},
	{request: "GET /v2/keys/nodes/n1", example: "FileRead", sample: true},
	{request: "HEAD /v2/keys/nodes/n1", status: 200, sample: true},
	{request: "PUT /v2/keys/nodes/n1?prevExist=true", body: "value=10.0.0.8&ttl=60", example: "Updated"},
	{request: "GET /v2/keys/nodes?wait=true&recursive=true&waitIndex=6", example: "WatchedUpdate", sample: true},
	{request: "PUT /v2/keys/nodes/n1?prevExist=true", body: "refresh=true&ttl=120", example: "Refreshed"},
	{request: "PUT /v2/keys/nodes/n1?prevIndex=7", body: "value=10.0.0.9", example: "Swapped", sample: true},
	{request: "PUT /v2/keys/nodes/n1", body: "value=10.0.0.10&prevValue=10.0.0.9"},
	{request: "PUT /v2/keys/nodes/n1", body: "value=x&prevValue=10.0.0.9", example: "ValueDiffers"},
	{request: "PUT /v2/keys/nodes/n1?prevIndex=7", body: "value=x&prevValue=10.0.0.9", example: "ValueAndIndexDiffer"},
	{request: "PUT /v2/keys/nodes/n1?prevExist=false", body: "value=x", example: "KeyExists"},
	{request: "PUT /v2/keys/locks/db?prevExist=false", body: "value=worker-1&ttl=30", example: "CreatedForAWhile", sample: true},
	{request: "GET /v2/keys/nodes/n2", example: "KeyNotFound"},
	{request: "GET /v2/keys/?recursive=true&sorted=true", example: "TreeRead", sample: true},
	{request: "PUT /v2/keys/config", body: "dir=true", example: "DirectoryCreated"},
	{request: "PUT /v2/keys/config?prevExist=true", body: "dir=true&ttl=300", example: "DirectoryProlonged"},
	{request: "PUT /v2/keys/config", body: "value=x", example: "NotAFile"},
	{request: "PUT /v2/keys/config/mode", body: "value=fast"},
	{request: "GET /v2/keys/config", example: "DirectoryRead"},
	{request: "PUT /v2/keys/config/mode/x", body: "value=x", example: "BelowAFile"},
	{request: "DELETE /v2/keys/config?dir=true", example: "DirectoryNotEmpty"},
	{request: "PUT /v2/keys/empty", body: "dir=true"},
	{request: "GET /v2/keys/empty", example: "EmptyDirectoryRead"},
	{request: "DELETE /v2/keys/empty?dir=true"},
	{request: "DELETE /v2/keys/config?recursive=true", example: "DirectoryDeleted", sample: true},
	{request: "POST /v2/keys/queue", body: "value=job-a", example: "JobCreated", sample: true},
	{request: "POST /v2/keys/queue", body: "value=job-b"},
	{request: "POST /v2/keys/queue", body: "dir=true", example: "DirectoryCreatedInOrder"},
	{request: "GET /v2/keys/queue?sorted=true", example: "QueueRead", sample: true},
	{request: "DELETE /v2/keys/nodes/n1?prevIndex=9", example: "ComparedAndDeleted", sample: true},
	{request: "PUT /v2/keys/nodes/n1", body: "value=a"},
	{request: "DELETE /v2/keys/nodes/n1", example: "FileDeleted", sample: true},
	{request: "GET /v2/keys/nodes/n1/x/y", example: "ParentNotFound"},
	{request: "PUT /v2/keys/lease", body: "value=worker-1&ttl=1"},
	{request: "GET /v2/keys/lease?wait=true&waitIndex=24", example: "WatchedExpiry"},

	{request: "PUT /v2/keys/k", body: "value=x&prevValue=", example: "EmptyPrevValue"},
	{request: "PUT /v2/keys/k", body: "ttl=abc", example: "InvalidTTL"},
	{request: "PUT /v2/keys/k?prevIndex=abc", body: "value=x", example: "InvalidIndex"},
	{request: "PUT /v2/keys/k", body: "dir=yes", example: "InvalidField"},
	{request: "PUT /v2/keys/k", body: "value=%zz", example: "InvalidForm"},
	{request: "PUT /v2/keys/k", body: "refresh=true&value=x&ttl=1", example: "RefreshWithValue"},
	{request: "PUT /v2/keys/k", body: "refresh=true", example: "RefreshWithoutTTL"},
	{request: "GET /v2/leader", example: "PageNotFound"},

	{request: "PUT /v2/keys/busy", body: "value=x", times: 1050},
	{request: "GET /v2/keys/nodes?wait=true&waitIndex=8", example: "HistoryCleared"},
	{request: "PUT /v2/keys/busy", body: "value=x"},
	{request: "HEAD /v2/keys/", status: 200, sample: true},
	{request: "PUT /v2/keys/", body: "value=x", example: "RootReadOnly", sample: true},
	{request: "DELETE /v2/keys/", example: "RootReadOnly", sample: true},
	{request: "POST /v2/keys/", body: "value=job-a", example: "JobCreatedInRoot", sample: true},
}

var members = []step{
	{request: "GET /v2/machines", example: "ThreeMachines", fits: true, sample: true},
	{request: "HEAD /v2/machines", status: 200, sample: true},
	{request: "GET /v2/members", example: "OneMember", fits: true, sample: true},
	{request: "GET /v2/members/leader", example: "Leader", fits: true, sample: true},
	{request: "GET /v2/stats/self", example: "SelfStatsLeader", fits: true, sample: true},
	{request: "GET /v2/stats/leader", example: "LeaderStats", fits: true, sample: true},
	{request: "GET /v2/stats/store", example: "StoreStats", fits: true, sample: true},
	{request: "GET /version", example: "VersionAgreed", sample: true},
	{request: "POST /v2/members", body: `{"peerURLs":[]}`, example: "NoURLs"},
	{request: "POST /v2/members", body: `{"peerURLs":["http://a"]}`, example: "NoPort"},
	{request: "POST /v2/members", body: `{"peerURLs":[`, example: "CutJSON"},
	{request: "POST /v2/members", body: "x", as: "text/plain", example: "NotJSON"},
	{request: "POST /v2/members", body: "{}", as: "application/json; charset=utf-8", example: "NotQuiteJSON"},
	{request: "DELETE /v2/members/deadbeef", example: "NoSuchMember"},
}

// What a cluster of one does not survive.
var membership = []step{
	{request: "POST /v2/members", body: `{"peerURLs":["http://10.0.0.4:2380"]}`, example: "MemberAdded", fits: true, sample: true},
	{
		request: "PUT /v2/members/" + addedID, body: `{"peerURLs":["http://10.0.0.4:2380"]}`,
		status: 204, sample: true,
	},
	{request: "DELETE /v2/members/" + addedID, status: 204, sample: true},
}

// addedID is the id of the example MemberAdded. A real server gives another one.
const addedID = "ea79e7cb41ed9a34"

var auth = []step{
	{request: "GET /v2/auth/enable", example: "AuthOff", sample: true},
	{request: "PUT /v2/auth/enable", example: "NoRootUser"},
	{request: "DELETE /v2/auth/enable", example: "AuthAlreadyOff"},
	{request: "GET /v2/auth/users", example: "NoUsers"},
	{request: "GET /v2/auth/users/app", example: "NoSuchUser"},
	{request: "DELETE /v2/auth/users/app", example: "NoSuchUserToDelete"},
	{request: "GET /v2/auth/roles/readers", example: "NoSuchRole"},
	{request: "DELETE /v2/auth/roles/readers", example: "NoSuchRoleToDelete"},
	{request: "PUT /v2/auth/users/app", body: `{"user":"app"}`, example: "NoPassword"},
	{request: "PUT /v2/auth/users/app", body: `{"user":"new"}`, example: "OtherUserName"},
	{request: "PUT /v2/auth/users/app", body: `{`, example: "AuthNotJSON"},
	{request: "PUT /v2/auth/users/app", body: `{"user":"app","password":"s","roles":["a"],"grant":["b"]}`, example: "UserRolesAndGrant"},

	{request: "PUT /v2/auth/roles/readers", body: `{"role":"readers","permissions":{"kv":{"read":["/app/*"],"write":[]}}}`, example: "Role", sample: true},
	{request: "PUT /v2/auth/roles/readers", body: `{"role":"readers"}`, example: "RoleExists"},
	{request: "GET /v2/auth/roles/readers", example: "Role", sample: true},
	{request: "GET /v2/auth/roles", example: "Roles", sample: true},
	{request: "PUT /v2/auth/roles/empty", body: `{"role":"empty"}`, example: "RoleEmpty"},
	{
		request: "PUT /v2/auth/users/app", body: `{"user":"app","password":"s","roles":["readers"]}`,
		example: "UserCreatedWithRoles", sample: true,
	},
	{request: "PUT /v2/auth/users/app", body: `{"user":"app","password":"s","roles":["readers"]}`, example: "UserExists"},
	{request: "PUT /v2/auth/users/app", body: `{"user":"app"}`, example: "UserNotUpdated"},
	{request: "GET /v2/auth/users/app", example: "User", sample: true},
	{request: "PUT /v2/auth/users/new", body: `{"user":"new","password":"s"}`, example: "UserCreated"},
	{request: "GET /v2/auth/users/new", example: "UserWithoutRoles"},
	{request: "GET /v2/auth/users", example: "Users", sample: true},
	{request: "PUT /v2/auth/users/app", body: `{"user":"app","grant":["readers"]}`, example: "RoleGranted"},
	{request: "PUT /v2/auth/users/app", body: `{"user":"app","revoke":["writers"]}`, example: "RoleNotGranted"},
	{request: "PUT /v2/auth/users/app", body: `{"user":"app","grant":["writers"]}`, example: "UserGranted", sample: true},
	{request: "PUT /v2/auth/users/app", body: `{"user":"app","revoke":["readers","writers"]}`, example: "UserRolesGone"},

	{request: "PUT /v2/auth/roles/readers", body: `{"role":"writers"}`, example: "OtherRoleName"},
	{request: "PUT /v2/auth/roles/readers", body: `{"role":"readers","revoke":{"kv":{"read":["/shared"]}}}`, example: "RoleNotUpdated"},
	{request: "PUT /v2/auth/roles/readers", body: `{"role":"readers","grant":{"kv":{"read":["/app/*"]}}}`, example: "PatternGranted"},
	{
		request: "PUT /v2/auth/roles/readers", body: `{"role":"readers","grant":{"kv":{"read":["/shared"],"write":["/app/log/*"]}}}`,
		example: "RoleChanged", sample: true,
	},
	{request: "DELETE /v2/auth/users/app", status: 200, sample: true},
	{request: "DELETE /v2/auth/roles/readers", status: 200, sample: true},
	{request: "DELETE /v2/auth/roles/root", example: "RootRoleStays"},
	{request: "PUT /v2/auth/users/root", body: `{"user":"root","password":"secret"}`, example: "RootUserCreated"},
	{request: "PUT /v2/auth/enable", status: 200, sample: true},
	{request: "GET /v2/auth/enable", example: "AuthOn"},
	{request: "GET /v2/auth/users", example: "NotRoot"},
	{request: "DELETE /v2/auth/enable", status: 200, sample: true},
	{request: "GET /health", example: "HealthyEarly"},
}

// What etcd 2.3.8 does not know, or answers otherwise.
var since3 = []step{
	{request: "PUT /v2/keys/config", body: "dir=true"},
	{request: "PUT /v2/keys/config?prevExist=true", body: "dir=true&ttl=300", example: "DirectoryTTLRefused"},
	{request: "PUT /v2/keys/k", body: "value=x&noValueOnSuccess=true", example: "QuietSet"},
	{request: "POST /v2/keys/q", body: "value=x&noValueOnSuccess=true", example: "QuietCreate"},
	{request: "POST /v2/members", body: `{"peerURLs":["ftp://a:1"]}`, example: "WrongScheme"},
	{request: "GET /health", example: "HealthySince35", sample: true},
}

// What only etcd 0.x answers, which no test can run.
var until2 = []step{
	{request: "GET /v2/leader", example: "LeaderPeerURL", sample: true},
}
