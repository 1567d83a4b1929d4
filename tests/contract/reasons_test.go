package contract

// gapReasons says why some parts of the description were seen on none of the versions.
var gapReasons = []reason{
	{"status *Root 307", "only followers of 0.x redirect requests for the root, and 0.x cannot be fetched any more"},
	{"status getLeader [25]00", "only 0.x has the path"},
	{"status getHealth 404", "only 0.x lacks the path"},
	{"header NoLeader *", "0.x"},
	{"media type NoLeader *", "0.x"},
	{"media type LeaderURL *", "0.x"},
	{"media type NotLeading text/plain", "0.x"},
	{"media type Failed text/plain", "0.x"},
	{"media type Versions text/plain", "etcd before 2.1"},
	{"media type *Refused text/plain", "the answer to a malformed path, which belongs to no operation and which Go's client does not send"},
}

// survivorReasons says why some mutants are not killed.
var survivorReasons = []reason{
	{"/paths/*1keys~1/*/responses/307: *", "only followers of 0.x redirect requests for the root"},
	{"/paths/~1v2~1leader/*", "only 0.x has the path"},
	{"/paths/~1health/get/responses/404: *", "only 0.x lacks the path"},
	{"/components/responses/LeaderURL/*", "0.x"},
	{"/components/responses/NoLeader/*", "0.x"},
	{"/components/responses/NotLeading/content/text*", "0.x"},
	{"/components/responses/Failed/content/text*", "0.x"},
	{"/components/headers/X-Raft-*: required", "absent from answers of 0.x to a HEAD only"},
	{"/components/headers/Location: required", "every redirect has one"},
	{"/components/schemas/SelfStats: id required", "absent on 0.x only"},
	{"/components/responses/Versions/content/text*", "etcd before 2.1"},
	{"/components/schemas/UserOrName*", "names instead of objects come from etcd before 2.3"},
	{"/components/responses/*Refused/content/text*", "the answer to a malformed path, which belongs to no operation"},
}
