package contract

// gapReasons says why some parts of the description were seen on none of the versions.
var gapReasons = []reason{
	{"only etcd 0.x does so, which cannot be fetched as a module any more", []string{
		"status *Root 307", "status getLeaderURL [25]00", "status getHealth 404",
		"header NoLeader *", "media type NoLeader *", "media type LeaderURL *",
		"media type NotLeading text/plain", "media type Failed text/plain",
	}},
}

// survivorReasons says why some mutants are not killed.
var survivorReasons = []reason{
	{"only etcd 0.x does so", []string{
		"/paths/*1keys~1/*/responses/307: *", "/paths/~1v2~1leader/*", "/paths/~1health/get/responses/404: *",
		"/components/responses/LeaderURL/*", "/components/responses/NoLeader/*",
		"/components/responses/NotLeading/content/text*", "/components/responses/Failed/content/text*",
		"/components/headers/X-Raft-*: required", "/components/schemas/SelfStats: id required",
	}},
	{"only etcd 2.1 and 2.2 do so", []string{"/components/schemas/UserOrName*"}},
	{"true, but not promised: every redirect has one", []string{"/components/headers/Location: required"}},
}
