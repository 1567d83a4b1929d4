// Package dump is the file format of an etcd v2 tree: a header, a line of JSON for each node, sorted by key, and a footer.
//
//	{"format":"etcd-v2-tree","version":1,"cluster":"cdf818194e3a8c32","server":"2.3.8","index":7,"root":"/","hidden":["/_locks"],"started":"2026-11-30T10:00:00Z"}
//	{"key":"/_locks","dir":true,"created":3,"modified":3}
//	{"key":"/app","dir":true,"created":4,"modified":4}
//	{"key":"/app/name","value":"shop","created":4,"modified":6}
//	{"key":"/app/session","value":"","ttl":30,"expires":"2026-11-30T10:00:30.5Z","created":7,"modified":7}
//	{"end":true,"nodes":4,"sha256":"9f86…","index":7,"pointInTime":true}
//
// # Version 1
//
// The file is text in UTF-8. Each line is a JSON object and ends in a newline. Fields that do not apply are left out.
//
// The first line is the header:
//
//   - format is always "etcd-v2-tree", and version is 1.
//   - cluster is the cluster's ID in hexadecimal, and server the version of the member that was asked for it.
//   - index is the etcd index of the first read.
//   - root is the directory or key that was exported, and hidden lists the hidden keys that were asked for. Etcd does
//     not list hidden keys, so any other hidden key is missing from the file.
//   - started is when the export began, by the clock of the machine that made it.
//
// Each further line is a node:
//
//   - key is the key with its leading slash. A key that is not valid UTF-8 is in key64 instead, in base64.
//   - value is the value of a file, and value64 replaces it in the same way. A directory has "dir":true and no value.
//   - ttl is how many seconds the node had left when it was read, and expires is when it expires, by the clock of the
//     server. A node without expires does not expire. A ttl of zero or less beside it means that the node had expired
//     and was not deleted yet.
//   - created and modified are the node's createdIndex and modifiedIndex.
//
// The lines are sorted by the bytes of the keys, and no key occurs twice. So "/a.b" comes between "/a" and "/a/x". The
// root directory "/" has no line, because it always exists.
//
// The last line is the footer:
//
//   - end is true, and nodes is the number of nodes.
//   - sha256 is the SHA-256 of all bytes before this line, in hexadecimal.
//   - index is the highest etcd index that a read has seen.
//   - pointInTime is true if every read saw the same index: nothing changed while the tree was read. Otherwise the file
//     may have some changes of that time and lack others.
//
// A file without a footer, or whose footer does not match, is not complete, and [Reader] says so.
package dump
