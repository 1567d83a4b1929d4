package etcd

import "strconv"

// ErrorCode is the errorCode of an error reply of etcd. Each code is an error itself, so errors.Is(err,
// etcd.ErrKeyNotFound) asks what the server said.
type ErrorCode int

// The codes that etcd v2 servers send on the key space. The HTTP status a code comes with is in the comment,
// since the two are easily confused: code 401 comes with status 400.
const (
	ErrKeyNotFound   ErrorCode = 100 // 404: the key, or a directory above it, does not exist
	ErrCompareFailed ErrorCode = 101 // 412: the previous value or index differs
	ErrNotFile       ErrorCode = 102 // 403: the key is a directory
	ErrNotDir        ErrorCode = 104 // 400: a part of the key above its last segment is a file
	ErrNodeExist     ErrorCode = 105 // 412: the key exists already
	ErrRootReadOnly  ErrorCode = 107 // 400: the root can neither be written nor deleted
	ErrDirNotEmpty   ErrorCode = 108 // 403: the directory has children, hidden ones included
	ErrUnauthorized  ErrorCode = 110 // 401: no, wrong or insufficient credentials (etcd 2.1.2 and later)

	ErrPrevValueRequired  ErrorCode = 201 // 400: prevValue was sent empty
	ErrTTLNotNumber       ErrorCode = 202 // 400
	ErrIndexNotNumber     ErrorCode = 203 // 400
	ErrValueOrTTLRequired ErrorCode = 204 // 400: etcd 0.x only
	ErrInvalidField       ErrorCode = 209 // 400: a boolean parameter is not one
	ErrInvalidForm        ErrorCode = 210 // 400: broken escapes, or a body above 10 MiB
	ErrRefreshValue       ErrorCode = 211 // 400: a refresh with a value
	ErrRefreshTTLRequired ErrorCode = 212 // 400: a refresh without a TTL
	ErrRaftInternal       ErrorCode = 300 // 500: no quorum in time; the write may yet be applied
	ErrLeaderElect        ErrorCode = 301 // 500: the cluster has no leader now; on etcd 0.x nothing was applied
	ErrWatcherCleared     ErrorCode = 400 // 400: defined by etcd, never seen
	ErrEventIndexCleared  ErrorCode = 401 // 400: the events asked for are no longer in the history
)

var codeText = map[ErrorCode]string{
	ErrKeyNotFound:        "key not found",
	ErrCompareFailed:      "compare failed",
	ErrNotFile:            "not a file",
	ErrNotDir:             "not a directory",
	ErrNodeExist:          "key already exists",
	ErrRootReadOnly:       "root is read only",
	ErrDirNotEmpty:        "directory not empty",
	ErrUnauthorized:       "not authorized",
	ErrPrevValueRequired:  "previous value required",
	ErrTTLNotNumber:       "TTL is not a number",
	ErrIndexNotNumber:     "index is not a number",
	ErrValueOrTTLRequired: "value or TTL required",
	ErrInvalidField:       "invalid field",
	ErrInvalidForm:        "invalid form",
	ErrRefreshValue:       "value given on refresh",
	ErrRefreshTTLRequired: "TTL required on refresh",
	ErrRaftInternal:       "raft internal error",
	ErrLeaderElect:        "no leader",
	ErrWatcherCleared:     "watcher cleared",
	ErrEventIndexCleared:  "event index cleared",
}

// Error returns the code in words, or as a number if this package has no words for it.
func (c ErrorCode) Error() string {
	if text, ok := codeText[c]; ok {
		return "etcd: " + text
	}
	return "etcd: error code " + strconv.Itoa(int(c))
}
